/// What summing gradients over ranks costs, by the usual model of messages (Thakur, Rabenseifner and Gropp 2005, section
/// 3): each costs `latency`, and its bytes pass at `bytesPerSecond`. A reduce-scatter and an allgather of each bucket take
/// a rank 2 (P-1) messages of the P-th part of it.
package struct ReductionCost: Codable, Hashable, Sendable {
    /// Bytes a second that a rank sends while it receives as many.
    package var bytesPerSecond: Double
    /// Seconds of a message beside those of its bytes.
    package var latency: Double
    /// What part of a sum's seconds passes while the rank computes: 1 where the network does it all, 0 where the rank's own
    /// core copies and adds, or where nothing moves between two calls of `progressSums`.
    package var overlap: Double

    package init(bytesPerSecond: Double, latency: Double, overlap: Double = 1) {
        self.bytesPerSecond = bytesPerSecond
        self.latency = latency
        self.overlap = overlap
    }

    /// What is taken where nothing was measured: a network of 10 Gbit/s, whose packets the rank's own core handles.
    package static let assumed = ReductionCost(bytesPerSecond: 1.1e9, latency: 5e-5, overlap: 0.5)

    /// A sum in single precision that was measured, with nothing else going on.
    package struct Measured: Codable, Hashable, Sendable {
        /// That each rank gave.
        package let numbers: Int
        package let ranks: Int
        package let seconds: Double

        package init(numbers: Int, ranks: Int, seconds: Double) {
            self.numbers = numbers
            self.ranks = ranks
            self.seconds = seconds
        }
    }

    /// The cost whose relative errors at what was measured have the smallest sum of squares, neither number below 0; nil
    /// where that says nothing of both.
    package init?(fitting sums: [Measured]) {
        let rows = sums.filter { $0.ranks > 1 && $0.seconds > 0 }.map { sum in
            (
                messages: Self.messages(sum.numbers, sum.ranks) / sum.seconds,
                bytes: Self.sentBytes(sum.numbers, sum.ranks, .fp32) / sum.seconds
            )
        }
        let (mm, mb, bb) = rows.reduce((0.0, 0.0, 0.0)) {
            ($0.0 + $1.messages * $1.messages, $0.1 + $1.messages * $1.bytes, $0.2 + $1.bytes * $1.bytes)
        }
        let (m, b) = rows.reduce((0.0, 0.0)) { ($0.0 + $1.messages, $0.1 + $1.bytes) }
        let determinant = mm * bb - mb * mb
        guard determinant > 1e-9 * mm * bb else { return nil }
        var latency = (m * bb - b * mb) / determinant
        var secondsPerByte = (b * mm - m * mb) / determinant
        if latency < 0 { (latency, secondsPerByte) = (0, b / bb) }
        guard secondsPerByte > 0 else { return nil }
        self.init(bytesPerSecond: 1 / secondsPerByte, latency: latency)
    }

    /// Of one sum, with nothing else going on.
    /// - Parameter numbers: that each rank gives.
    package func seconds(_ numbers: Int, ranks: Int, as format: WireFormat) -> Double {
        Self.messages(numbers, ranks) * latency + Self.sentBytes(numbers, ranks, format) / bytesPerSecond
    }

    /// What a rank gives in a step of training, whose sums go on during the backward pass.
    package struct Step: Codable, Hashable, Sendable {
        /// That are summed.
        package var numbers: Int
        /// Those of them whose gradients are not there before the end of the backward pass.
        package var lateNumbers: Int
        /// Bytes that every rank hands to all others as they are.
        package var gatheredBytes: Int
        package var format: WireFormat
        /// From the first sum that is begun to the end of the backward pass.
        package var hiddenSeconds: Double

        package init(
            numbers: Int, lateNumbers: Int, gatheredBytes: Int = 0, as format: WireFormat = .fp32, hiddenSeconds: Double
        ) {
            self.numbers = numbers
            self.lateNumbers = lateNumbers
            self.gatheredBytes = gatheredBytes
            self.format = format
            self.hiddenSeconds = hiddenSeconds
        }

        /// Numbers that no sum was begun of when the backward pass ends: late ones, and those that filled no bucket.
        fileprivate var remaining: Int { lateNumbers + (numbers - lateNumbers) % Buckets.count }
    }

    /// By which a step of several ranks is longer than what one of them computes.
    package func exposedSeconds(of step: Step, ranks: Int) -> Double {
        guard ranks > 1 else { return 0 }
        let all = seconds(step.numbers, ranks: ranks, as: step.format)
        let last = seconds(step.remaining, ranks: ranks, as: step.format)
        let gathered = step.gatheredBytes == 0 ? 0 : gatherSeconds(step.gatheredBytes, ranks: ranks)
        return gathered + (1 - overlap) * all + max(overlap * last, overlap * all - step.hiddenSeconds)
    }

    /// The overlap by which the step is longer by so much, if it computes for longer than its sums take.
    package func overlap(of step: Step, ranks: Int, exposedSeconds: Double) -> Double {
        let all = seconds(step.numbers, ranks: ranks, as: step.format)
        let last = seconds(step.remaining, ranks: ranks, as: step.format)
        guard all > last else { return 1 }
        return min(1, max(0, (all - exposedSeconds) / (all - last)))
    }

    private func gatherSeconds(_ bytes: Int, ranks: Int) -> Double {
        Double(ranks - 1) * (latency + Double(bytes) / bytesPerSecond)
    }

    /// A rank sends so many, one after another.
    private static func messages(_ numbers: Int, _ ranks: Int) -> Double {
        Double(2 * (ranks - 1) * ((numbers + Buckets.count - 1) / Buckets.count))
    }

    private static func sentBytes(_ numbers: Int, _ ranks: Int, _ format: WireFormat) -> Double {
        2 * Double(ranks - 1) / Double(ranks) * Double(numbers * format.width)
    }
}

extension ReductionCost: CustomStringConvertible {
    /// "1100 MB/s, 50 us a message, 50 % of it while ranks compute".
    package var description: String {
        """
        \(Int((bytesPerSecond / 1e6).rounded())) MB/s, \(Int((latency * 1e6).rounded())) us a message, \
        \(Int((100 * overlap).rounded())) % of it while ranks compute
        """
    }
}
