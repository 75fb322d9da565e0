import Collectives
import Experiments
import Foundation

/// How fast ranks sum gradients, and what that costs steps of training.
struct ReductionReport: Encodable {
    /// A step that is asked about, written as BYTES:LATE:HIDDEN after the parameters of `ReductionCost.exposedSeconds`.
    struct Step: Encodable {
        let bytes: Int
        let late: Int
        let hiddenSeconds: Double

        init?(_ text: String) {
            let parts = text.split(separator: ":", omittingEmptySubsequences: false)
            guard parts.count == 3, let bytes = Int(parts[0]), let late = Int(parts[1]), let hidden = Double(parts[2]),
                0...bytes ~= late, hidden >= 0
            else { return nil }
            (self.bytes, self.late, hiddenSeconds) = (bytes, late, hidden)
        }
    }

    struct Cost: Encodable {
        let step: Step
        /// Seconds by which the step is longer, by the number of ranks.
        let exposedSeconds: [String: Double]
    }

    let ranks: Int
    let sums: [ReductionCost.Measured]
    /// nil where what was measured fits none.
    let cost: ReductionCost?
    let steps: [Cost]

    private static let byteCounts = [1 << 12, 1 << 15, 1 << 18, 1 << 20, 1 << 22, 1 << 24, 1 << 26]

    /// To be made on every rank.
    init(_ communicator: any Communicator, steps: [Step]) throws {
        ranks = communicator.size
        sums = try Self.byteCounts.map { bytes in
            let seconds = try Self.seconds(ofSumming: bytes / 4, communicator)
            return ReductionCost.Measured(bytes: bytes, ranks: communicator.size, seconds: seconds)
        }
        let cost = ReductionCost(fitting: sums)
        self.cost = cost
        let counts = Set([communicator.size, 8, 64, 512])
        self.steps =
            cost.map { cost in
                steps.map { step in
                    let seconds = counts.map { count in
                        let exposed = cost.exposedSeconds(
                            bytes: step.bytes, late: step.late, ranks: count, behind: step.hiddenSeconds)
                        return ("\(count)", exposed)
                    }
                    return Cost(step: step, exposedSeconds: Dictionary(uniqueKeysWithValues: seconds))
                }
            } ?? []
    }

    /// The median of several sums.
    private static func seconds(ofSumming count: Int, _ communicator: any Communicator) throws -> Double {
        var values = [Float](repeating: 1, count: count)
        return try values.withUnsafeMutableBufferPointer { values in
            let times = try (0..<min(50, max(5, (1 << 22) / count))).map { _ in
                values.update(repeating: 1)
                try communicator.barrier()
                let begin = ContinuousClock.now
                try communicator.sum(values)
                return begin.duration(to: .now) / .seconds(1)
            }
            return times.sorted()[times.count / 2]
        }
    }

    var lines: [String] {
        let fit = cost.map { cost in
            "\(round(cost.bytesPerSecond / 1e4) / 100) MB/s and \(round(cost.latency * 1e7) / 10) us a message"
        }
        return [
            "\(ranks) ranks: \(fit ?? "no cost fits what was measured")", "",
            "      bytes   measured ms  predicted ms",
        ]
            + sums.map { sum in
                let predicted = cost?.seconds(bytes: sum.bytes, ranks: sum.ranks)
                return [
                    pad("\(sum.bytes)", 11), pad(milliseconds(sum.seconds), 14),
                    pad(predicted.map(milliseconds) ?? "", 14),
                ].joined()
            }
    }

    private func milliseconds(_ seconds: Double) -> String { "\(round(seconds * 1e6) / 1e3)" }

    private func pad(_ text: String, _ width: Int) -> String {
        String(repeating: " ", count: max(0, width - text.count)) + text
    }
}
