import Experiments
import Files
import Testing

struct StageSelectorTests {
    /// Two methods share their first stage, as `lp-ft/1`; one of them has a stage of its own besides.
    private struct Shared {
        let plan: SweepPlan
        let first, second: StageKey

        init() throws {
            let digest = Digest(of: [])
            let specifications = [1, 2].map { seed in
                StageSpecification(backbone: digest, task: digest, recipe: Recipe(), seed: seed)
            }
            let keys = try specifications.map { try $0.key() }
            (first, second) = (keys[0], keys[1])
            let stages = zip(specifications, [("lp-ft/1", "rte"), ("lp-bit/2", "cb")]).map { specification, name in
                PlannedStage(
                    key: specification.seed == 1 ? keys[0] : keys[1], specification: specification, task: name.1,
                    label: name.0, outputs: [])
            }
            plan = SweepPlan(
                name: "small", model: ModelLocation(name: "m", path: "/m", content: digest), dataDirectory: "/d",
                tasks: [], stages: stages,
                rows: [
                    SweepRow(task: "cb", method: "lp-bit", seed: 7, stages: keys),
                    SweepRow(task: "rte", method: "lp-ft", seed: 1, stages: [keys[0]]),
                ])
        }

        func selected(by selector: StageSelector, state: StageState = .waiting) -> [StageKey] {
            let chosen = plan.stages(servingAs: selector)
            return plan.stages.map(\.key).filter { chosen.contains($0) && selector.admits($0, state) }
        }
    }

    @Test func `a shared stage is of every method that it serves`() throws {
        let shared = try Shared()
        #expect(shared.selected(by: StageSelector(method: "lp-ft")) == [shared.first])
        #expect(shared.selected(by: StageSelector(method: "lp-bit")) == [shared.first, shared.second])
        #expect(shared.selected(by: StageSelector(method: "lp")) == [])
    }

    @Test func `conditions hold together, for one and the same role`() throws {
        let shared = try Shared()
        #expect(shared.selected(by: .all) == [shared.first, shared.second])
        #expect(shared.selected(by: StageSelector(sweep: "other")) == [])
        #expect(shared.selected(by: StageSelector(task: "cb", seed: 7)) == [shared.first, shared.second])
        #expect(shared.selected(by: StageSelector(task: "rte", seed: 7)) == [])
        #expect(shared.selected(by: StageSelector(method: "lp-ft", key: shared.second.short)) == [])
        #expect(shared.selected(by: StageSelector(key: shared.second.short)) == [shared.second])
        #expect(shared.selected(by: StageSelector(state: .failed)) == [])
        #expect(shared.selected(by: StageSelector(state: .failed), state: .failed).count == 2)
    }
}
