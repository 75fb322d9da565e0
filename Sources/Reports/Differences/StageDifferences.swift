package import Experiments

/// In what two stages differ: model, data, settings, seed, and the stages that they start from.
package struct StageDifferences {
    package let differences: [Difference]

    /// A stage with the plan that knows its model and its task.
    package struct Known: Sendable {
        let plan: SweepPlan
        let stage: PlannedStage

        /// - Parameter stage: one of the plan's.
        package init(_ stage: PlannedStage, of plan: SweepPlan) {
            self.plan = plan
            self.stage = stage
        }

        /// - Returns: nil where the plan has no such stage.
        package init?(_ key: StageKey, in plan: SweepPlan) {
            guard let stage = plan.stages.first(where: { $0.key == key }) else { return nil }
            self.plan = plan
            self.stage = stage
        }

        /// "eh-ft/2 3f9a12bc"
        package var name: String { "\(stage.label) \(stage.key.short)" }
    }

    /// - Parameter known: finds the stages that they start from; nil where one is unknown.
    package init(_ old: Known, _ new: Known, known: (StageKey) throws -> Known?) throws {
        differences = try Self.differences("", old, new, known)
    }

    private static func differences(
        _ place: String, _ old: Known, _ new: Known, _ known: (StageKey) throws -> Known?
    ) throws -> [Difference] {
        guard old.stage.key != new.stage.key else { return [] }
        let specifications = (old.stage.specification, new.stage.specification)
        var found = place.isEmpty ? old.plan.model.differences(to: new.plan.model) : []
        if let tasks = old.plan.task(named: old.stage.task), let others = new.plan.task(named: new.stage.task) {
            let names = tasks.content == others.content ? [] : Difference.names(place, old.stage.task, new.stage.task)
            found += names + tasks.differences(to: others, place)
        }
        let shown = try [Difference](place, specifications.0.facts(), specifications.1.facts())
        found += shown
        if specifications.0.recipe != specifications.1.recipe, shown.isEmpty {
            // No setting shows it; that there is something must not be passed over.
            found.append(Difference(place, "recipe", "\(specifications.0.recipe)", "\(specifications.1.recipe)"))
        }
        found += [Difference](
            place, [("seed", "\(specifications.0.seed)")], [("seed", "\(specifications.1.seed)")])
        for kind in ArtifactKind.allCases {
            let sources = [specifications.0, specifications.1].map { specification in
                specification.inputs.first { $0.kind == kind }?.from
            }
            guard sources[0] != sources[1] else { continue }
            found.append(Difference(place, "from \(kind.rawValue)", sources[0]?.short, sources[1]?.short))
            guard let first = try sources[0].flatMap(known), let second = try sources[1].flatMap(known) else {
                continue
            }
            let name = "the stage that the \(kind.rawValue) is from"
            found += try differences(place.isEmpty ? name : "\(place), \(name)", first, second, known)
        }
        return found
    }
}

extension Difference {
    fileprivate static func names(_ place: String, _ old: String, _ new: String) -> [Difference] {
        [Difference](place, [("task", old)], [("task", new)])
    }
}
