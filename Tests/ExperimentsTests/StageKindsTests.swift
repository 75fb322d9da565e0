import Experiments
import Files
import TestKit
import Testing

struct StageKindsTests {
    private func stage(
        _ label: String, seed: UInt64, rate: Double = 1e-3, from source: StageKey? = nil, recomputes: Bool = false
    ) throws -> PlannedStage {
        var recipe = Recipe()
        recipe.learningRate = rate
        let inputs = source.map { [StageInput(kind: .head, from: $0)] } ?? []
        let specification = makeSpecification(seed: seed, recipe, from: inputs)
        return PlannedStage(
            key: try specification.key(), specification: specification, task: "rte", label: label, outputs: [.head],
            recomputes: recomputes)
    }

    @Test func `stages are of a kind where nothing but the seed and what they start from differs`() throws {
        var stages: [PlannedStage] = []
        for seed in 1...3 {
            let first = try stage("a/1", seed: UInt64(seed))
            stages += [first, try stage("a/2", seed: UInt64(seed), rate: 2e-3, from: first.key)]
        }
        stages += [try stage("a/1", seed: 4, rate: 5e-3), try stage("a/1", seed: 5)]
        stages += [try stage("b", seed: 6), try stage("a/1", seed: 7, recomputes: true)]
        let kinds = StageKinds(makePlan(stages: stages).stages)
        #expect(kinds.numbers == [0, 1, 0, 1, 0, 1, 2, 0, 3, 4])
        #expect(kinds.ends.map(\.first) == [0, 1, 6, 8, 9])
        #expect(kinds.ends.map(\.last) == [7, 5, 6, 8, 9])
    }

    @Test func `some stages of a plan are kept with all that they start from`() throws {
        let one = try stage("a/1", seed: 1)
        let two = try stage("a/2", seed: 1, from: one.key)
        let three = try stage("a/3", seed: 1, from: two.key)
        let plan = makePlan(stages: [one, try stage("b", seed: 2), two, try stage("b", seed: 3), three])
        #expect(plan.keeping([4, 1]).stages.map(\.label) == ["a/1", "b", "a/2", "a/3"])
        #expect(plan.keeping([3]).stages.map(\.specification.seed) == [3])
    }
}
