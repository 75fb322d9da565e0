package import Encoders
package import Numerics

/// How fast a host goes through the phases of training and evaluation, with so many threads and one shape of model.
package struct HostSpeed: Codable, Equatable, Sendable {
    /// Seconds for each of what a phase has to do.
    package struct Rate: Codable, Equatable, Sendable {
        var perRound = 0.0
        var perGigaflop = 0.0
        var perGigabyte = 0.0

        package init(perRound: Double = 0, perGigaflop: Double = 0, perGigabyte: Double = 0) {
            self.perRound = perRound
            self.perGigaflop = perGigaflop
            self.perGigabyte = perGigabyte
        }

        package func seconds(_ amount: Work.Amount) -> Double {
            amount.rounds * perRound + amount.gigaflop * perGigaflop + amount.gigabytes * perGigabyte
        }
    }

    /// Of phases of a step: its forward pass with dropout, its backward pass, and the optimizer.
    let trained: [Phase: Rate]
    /// Of phases of a pass without one.
    let read: [Phase: Rate]
    /// For what belongs to no phase: a pass that is trained, and one that is not.
    let perTrainedPass: Double
    let perReadPass: Double
    /// For a byte of memory with which a stage begins.
    let perByte: Double

    package init(
        trained: [Phase: Rate], read: [Phase: Rate], perTrainedPass: Double = 0, perReadPass: Double = 0,
        perByte: Double = 0
    ) {
        self.trained = trained
        self.read = read
        self.perTrainedPass = perTrainedPass
        self.perReadPass = perReadPass
        self.perByte = perByte
    }

    /// A host that does so many operations in a second, whatever they are, and for which nothing else takes time.
    package init(gigaflops: Double) {
        let rates = Phase.allCases.map { ($0, Rate(perGigaflop: 1 / gigaflops)) }
        self.init(trained: Dictionary(uniqueKeysWithValues: rates), read: [:])
    }

    package func seconds(_ work: Work, isTrained: Bool) -> Double {
        let rates = isTrained ? trained : read
        return work.amounts.reduce(0) { $0 + (rates[$1.key] ?? trained[$1.key] ?? Rate()).seconds($1.value) }
    }
}

/// What some work took.
struct TimedWork {
    let work: Work
    let seconds: [Phase: Double]

    var secondsOfOther: Double { seconds[.other] ?? 0 }
}

extension HostSpeed.Rate {
    /// The rate, none of whose parts is below 0, that comes nearest to what was measured: its relative errors have the
    /// least sum of squares.
    ///
    /// - Parameter measured: amounts and the seconds they took.
    package init(_ measured: [(amount: Work.Amount, seconds: Double)]) {
        let rows = measured.filter { $0.seconds > 0 }.map { measured in
            [measured.amount.rounds, measured.amount.gigaflop, measured.amount.gigabytes].map { $0 / measured.seconds }
        }
        let scales = (0..<3).map { column in rows.map { $0[column] }.max() ?? 0 }
        // Each part in turn is set to the best there is, given the others.
        var parts = [0.0, 0, 0]
        for _ in 0..<2000 {
            for column in 0..<3 where scales[column] > 0 {
                var (numerator, denominator) = (0.0, 0.0)
                for row in rows {
                    let others = (0..<3).reduce(0) { $1 == column ? $0 : $0 + row[$1] * parts[$1] }
                    numerator += row[column] * (1 - others)
                    denominator += row[column] * row[column]
                }
                parts[column] = max(0, numerator / denominator)
            }
        }
        self.init(perRound: parts[0], perGigaflop: parts[1], perGigabyte: parts[2])
    }
}

extension HostSpeed {
    static func rates(_ measured: [TimedWork]) -> [Phase: Rate] {
        Dictionary(
            uniqueKeysWithValues: Phase.allCases.filter { $0 != .other }.map { phase in
                (phase, Rate(measured.map { ($0.work[phase], $0.seconds[phase] ?? 0) }))
            })
    }
}
