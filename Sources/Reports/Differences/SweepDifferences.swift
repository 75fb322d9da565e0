import Configuration
package import Experiments

/// In what two sweeps differ, or the settings that one of them had at two times: each thing once, and of what it is one.
package struct SweepDifferences {
    package let differences: [Difference]

    package init(_ old: SweepPlan, _ new: SweepPlan) throws {
        differences =
            old.model.differences(to: new.model) + [Difference]("", old.axes, new.axes)
            + Self.taskDifferences(old, new) + (try Self.methodDifferences(old, new))
    }

    private static func taskDifferences(_ old: SweepPlan, _ new: SweepPlan) -> [Difference] {
        old.tasks.flatMap { task in
            let name = task.definition.name
            return new.task(named: name).map { task.differences(to: $0, "task \(name)") } ?? []
        }
    }

    /// A stage of a method on a task: "" where the method has but one, otherwise "/1" and so on.
    private struct Spot: Hashable {
        let cell: Cell
        let stage: String
    }

    /// What differs in the stages of the methods that both have, on the tasks that both have.
    private static func methodDifferences(_ old: SweepPlan, _ new: SweepPlan) throws -> [Difference] {
        let others = Dictionary(grouping: new.rows) { $0.cell }
        var found: [(spot: Spot, difference: Difference)] = []
        var common: [Spot] = []
        let rows = Dictionary(grouping: old.rows) { $0.cell }
        for cell in old.rows.map(\.cell).distinct() {
            guard let pair = pair(rows[cell] ?? [], others[cell] ?? []) else { continue }
            for (stage, differences) in try differences(pair.old, in: old, pair.new, in: new) {
                let spot = Spot(cell: cell, stage: stage)
                common.append(spot)
                found += differences.map { (spot, $0) }
            }
        }
        // The same change in many places is one change.
        return found.map(\.difference).distinct().flatMap { difference in
            places(of: found.filter { $0.difference == difference }.map(\.spot), among: common).map {
                Difference($0, difference.what, difference.old, difference.new)
            }
        }
    }

    /// A row of each that can be held against each other: of the same seed where there is one.
    private static func pair(_ old: [SweepRow], _ new: [SweepRow]) -> (old: SweepRow, new: SweepRow)? {
        let (old, new) = (old.filter { !$0.stages.isEmpty }, new.filter { !$0.stages.isEmpty })
        for row in old {
            if let other = new.first(where: { $0.repetition == row.repetition }) { return (row, other) }
        }
        return old.first.flatMap { row in new.first.map { (row, $0) } }
    }

    /// By stage.
    private static func differences(
        _ row: SweepRow, in old: SweepPlan, _ other: SweepRow, in new: SweepPlan
    ) throws -> [(stage: String, differences: [Difference])] {
        let (stages, others) = (try old.facts(of: row), try new.facts(of: other))
        guard stages.count == others.count else {
            return [("", [Difference("", "stages", "\(stages.count)", "\(others.count)")])]
        }
        return zip(stages, others).enumerated().map { number, facts in
            (stages.count == 1 ? "" : "/\(number + 1)", [Difference]("", facts.0, facts.1))
        }
    }

    /// "all methods", "finetune", "eh-ft/1", or with the task where the method has the change on some tasks alone.
    private static func places(of found: [Spot], among common: [Spot]) -> [String] {
        if Set(found) == Set(common), Set(common.map(\.cell.method)).count > 1 { return ["all methods"] }
        let names = found.map { spot in
            let isEverywhere = common.allSatisfy {
                $0.cell.method != spot.cell.method || $0.stage != spot.stage || found.contains($0)
            }
            return spot.cell.method + spot.stage + (isEverywhere ? "" : " on \(spot.cell.task)")
        }
        return names.distinct()
    }
}

extension SweepPlan {
    /// Tasks, methods and seeds, each as one word.
    fileprivate var axes: Facts {
        let seeds = Set(rows.map(\.seed)).sorted().map { "\($0)" }
        return [
            ("tasks", rows.map(\.task).distinct().joined(separator: ", ")),
            ("methods", methods.joined(separator: ", ")), ("seeds", seeds.joined(separator: ", ")),
        ]
    }

    private func planned(_ key: StageKey) -> PlannedStage? { stages.first { $0.key == key } }

    /// How each stage of a row trains, and what it starts from; the task's data and the model have places of their own.
    fileprivate func facts(of row: SweepRow) throws -> [Facts] {
        try row.stages.compactMap { key -> Facts? in
            guard let stage = planned(key) else { return nil }
            let specification = stage.specification
            let seed = specification.seed == row.seed ? "the row's" : "\(specification.seed)"
            let inputs: Facts = specification.inputs.map { input in
                let source = row.stages.firstIndex(of: input.from).map { "stage \($0 + 1)" }
                let label = planned(input.from)?.label
                return ("from \(input.kind.rawValue)", source ?? label ?? input.from.short)
            }
            return try specification.facts()
                + [("seed", seed), ("trained on", stage.task == row.trainedTask ? "the row's task" : stage.task)]
                + inputs
        }
    }
}
