package import Experiments
package import Statistics

/// Whether one method of a sweep is better than another: their scores paired over tasks and seeds.
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
    package struct Pair: Hashable, Codable, Sendable {
        package let seed: UInt64
        package let first: Double
        package let second: Double
    }

    package struct LeftOut: Hashable, Codable, Sendable {
        package let task: String
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
        for planned in plan.tasks {
            let name = planned.definition.name
            let rows = [first, second].map { method in plan.rows.filter { $0.method == method && $0.task == name } }
            let targets = rows.map { $0.first.flatMap { plan.target(of: $0) } }
            guard let target = targets[0], let other = targets[1] else { continue }
            guard target == other else {
                throw ComparisonError(
                    description: "'\(first)' is scored on \(target.title) and '\(second)' on \(other.title); "
                        + "only scores on the same task can be compared")
            }
            let scores = rows.map { snapshot.scores(of: $0, target.metric) }
            let pairs = Self.pairs(scores[0], scores[1])
            let seeds = Set(rows.joined().map(\.seed)).subtracting(pairs.map(\.seed))
            leftOut += seeds.sorted().map { LeftOut(task: name, seed: $0) }
            let merit = target.metric.merit
            if let differences = PairedDifferences([pairs.map { merit($0.first) - merit($0.second) }]) {
                let evidence = Evidence(differences, intervals)
                let task = Task(task: name, metric: target.metric, pairs: pairs, evidence: evidence)
                tasks.append(task)
                let means = [task.mean(\.first), task.mean(\.second)]
                let better = merit(means[0]) < merit(means[1]) ? 1 : 0
                let paired = rows[better].filter { row in pairs.contains { $0.seed == row.seed } }
                evaluation.append(EvaluationSet(target, mean: means[better], of: paired, snapshot))
            }
        }
        guard let differences = PairedDifferences(tasks.flatMap(\.evidence.differences.strata)) else {
            throw ComparisonError(
                description: "'\(first)' and '\(second)' have no task and seed yet that both have a score of; "
                    + "`headstart status` says how far the sweep is")
        }
        self.init(
            sweep: plan.name, model: plan.model.name, first: first, second: second, tasks: tasks,
            overall: Evidence(differences, intervals), leftOut: leftOut, evaluation: evaluation,
            searchWarning: plan.searchWarning(of: [first, second]))
    }

    private static func pairs(_ first: [UInt64: Double], _ second: [UInt64: Double]) -> [Pair] {
        first.keys.sorted().compactMap { seed in
            first[seed].flatMap { a in second[seed].map { Pair(seed: seed, first: a, second: $0) } }
        }
    }
}

extension SweepSnapshot {
    /// By seed.
    fileprivate func scores(of rows: [SweepRow], _ metric: Metric) -> [UInt64: Double] {
        Dictionary(rows.compactMap { row in score(metric, of: row).map { (row.seed, $0) } }) { first, _ in first }
    }
}
