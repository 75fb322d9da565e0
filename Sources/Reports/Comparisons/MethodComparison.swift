package import Experiments
package import Statistics

/// Whether one method of a sweep is better than another: their scores paired over tasks, folds and seeds.
package struct MethodComparison: Hashable, Sendable {
    package let sweep: String
    package let model: String
    /// Differences are this method's score less the other's.
    package let first: String
    package let second: String
    /// Tasks with at least one pair, in the order of the table.
    package let tasks: [Task]
    /// All pairs.
    package let overall: Evidence
    /// Pairs of which one score, or both, are missing.
    package let leftOut: [LeftOut]
    /// What the examples of each task add, around the better of the two means.
    package let evaluation: [EvaluationSet]
    /// That settings of the methods were searched on what is compared; nil where they were not.
    package let searchWarning: String?

    /// The pairs of one task by its first metric.
    package struct Task: Hashable, Encodable, Sendable {
        package let task: String
        package let metric: Metric
        package let pairs: [Pair]
        package let evidence: Evidence
    }

    /// The scores of both methods with one seed, as fractions.
    package struct Pair: Hashable, Encodable, Sendable {
        /// The number of the fold; nil, and not in JSON, where the task has none.
        package let fold: Int?
        package let seed: UInt64
        package let first: Double
        package let second: Double
    }

    package struct LeftOut: Hashable, Encodable, Sendable {
        package let task: String
        /// As in a pair.
        package let fold: Int?
        package let seed: UInt64
    }
}

extension MethodComparison.Task {
    /// The mean of one side's scores.
    func mean(_ side: KeyPath<MethodComparison.Pair, Double>) -> Double {
        pairs.map { $0[keyPath: side] }.reduce(0, +) / Double(pairs.count)
    }
}

/// Why methods cannot be compared.
package struct ComparisonError: Error, Hashable, Sendable, CustomStringConvertible {
    package let description: String
}

extension MethodComparison {
    package init(
        _ snapshot: SweepSnapshot, _ first: String, _ second: String, intervals: IntervalMethod = .permutation
    ) throws(ComparisonError) {
        let plan = snapshot.plan
        let methods = plan.methods
        for name in [first, second] where !methods.contains(name) {
            throw ComparisonError(
                description: "sweep '\(plan.name)' has no method '\(name)'\(hint(for: name, among: methods))")
        }
        guard first != second else {
            throw ComparisonError(description: "'\(first)' cannot be compared with itself; name two methods")
        }
        var tasks: [Task] = []
        var leftOut: [LeftOut] = []
        var evaluation: [EvaluationSet] = []
        for name in plan.tableTasks {
            let rows = [first, second].map { method in plan.rows.filter { $0.method == method && $0.task == name } }
            let targets = rows.map { $0.first.flatMap { plan.target(of: $0) } }
            guard let target = targets[0], let other = targets[1] else { continue }
            guard target == other else {
                throw ComparisonError(
                    description: "'\(first)' is scored on \(target.title) and '\(second)' on \(other.title); "
                        + "only scores on the same task can be compared")
            }
            let scores = rows.map { snapshot.scores(of: $0, target.metric) }
            let shared = Set(scores[0].keys).intersection(scores[1].keys)
            let pairs = Self.pairs(scores[0], scores[1])
            leftOut += Set(rows.joined().map(\.repetition)).subtracting(shared).sorted().map {
                LeftOut(task: name, fold: $0.fold?.number, seed: $0.seed)
            }
            let merit = target.metric.merit
            if let differences = PairedDifferences([pairs.map { merit($0.first) - merit($0.second) }]) {
                let student = StudentTest(folds: Self.differences(scores[0], scores[1], merit))
                let evidence = Evidence(differences, intervals, student: student)
                let task = Task(task: name, metric: target.metric, pairs: pairs, evidence: evidence)
                tasks.append(task)
                let means = [task.mean(\.first), task.mean(\.second)]
                let better = merit(means[0]) < merit(means[1]) ? 1 : 0
                let paired = rows[better].filter { shared.contains($0.repetition) }
                // What examples add is in the test of folds.
                if student == nil {
                    evaluation.append(EvaluationSet(target, mean: means[better], of: paired, snapshot))
                }
            }
        }
        guard let differences = PairedDifferences(tasks.flatMap(\.evidence.differences.strata)) else {
            throw ComparisonError(
                description: "'\(first)' and '\(second)' have no task and seed yet that both have a score of; "
                    + "`headstart status` says how far the sweep is")
        }
        self.init(
            sweep: plan.name, model: plan.model.name, first: first, second: second, tasks: tasks,
            overall: Evidence(differences, intervals, student: Self.overall(tasks, pairs: differences.all.count)),
            leftOut: leftOut, evaluation: evaluation,
            searchWarning: plan.searchWarning(of: [first, second]))
    }

    private static func pairs(_ first: [Repetition: Double], _ second: [Repetition: Double]) -> [Pair] {
        first.sorted { $0.key < $1.key }.compactMap { trained, score in
            second[trained].map { Pair(fold: trained.fold?.number, seed: trained.seed, first: score, second: $0) }
        }
    }

    private static func differences(
        _ first: [Repetition: Double], _ second: [Repetition: Double], _ merit: (Double) -> Double
    ) -> [Repetition: Double] {
        let pairs = first.compactMap { trained, score in second[trained].map { (trained, merit(score) - merit($0)) } }
        return Dictionary(uniqueKeysWithValues: pairs)
    }

    /// - Returns: nil where no task has folds. One task is by itself; of several each pair counts the same.
    private static func overall(_ tasks: [Task], pairs: Int) -> StudentTest? {
        guard tasks.contains(where: { $0.evidence.student != nil }) else { return nil }
        if tasks.count == 1 { return tasks[0].evidence.student }
        return StudentTest(
            combining: tasks.map { task in
                let differences = task.evidence.differences.all
                return (task.evidence.student ?? StudentTest(differences), Double(differences.count) / Double(pairs))
            })
    }
}

extension SweepSnapshot {
    fileprivate func scores(of rows: [SweepRow], _ metric: Metric) -> [Repetition: Double] {
        Dictionary(rows.compactMap { row in score(metric, of: row).map { (row.repetition, $0) } }) { first, _ in first }
    }
}
