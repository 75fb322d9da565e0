import Experiments
import Statistics
import Tasks

/// What the examples that a score is of add to its uncertainty: seeds say how a score varies with the training, on the
/// same examples.
package struct EvaluationSet: Hashable, Sendable {
    package let column: ResultTable.Column
    /// nil where the plan does not count them.
    package let examples: Int?
    /// The score that the interval is around.
    package let mean: Double
    private let task: TaskDefinition?
    /// Of the runs whose scores the mean is of, where it takes them and they were kept.
    private let runs: [StageLog.Predictions]?

    /// 95 of 100 sets of as many examples of the same kind would have the score in here.
    package struct Interval: Hashable, Sendable {
        package let kind: Kind
        package let range: ClosedRange<Double>

        package enum Kind: String, CaseIterable, Sendable {
            /// For an accuracy, which is all that it takes.
            case binomial
            /// For any score, from predictions.
            case bootstrap
        }
    }

    /// - Parameter rows: those whose scores the mean is of.
    init(_ column: ResultTable.Column, mean: Double, of rows: [SweepRow], _ snapshot: SweepSnapshot) {
        let planned = snapshot.plan.task(named: column.task)
        self.column = column
        self.mean = mean
        examples = planned?.devCount
        task = planned?.definition
        runs = snapshot.predictions(of: rows, column.metric)
    }

    /// nil where it would take predictions, and they were not kept. A bootstrap takes up to seconds.
    package var interval: Interval? {
        // The accuracy of tags is over words, and those of one sentence are not independent.
        guard column.metric != .accuracy || task?.kind == .tags else {
            return examples.map { Interval(kind: .binomial, range: binomialInterval(share: mean, examples: $0)) }
        }
        return task.flatMap { task in runs.flatMap { task.interval(column.metric, $0) } }
    }

    /// "p and ± speak of the seeds alone; the examples of the evaluation set add a binomial 95 % interval: 73.43 … 92.07
    /// around 85.00 on cb (56 examples)."
    /// - Parameter figures: what speaks of the seeds, with its verb.
    /// - Returns: nil where there are no scores.
    static func note(_ sets: [EvaluationSet], _ figures: String) -> String? {
        guard !sets.isEmpty else { return nil }
        let intervals = sets.map(\.interval)
        let known = Interval.Kind.allCases.compactMap { kind in
            let ranges = zip(sets, intervals).compactMap { set, interval in
                interval.flatMap { $0.kind == kind ? set.sentence($0.range) : nil }
            }
            return ranges.isEmpty ? nil : "a \(kind.rawValue) 95 % interval: \(ranges.joined(separator: ", "))"
        }
        let others = zip(sets, intervals).filter { $1 == nil && $0.examples != nil }
            .map { "\($0.0.column.title) (\($0.0.size))" }
        let uncounted = sets.filter { $0.examples == nil }.map(\.column.task).distinct()
        let clauses = [
            known.isEmpty
                ? nil
                : "the examples of the evaluation set add \(known.joined(separator: ", and "))",
            others.isEmpty
                ? nil
                : "what the examples add to \(others.joined(separator: ", ")) would take predictions, which "
                    + "`measure: [predictions]` keeps",
            uncounted.isEmpty
                ? nil
                : "the examples of \(uncounted.joined(separator: ", ")) are not counted in this plan, and will be when the "
                    + "sweep is run again",
        ]
        return "\(figures) of the seeds alone; \(clauses.compactMap { $0 }.joined(separator: "; "))."
    }

    private func sentence(_ range: ClosedRange<Double>) -> String {
        let figure = column.metric.figure
        let bounds = "\(figure(range.lowerBound)) … \(figure(range.upperBound))"
        return
            "\(bounds) around \(figure(mean)) on \(column.metric == .accuracy ? column.task : column.title) (\(size))"
    }

    private var size: String { examples.map { counted($0, "example") } ?? "" }
}

extension EvaluationSet: Encodable {
    package func encode(to encoder: any Encoder) throws {
        let interval = interval
        try encoder.encode([
            "task": column.task, "metric": column.metric, "examples": examples, "mean": mean,
            "interval": interval.map { [$0.range.lowerBound, $0.range.upperBound] },
            "intervalKind": interval?.kind.rawValue,
        ])
    }
}

extension SweepSnapshot {
    /// Of those rows that have a score; nil where one of them has kept none, or of other examples.
    fileprivate func predictions(of rows: [SweepRow], _ metric: Metric) -> [StageLog.Predictions]? {
        let scored = rows.filter { score(metric, of: $0) != nil }
        let kept = scored.compactMap { row in row.stages.last.flatMap { predictions[$0] } }
        guard !kept.isEmpty, kept.count == scored.count, Set(kept.map(\.expected)).count == 1,
            !metric.takesProbabilities || kept.allSatisfy({ $0.probabilities != nil })
        else { return nil }
        return kept
    }
}

extension TaskDefinition {
    /// The bootstrap interval of the mean of what several runs score on the same examples.
    fileprivate func interval(_ metric: Metric, _ runs: [StageLog.Predictions]) -> EvaluationSet.Interval? {
        guard let expected = runs.first?.expected, !expected.isEmpty else { return nil }
        let labels = expected.map { $0.map { isRegression ? Label.value(Float($0)) : .category(Int($0)) } }
        let labelCount = labels.reduce(0) { $0 + $1.count }
        // Tens of thousands of tagged words are drawn less often, for an answer within seconds.
        let resamples = max(200, min(1000, 4_000_000 / max(1, labelCount * runs.count)))
        let range = bootstrapInterval(examples: expected.count, resamples: resamples) { places in
            let drawn = places.map { labels[$0] }
            let scores = runs.compactMap { run in
                score(metric, predicted: predictions(run, at: places), expected: drawn)
            }
            return scores.count == runs.count ? scores.reduce(0, +) / Double(scores.count) : nil
        }
        return range.map { EvaluationSet.Interval(kind: .bootstrap, range: $0) }
    }

    /// What a run has said of the examples at some places.
    private func predictions(_ run: StageLog.Predictions, at places: [Int]) -> Predictions {
        let said = places.flatMap { run.predicted[$0] }
        if isRegression { return .values(said.map(Float.init)) }
        let categories = said.map { Int($0) }
        guard let probabilities = run.probabilities else { return .categories(categories) }
        return .distributions(categories, probabilities: places.flatMap { probabilities[$0] })
    }
}
