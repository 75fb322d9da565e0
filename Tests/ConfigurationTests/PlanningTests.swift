import Configuration
import Experiments
import Files
import Testing

struct PlanningTests {
    let fixture: Fixture

    init() throws { fixture = try Fixture() }

    @Test func `a sweep becomes stages in order and rows by task, method and seed`() throws {
        let plan = try fixture.plan(fixture.read(sweep()))
        #expect(plan.name == "small")
        #expect(plan.tasks.map(\.definition.name) == ["cb", "rte"])
        #expect(
            plan.rows.map { "\($0.task) \($0.method) \($0.seed)" }.prefix(4) == [
                "cb finetune 1", "cb finetune 2", "cb bitfit 1", "cb bitfit 2",
            ])
        #expect(plan.rows.count == 12)
        #expect(plan.stages.count == 16)
        #expect(Set(plan.stages.map(\.key)).count == 16)
        #expect(
            plan.stages.prefix(6).map(\.label) == [
                "finetune", "finetune", "bitfit", "bitfit", "eh-ft-bitfit/1", "eh-ft-bitfit/2",
            ])
        for stage in plan.stages { #expect(try stage.specification.key() == stage.key) }
    }

    @Test func `whatever a stage starts from comes before it and yields that kind`() throws {
        let plan = try fixture.plan(fixture.read(sweep()))
        for (index, stage) in plan.stages.enumerated() {
            for input in stage.specification.inputs {
                let producer = try #require(plan.stages.prefix(index).first { $0.key == input.from })
                #expect(producer.outputs.contains(input.kind))
                #expect(producer.task == stage.task)
                #expect(producer.specification.seed == stage.specification.seed)
            }
        }
    }

    @Test func `methods that share a stage run it once, under the first one's name`() throws {
        let methods = """
            { a: [{ tune: head, share: 0.1 }, { tune: all, share: 0.9, from: { head: previous } }], \
              b: [{ tune: head, share: 0.1 }, { tune: bitfit, share: 0.9, from: { head: previous } }] }
            """
        let plan = try fixture.plan(fixture.read(sweep(tasks: "cb", methods: methods)))
        #expect(plan.stages.map(\.label) == ["a/1", "a/2", "a/1", "a/2", "b/2", "b/2"])
        #expect(plan.rows[0].stages[0] == plan.rows[2].stages[0])
    }

    @Test func `a second sweep with one more seed has all stages of the first`() throws {
        let first = try fixture.plan(fixture.read(sweep(seeds: "1..2")))
        let second = try fixture.plan(fixture.read(sweep(seeds: "1..3")))
        #expect(Set(first.stages.map(\.key)).isSubset(of: second.stages.map(\.key)))
        #expect(second.stages.count - first.stages.count == 8)
    }

    @Test func `what is measured is owed by the stages and no part of their keys`() throws {
        let plain = try fixture.plan(fixture.read(sweep()))
        let measured = try fixture.plan(fixture.read(sweep(), set: ["measure=cost, convergence"]))
        #expect(measured.stages.map(\.key) == plain.stages.map(\.key))
        #expect(measured.stages.allSatisfy { $0.measures == [.convergence, .cost] && $0.outputs.contains(.log) })
        #expect(plain.stages.allSatisfy { $0.measures.isEmpty && !$0.outputs.contains(.log) })
    }

    @Test func `what is computed again is no part of a key, and one method of a shared stage may ask for it`() throws {
        let methods = "{ a: { tune: all }, b: { tune: all, gradient-checkpointing: true } }"
        let shared = try fixture.plan(fixture.read(sweep(tasks: "cb", seeds: "1", methods: methods)))
        #expect(shared.stages.map(\.recomputes) == [true])
        let plain = try fixture.plan(
            fixture.read(sweep(tasks: "cb", seeds: "1", methods: "{ a: { tune: all } }")))
        #expect(plain.stages.map(\.recomputes) == [false] && plain.stages.map(\.key) == shared.stages.map(\.key))
    }

    @Test func `a shared stage measures what any of its methods asks for`() throws {
        let methods = """
            { a: { tune: all, measure: [cost] }, b: { tune: all, measure: gradient-norms }, c: { tune: all } }
            """
        let plan = try fixture.plan(fixture.read(sweep(tasks: "cb", seeds: "1", methods: methods)))
        #expect(plan.stages.map(\.measures) == [[.cost, .gradientNorms]])
    }

    @Test func `heads are always kept, biases too, whole models on request`() throws {
        let outputs = { (overrides: [String]) in
            try fixture.plan(fixture.read(sweep(tasks: "cb", seeds: "1"), set: overrides)).stages.map { stage in
                stage.outputs.sorted().map(\.rawValue).joined(separator: " ")
            }
        }
        #expect(try outputs([]) == ["head", "delta head", "delta head", "head"])
        for word in ["all", "model"] {
            #expect(try outputs(["keep=\(word)"]) == ["backbone head", "delta head", "delta head", "backbone head"])
        }
        #expect(try outputs(["keep=none"]) == outputs([]))
    }

    @Test func `of the last stages whole models are those of the best seeds, unless all or none are asked for`() throws
    {
        let kept = { (overrides: [String]) in
            try fixture.plan(fixture.read(sweep(tasks: "cb", seeds: "1"), set: overrides)).stages.map(\.keptIfBest)
        }
        #expect(try kept([]) == [[.backbone], [], [], [.backbone]])
        for word in ["all", "model", "none", "head"] {
            #expect(try kept(["keep=\(word)"]).allSatisfy(\.isEmpty))
        }
        let keys = try [[], ["keep=all"], ["keep=none"]].map { overrides in
            try fixture.plan(fixture.read(sweep(), set: overrides)).stages.map(\.key)
        }
        #expect(keys[0] == keys[1] && keys[1] == keys[2], "what is kept is not what a stage is")
    }

    @Test func `the command line chooses seeds, tasks and model`() throws {
        let overrides = ["seeds=7,9..10", "tasks=rte", "model=\(fixture.directory)/tiny-bert"]
        let request = try fixture.read(sweep(), set: overrides)
        #expect(request.seeds == [7, 9, 10])
        #expect(request.datasets.map(\.name) == ["rte"])
        #expect(request.model.name == "tiny-bert")
    }

    @Test func `one method on one task is a sweep of one row`() throws {
        let catalogs = try fixture.catalogs()
        let named = try SweepRequest.single(
            model: "tiny", task: "rte", method: .named("eh-ft-bitfit"), seed: 3, keep: .all, catalogs: catalogs,
            overrides: [Override("max-steps=20"), Override("dropout=0")])
        let plan = try fixture.plan(named)
        #expect(plan.rows.map(\.stages.count) == [2])
        #expect(plan.stages.map(\.specification.recipe.budget) == [.steps(2), .steps(18)])
        #expect(plan.stages.allSatisfy { $0.specification.recipe.dropout == 0 })
        let tuned = try SweepRequest.single(
            model: "tiny", task: "rte", method: .tuning("bitfit"), seed: 3, keep: .none, catalogs: catalogs,
            overrides: [])
        #expect(try fixture.plan(tuned).stages.map(\.specification.recipe.tune) == [.bitfit])
        let complaint = fixture.told {
            _ = try SweepRequest.single(
                model: "tiny", task: "rte", method: .tuning("biases"), seed: 3, keep: .none, catalogs: catalogs,
                overrides: [])
        }
        #expect(
            complaint
                == "--tune biases: 'tune' must be \(Tune.spellings.dropLast().joined(separator: ", ")) or prune(P), not 'biases'"
        )
    }

    @Test func `a task that was not read stops the planning`() throws {
        let request = try fixture.read(sweep())
        let model = ModelLocation(name: "tiny", path: "", content: Digest(of: [1]))
        let complaint = fixture.told { _ = try request.plan(model: model, dataDirectory: "", tasks: []) }
        #expect(complaint == "task 'cb' was not read, so the sweep cannot be planned")
    }
}
