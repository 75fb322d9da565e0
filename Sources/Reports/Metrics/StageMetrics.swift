package import Experiments

/// All numbers that are kept of how one stage of a method went, for other tools.
package struct StageMetrics: Sendable {
    package let task: String
    /// With the number of the stage where the method has several, as in `eh-ft-bitfit/2`.
    package let method: String
    package let seed: UInt64
    package let key: StageKey
    /// When its first attempt began.
    package let startedAt: Timestamp
    private let curves: StageCurves

    package init(
        task: String, method: String, seed: UInt64, key: StageKey, startedAt: Timestamp, curves: StageCurves
    ) {
        self.task = task
        self.method = method
        self.seed = seed
        self.key = key
        self.startedAt = startedAt
        self.curves = curves
    }

    /// One number after a step.
    package struct Row: Hashable, Sendable {
        package let step: Int
        package let split: Split
        package let metric: String
        package let value: Double
        /// Of training, from the stage's start on.
        package let seconds: Double
    }

    /// In the order of the steps.
    package var rows: [Row] {
        var rows: [Row] = []
        var evaluations = curves.evaluations[...]
        var seconds = 0.0
        for point in curves.training.points {
            // Evaluations of steps within the point come before its end.
            while let next = evaluations.first, next.step < point.step {
                rows += Self.rows(next, seconds: seconds)
                evaluations.removeFirst()
            }
            seconds += Double(point.seconds)
            let values = [
                ("loss", point.loss), ("learning-rate", point.learningRate), ("gradient-norm", point.gradientNorm),
                ("tokens-per-second", point.tokensPerSecond),
            ]
            rows += values.map {
                Row(step: point.step, split: .train, metric: $0, value: decimal($1), seconds: seconds)
            }
        }
        return rows + evaluations.flatMap { Self.rows($0, seconds: seconds) }
    }

    private static func rows(_ evaluation: Evaluation, seconds: Double) -> [Row] {
        let loss = Row(
            step: evaluation.step, split: .train, metric: "loss-since-evaluation", value: evaluation.trainingLoss,
            seconds: seconds)
        return [loss]
            + evaluation.scores.compactMap { score in
                score.value.map {
                    Row(
                        step: evaluation.step, split: score.split, metric: score.metric.rawValue, value: $0,
                        seconds: seconds)
                }
            }
    }
}

/// The number with the digits that the ledger has of it.
private func decimal(_ value: Float) -> Double { Double("\(value)") ?? Double(value) }

extension StageMetrics {
    /// The columns of `csv`.
    package static let header = "task,method,seed,key,step,split,metric,value\n"

    /// A line for each number.
    package var csv: String {
        let stage = [task, method, "\(seed)", "\(key)"]
        return rows.map {
            commaSeparated([stage + ["\($0.step)", $0.split.rawValue, $0.metric, "\($0.value)"]]) + "\n"
        }
        .joined()
    }

    /// What a line of JSON has for a number.
    package struct Line: Encodable {
        let task: String
        let method: String
        let seed: UInt64
        let key: StageKey
        let step: Int
        let split: Split
        let metric: String
        let value: Double
    }

    package var lines: [Line] {
        rows.map { row in
            Line(
                task: task, method: method, seed: seed, key: key, step: row.step, split: row.split, metric: row.metric,
                value: row.value)
        }
    }
}
