import Collectives
import Experiments
import Foundation

/// How fast ranks sum gradients, and what that costs steps of training.
struct ReductionReport: Encodable {
    struct Cost: Encodable {
        let step: ReductionCost.Step
        /// Seconds by which the step is longer, by the number of ranks.
        let exposedSeconds: [String: Double]
    }

    let ranks: Int
    let hosts: Int
    let sums: [ReductionCost.Measured]
    /// nil where what was measured fits none.
    let cost: ReductionCost?
    let steps: [Cost]

    private static let counts = [1 << 10, 1 << 13, 1 << 16, 1 << 18, 1 << 20, 1 << 22, 1 << 24]

    /// To be made on every rank.
    /// - Parameters:
    ///   - seconds: for each measurement.
    ///   - steps: to tell the cost of.
    init(_ communicator: any Communicator, seconds: Double, steps: [ReductionCost.Step]) throws {
        ranks = communicator.size
        hosts = Set(try communicator.gather([UInt8](Machine.host.utf8))).count
        sums = try Self.counts.map { count in
            let seconds = try Self.seconds(ofSumming: count, within: seconds, communicator)
            return ReductionCost.Measured(numbers: count, ranks: communicator.size, seconds: seconds)
        }
        var cost = ReductionCost(fitting: sums)
        if let alone = cost { cost?.overlap = try Self.overlap(alone, communicator) }
        self.cost = cost
        let counts = Set([communicator.size, 8, 64, 512])
        self.steps =
            cost.map { cost in
                steps.map { step in
                    let seconds = counts.map { ("\($0)", cost.exposedSeconds(of: step, ranks: $0)) }
                    return Cost(step: step, exposedSeconds: Dictionary(uniqueKeysWithValues: seconds))
                }
            } ?? []
    }

    /// The mean of sums in a row, the median of several such rows. Were each timed by itself, a network that lets so many
    /// bytes through at once before it holds back would seem faster than it is to steps, which follow each other.
    private static func seconds(
        ofSumming count: Int, within longest: Double, _ communicator: any Communicator
    ) throws -> Double {
        // Sums of zeros stay zeros, however many there are.
        var values = [Float](repeating: 0, count: count)
        return try values.withUnsafeMutableBufferPointer { values in
            func seconds(_ times: Int) throws -> Double {
                try communicator.barrier()
                let begin = ContinuousClock.now
                for _ in 0..<times { try communicator.sum(values) }
                return begin.duration(to: .now) / .seconds(1) / Double(times)
            }
            _ = try seconds(1)
            // All ranks make as many.
            let first = try communicator.sum([try seconds(1)])[0] / Double(communicator.size)
            let times = min(1000, max(2, Int(longest / Double(rows) / max(first, 1e-7))))
            let means = try (0..<rows).map { _ in try seconds(times) }
            return means.sorted()[rows / 2]
        }
    }

    private static let rows = 5

    /// What part of sums goes on while ranks compute: by how much a stretch of work is longer that begins a sum now and
    /// then, as a backward pass does, and takes twice as long as these sums alone.
    private static func overlap(_ cost: ReductionCost, _ communicator: any Communicator) throws -> Double {
        let parts = 8
        let step = ReductionCost.Step(
            numbers: parts * Buckets.count, lateNumbers: Buckets.count, hiddenSeconds: .infinity)
        let alone = cost.seconds(step.numbers, ranks: communicator.size, as: .fp32)
        var work = Work()
        let pace = try communicator.sum([work.seconds(1 << 20)])[0] / Double(communicator.size) / Double(1 << 20)
        let rounds = Int(2 * alone / Double(parts) / pace)
        var values = [Float](repeating: 0, count: step.numbers)
        return try values.withUnsafeMutableBufferPointer { values in
            let shares = try (0..<rows).map { _ in
                try communicator.barrier()
                let computed = (0..<parts).reduce(0.0) { sum, _ in sum + work.seconds(rounds) }
                try communicator.barrier()
                let begin = ContinuousClock.now
                for part in 0..<parts {
                    _ = work.seconds(rounds)
                    let bucket = values[part * Buckets.count..<(part + 1) * Buckets.count]
                    communicator.beginSum(UnsafeMutableBufferPointer(rebasing: bucket), as: .fp32)
                    communicator.progressSums()
                }
                try communicator.finishSums()
                let exposed = begin.duration(to: .now) / .seconds(1) - computed
                return cost.overlap(of: step, ranks: communicator.size, exposedSeconds: max(0, exposed))
            }
            // One answer for all ranks.
            return try communicator.sum([shares.sorted()[rows / 2]])[0] / Double(communicator.size)
        }
    }

    var lines: [String] {
        [
            "\(counted(ranks, "rank")) on \(counted(hosts, "host")): \(cost?.description ?? "no cost fits what was measured")",
            "", "      bytes   measured ms  predicted ms",
        ]
            + sums.map { sum in
                let predicted = cost?.seconds(sum.numbers, ranks: sum.ranks, as: .fp32)
                return [
                    pad("\(4 * sum.numbers)", 11), pad(milliseconds(sum.seconds), 14),
                    pad(predicted.map(milliseconds) ?? "", 14),
                ].joined()
            }
    }

    private func milliseconds(_ seconds: Double) -> String { "\(round(seconds * 1e6) / 1e3)" }

    private func pad(_ text: String, _ width: Int) -> String {
        String(repeating: " ", count: max(0, width - text.count)) + text
    }
}

/// Something to compute that asks for no memory.
private struct Work {
    private var value: Float = 1

    mutating func seconds(_ rounds: Int) -> Double {
        let begin = ContinuousClock.now
        for _ in 0..<rounds { value = value * 0.999 + 0.001 }
        // What nobody reads is not computed.
        precondition(value > 0)
        return begin.duration(to: .now) / .seconds(1)
    }
}

extension ReductionCost.Step {
    /// Written as NUMBERS:LATE:GATHERED-BYTES:FORMAT:HIDDEN-SECONDS.
    init?(argument: String) {
        let parts = argument.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 5, let numbers = Int(parts[0]), let late = Int(parts[1]), let gathered = Int(parts[2]),
            let format = WireFormat(rawValue: parts[3]), let hidden = Double(parts[4]), 0...numbers ~= late,
            gathered >= 0, hidden >= 0
        else { return nil }
        self.init(
            numbers: numbers, lateNumbers: late, gatheredBytes: gathered, as: format, hiddenSeconds: hidden)
    }
}
