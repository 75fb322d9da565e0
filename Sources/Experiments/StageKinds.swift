/// Stages of a plan that are alike but for their seeds and what they start from: what one of them takes, all of them take.
package struct StageKinds: Sendable {
    /// Of each kind the places of the first and of the last in the plan. The first may do what the others find done.
    package private(set) var ends: [(first: Int, last: Int)] = []
    /// Of each stage of the plan the number of its kind.
    package private(set) var numbers: [Int] = []

    private struct Name: Hashable {
        let task, label: String
    }

    private struct Likeness: Hashable {
        let name: Name
        let recipe: Recipe
        let yields: Set<ArtifactKind>
        let recomputes: Bool
    }

    package init(_ stages: [PlannedStage]) {
        var kinds: [Likeness: Int] = [:]
        // Most stages are of the kind of the one before them of their name, which takes no look at their recipes.
        var last: [Name: Int] = [:]
        numbers.reserveCapacity(stages.count)
        for (place, stage) in stages.enumerated() {
            let name = Name(task: stage.task, label: stage.label)
            let number: Int
            if let known = last[name], stage.isAlike(stages[ends[known].last]) {
                number = known
            } else {
                let likeness = Likeness(
                    name: name, recipe: stage.specification.recipe, yields: stage.outputs.union(stage.keptIfBest),
                    recomputes: stage.recomputes)
                number = kinds[likeness] ?? ends.count
                kinds[likeness] = number
                if number == ends.count { ends.append((place, place)) }
                last[name] = number
            }
            ends[number].last = place
            numbers.append(number)
        }
    }
}

extension PlannedStage {
    fileprivate func isAlike(_ other: PlannedStage) -> Bool {
        specification.hasRecipe(of: other.specification) && recomputes == other.recomputes
            && outputs == other.outputs && keptIfBest == other.keptIfBest
    }
}

extension SweepPlan {
    /// The stages at these places alone, with those that they start from, in no table.
    package func keeping(_ places: some Sequence<Int>) -> SweepPlan {
        var kept = Set(places)
        var open = Array(kept)
        while let place = open.popLast() {
            for input in stages[place].specification.inputs {
                // What a stage starts from comes before it, and seldom far.
                guard let source = stages[..<place].lastIndex(where: { $0.key == input.from }) else { continue }
                if kept.insert(source).inserted { open.append(source) }
            }
        }
        return SweepPlan(
            name: name, model: model, dataDirectory: dataDirectory, tasks: tasks,
            stages: kept.sorted().map { stages[$0] },
            rows: [])
    }
}
