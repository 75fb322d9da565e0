import Experiments
import Statistics

/// What the examples that a score is of add to its uncertainty: seeds say how a score varies with the training, on the
/// same examples.
package struct EvaluationSet: Hashable, Sendable {
    package let column: ResultTable.Column
    /// nil where the plan does not count them.
    package let examples: Int?
    /// The score that the interval is around.
    package let mean: Double
    /// The binomial 95 % interval of an accuracy over the examples; nil for other metrics, which would take the
    /// predictions, and they are not kept.
    package let interval: ClosedRange<Double>?

    init(_ column: ResultTable.Column, mean: Double, _ plan: SweepPlan) {
        let task = plan.task(named: column.task)
        self.column = column
        self.mean = mean
        examples = task?.devCount
        // The accuracy of tags is over words, and those of one sentence are not independent.
        let isOfExamples = column.metric == .accuracy && task?.definition.kind != .tags
        interval = isOfExamples ? examples.map { binomialInterval(share: mean, examples: $0) } : nil
    }

    /// "p and ± speak of the seeds alone; the examples of the evaluation set add a binomial 95 % interval: 73.43 … 92.07
    /// around 85.00 on cb (56 examples)."
    /// - Parameter figures: what speaks of the seeds, with its verb.
    /// - Returns: nil where there are no scores.
    static func note(_ sets: [EvaluationSet], _ figures: String) -> String? {
        guard !sets.isEmpty else { return nil }
        let known = sets.compactMap { set in
            set.interval.map { "\(range($0)) around \(percent(set.mean)) on \(set.column.task) (\(set.size))" }
        }
        let others = sets.filter { $0.interval == nil && $0.examples != nil }.map { "\($0.column.title) (\($0.size))" }
        let uncounted = sets.filter { $0.examples == nil }.map(\.column.task).distinct()
        let clauses = [
            known.isEmpty
                ? nil
                : "the examples of the evaluation set add a binomial 95 % interval: \(known.joined(separator: ", "))",
            others.isEmpty
                ? nil
                : "what the examples add to \(others.joined(separator: ", ")) would take predictions, which are not kept",
            uncounted.isEmpty
                ? nil
                : "the examples of \(uncounted.joined(separator: ", ")) are not counted in this plan, and will be when the "
                    + "sweep is run again",
        ]
        return "\(figures) of the seeds alone; \(clauses.compactMap { $0 }.joined(separator: "; "))."
    }

    private var size: String { examples.map { counted($0, "example") } ?? "" }
}

extension EvaluationSet: Encodable {
    package func encode(to encoder: any Encoder) throws {
        try encoder.encode([
            "task": column.task, "metric": column.metric, "examples": examples, "mean": mean,
            "interval": interval.map { [$0.lowerBound, $0.upperBound] },
        ])
    }
}

/// "77.45 … 90.28", in percent.
private func range(_ interval: ClosedRange<Double>) -> String {
    "\(percent(interval.lowerBound)) … \(percent(interval.upperBound))"
}
