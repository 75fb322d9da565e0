import Configuration
import Experiments
import Files
import Testing

struct SearchTests {
    let fixture: Fixture

    init() throws { fixture = try Fixture() }

    private func rates(_ plan: SweepPlan) -> [Double] { plan.stages.map(\.specification.recipe.learningRate) }

    @Test func `a search plans its points on its seeds first, and rows wait`() throws {
        let plan = try fixture.plan(fixture.read(searching("{ lr: 1e-4..5e-4 }")))
        #expect(rates(plan) == [1e-4, 2e-4, 5e-4])
        #expect(plan.stages.map(\.label) == ["finetune lr=1e-4", "finetune lr=2e-4", "finetune lr=5e-4"])
        #expect(plan.stages.allSatisfy { $0.specification.seed == 1 }, "the first of the sweep's seeds")
        #expect(plan.rows.map(\.seed) == [1, 2] && plan.rows.allSatisfy { $0.stages.isEmpty })
        let search = try #require(plan.searches.first)
        #expect(search.state == .open && search.split == .dev && search.seeds == [1])
        #expect(search.trials.map { $0.point.description } == ["lr 1e-4", "lr 2e-4", "lr 5e-4"])
    }

    @Test func `a point is called by its settings, be they the method's own`() throws {
        let plan = try fixture.plan(fixture.read(searching("{ lr: [2e-5, 1e-4] }")))
        #expect(plan.stages.map(\.label) == ["finetune lr=2e-5", "finetune lr=1e-4"], "2e-5 is the default")
    }

    @Test func `the best point feeds the real seeds, and what it shares with them is one stage`() throws {
        let request = try fixture.read(searching("{ lr: [1e-4, 5e-4, 1e-3], seeds: [2, 3], grow: 0 }"))
        let plan = try fixture.finish(request) { -abs($0.recipe.learningRate - 5e-4) }
        #expect(plan.searches[0].chosen?.description == "lr 5e-4")
        #expect(plan.stages.count == 3 * 2 + 1, "seed 2 was searched on")
        let stages = plan.rows.map { row in plan.stages.first { $0.key == row.stages.last } }
        #expect(stages.map { $0?.specification.recipe.learningRate } == [5e-4, 5e-4])
        #expect(stages.map { $0?.specification.seed } == [1, 2])
        #expect(stages.map { $0?.label } == ["finetune", "finetune lr=5e-4"])
    }

    @Test func `where less is better the point with the least is chosen, and shown as it is`() throws {
        try fixture.write("tasks.yaml", Fixture.tasks.replacing("metrics: pearson", with: "metrics: mae"))
        let request = try fixture.read(searching("{ lr: [1e-4, 5e-4, 1e-3], grow: 0 }", tasks: "[stsb]"))
        let search = try fixture.finish(request) { 1 + abs($0.recipe.learningRate - 5e-4) }.searches[0]
        #expect(search.chosen?.description == "lr 5e-4")
        #expect(search.trials.compactMap(\.score).min() == 1, "and not -1")
    }

    @Test func `the grid grows to its optimum`() throws {
        let request = try fixture.read(searching("{ lr: [1e-5, 2e-5], grow: 9 }"))
        let plan = try fixture.finish(request) { -abs($0.recipe.learningRate - 5e-4) }
        #expect(plan.searches[0].chosen?.description == "lr 5e-4")
        #expect(plan.searches[0].remarks.count == 5 && plan.searches[0].trials.count == 7)
    }

    @Test func `another grid uses what was run for the first`() throws {
        let first = try fixture.plan(fixture.read(searching("{ lr: [1e-4, 5e-4] }")))
        let second = try fixture.plan(fixture.read(searching("{ lr: [0.0005, 1e-3] }")))
        #expect(second.stages.first?.key == first.stages.last?.key)
        #expect(first.searches[0].asked != second.searches[0].asked)
    }

    @Test func `a searched setting is that of the stages that do not give their own`() throws {
        let request = try fixture.read(searching("{ lr: [1e-4, 1e-3] }", methods: "[eh-ft-bitfit]"))
        let plan = try fixture.plan(request)
        #expect(rates(plan) == [5e-4, 1e-4, 1e-3], "both points start from one head")
        #expect(plan.stages.map(\.label) == ["eh-ft-bitfit/1", "eh-ft-bitfit/2 lr=1e-4", "eh-ft-bitfit/2 lr=1e-3"])
        let first = try fixture.plan(fixture.read(searching("{ 1.lr: [1e-4, 1e-3] }", methods: "[eh-ft-bitfit]")))
        #expect(rates(first) == [1e-4, 2e-5, 1e-3, 2e-5])
    }

    @Test func `the method's search goes before the task's, and that before the sweep's`() throws {
        let text = searching(
            "{ lr: [1e-4] }", tasks: "{ cb: { search: { on: dev, lr: [2e-4] } }, rte: }",
            methods: "{ finetune: , bitfit: { search: none }, slow: { tune: all, search: { on: dev, batch: [8] } } }")
        let plan = try fixture.plan(fixture.read(text))
        #expect(
            plan.searches.map { "\($0.task) \($0.method) \($0.trials[0].point)" } == [
                "cb finetune lr 2e-4", "cb slow batch 8", "rte finetune lr 1e-4", "rte slow batch 8",
            ])
        #expect(plan.rows.filter { $0.method == "bitfit" }.allSatisfy { $0.stages.count == 1 })
    }

    @Test func `the command line can forbid searching, and what it sets is not searched`() throws {
        let text = searching("{ lr: [1e-4, 1e-3] }")
        #expect(try fixture.plan(fixture.read(text, set: ["search=none"])).searches.isEmpty)
        let fixed = try fixture.plan(fixture.read(text, set: ["lr=3e-5"]))
        #expect(fixed.searches.isEmpty && rates(fixed) == [3e-5, 3e-5])
        #expect(
            fixture.complaint(text, set: ["search=lr"])
                == "--set search=lr: searches are written in the sweep file; here 'search' can only be none")
    }

    @Test func `a run that ends on another task is judged by that one's metric`() throws {
        let stages = "[{ tune: all, share: 0.5 }, { tune: all, task: stsb, share: 0.5 }]"
        let text = sweep(
            tasks: "cb", methods: "{ a: { stages: \(stages) } }",
            more: "search: { on: dev, 2.lr: [1e-4, 1e-3], grow: 0 }")
        let request = try fixture.read(text)
        let first = try fixture.plan(request)
        let scored = first.stages.filter { $0.task == "stsb" }
        let metric = try #require(first.task(named: "stsb")?.definition.metrics.first)
        let known = zip(scored, [0.1, 0.2]).map { ($0.key, ended($1, by: metric)) }
        let plan = try fixture.plan(request, knowing: Dictionary(uniqueKeysWithValues: known))
        #expect(metric != .accuracy && plan.searches[0].chosen?.description == "2.lr 1e-3")
    }

    @Test func `a search of failed points makes its rows failed, in a sentence`() throws {
        let plan = try fixture.finish(fixture.read(searching("{ lr: [1e-4, 1e-3] }"))) { _ in nil }
        #expect(plan.searches[0].failure == "none of the 2 points tried has a score")
        #expect(plan.rows.allSatisfy { $0.stages.isEmpty })
    }

    @Test(arguments: [
        StageStanding.setAside(reason: "no space"), .failed(StageFailure(.badInput, "no space")), .cancelled,
    ])
    func `a search waits for a point that only went wrong, and says so`(standing: StageStanding) throws {
        let request = try fixture.read(searching("{ lr: [1e-4, 1e-3], grow: 0 }"))
        let keys = try fixture.plan(request).stages.map(\.key)
        let plan = try fixture.plan(request, knowing: [keys[0]: ended(0.4), keys[1]: standing])
        #expect(
            plan.searches[0].state == .waiting(reason: "lr 1e-3 has no verdict: \(standing.reason ?? "")"))
        #expect(plan.rows.allSatisfy { $0.stages.isEmpty })
        let mended = try fixture.plan(request, knowing: [keys[0]: ended(0.4), keys[1]: ended(0.6)])
        #expect(mended.searches[0].chosen?.description == "lr 1e-3")
        let diverged = StageStanding.failed(StageFailure(.diverged, "not finite"))
        let other = try fixture.plan(request, knowing: [keys[0]: ended(0.4), keys[1]: diverged])
        #expect(other.searches[0].chosen?.description == "lr 1e-4")
    }

    @Test func `a point whose first stage diverged is worse than any, though its last never ran`() throws {
        let text = searching("{ 1.lr: [1e-4, 1e-3], grow: 0 }", methods: "[eh-ft-bitfit]")
        let request = try fixture.read(text)
        let keys = try fixture.plan(request).stages.map(\.key)
        let known = [
            keys[0]: ended(0.1), keys[1]: ended(0.4),
            keys[2]: .failed(StageFailure(.diverged, "not finite")), keys[3]: .blocked(reason: "it starts from that"),
        ]
        #expect(try fixture.plan(request, knowing: known).searches[0].chosen?.description == "1.lr 1e-4")
    }

    @Test func `random draws and halving plan what they say`() throws {
        let text = searching("{ lr: log 1e-5..1e-2, batch: [16, 32], random: 8, halving: 2 }")
        let plan = try fixture.plan(fixture.read(text))
        #expect(plan.stages.count == 8)
        #expect(plan.stages.allSatisfy { $0.specification.recipe.budget == .epochs(10.0 / 8) })
        #expect(plan.stages[0].label.hasSuffix(" share=1/8"))
        let done = try fixture.finish(fixture.read(text))
        #expect(done.searches[0].trials.count == 8 + 4 + 2)
        #expect(done.rows.allSatisfy { !$0.stages.isEmpty })
        let last = try #require(done.stages.last)
        #expect(last.specification.recipe.budget == .epochs(10) && last.label == "finetune")
    }

    @Test func `whole numbers are drawn whole`() throws {
        let plan = try fixture.plan(fixture.read(searching("{ batch: 8..64, warmup: 0.6..0.9, random: 5 }")))
        #expect(plan.stages.count == 5 && plan.stages.contains { $0.specification.recipe.batch % 8 != 0 })
        #expect(plan.stages.allSatisfy { 0.6...0.9 ~= $0.specification.recipe.warmup })
    }

    @Test func `a grid does not grow into what a setting cannot be`() throws {
        let request = try fixture.read(searching("{ warmup: [0.5, 1] }"))
        let plan = try fixture.finish(request) { $0.recipe.warmup }
        #expect(plan.searches[0].chosen?.description == "warmup 1")
        #expect(plan.searches[0].remarks.last?.hasSuffix("'warmup' must be a number from 0 to 1, not '2'") == true)
    }

    @Test func `what is kept of real runs is kept of points that may become one`() throws {
        let text = searching("{ lr: [1e-4], seeds: [2, 9] }")
        let plan = try fixture.plan(fixture.read(text, set: ["keep=model"]))
        #expect(plan.stages.map { $0.outputs.contains(.backbone) } == [true, false])
    }

    /// A searched method on two tasks, and one that goes on from it on the other task.
    private func chain(_ search: String = "{ lr: [1e-4, 1e-3], grow: 0 }", rate: String = "2e-5") -> String {
        let then = "[{ task: stsb, tune: all, lr: \"\(rate)\", from: { backbone: previous } }]"
        return sweep(
            tasks: "[cb, stsb]", seeds: "1..2",
            methods: "{ finetune: { lr: 5e-5, search: \(onDev(search)) }, on: { like: finetune, then: \(then) } }")
    }

    @Test func `a chain begins as what it is like, with the settings that were found there`() throws {
        let request = try fixture.read(chain())
        let open = try fixture.plan(request)
        #expect(open.searches.map(\.method) == ["finetune", "finetune"], "on each task; the chain shares them")
        #expect(open.stages.count == 2 * 2 && open.rows.allSatisfy { $0.stages.isEmpty && $0.searches.count == 1 })
        let plan = try fixture.finish(request) { $0.recipe.learningRate }
        for task in ["cb", "stsb"] {
            let rows = plan.rows.filter { $0.task == task && $0.seed == 2 }
            #expect(rows.map(\.method) == ["finetune", "on"])
            #expect(rows[1].stages.first == rows[0].stages.first && rows[1].stages.count == 2)
        }
        let rates = plan.rows.map { row in
            row.stages.map { key in plan.stages.first { $0.key == key }?.specification.recipe.learningRate }
        }
        #expect(rates == [[1e-3], [1e-3], [1e-3, 2e-5], [1e-3, 2e-5], [1e-3], [1e-3], [1e-3, 2e-5], [1e-3, 2e-5]])
    }

    @Test func `a chain that is more than what it is like searches its own beginning`() throws {
        let text = chain().replacing("like: finetune,", with: "like: finetune, batch: 8,")
        let plan = try fixture.plan(fixture.read(text))
        #expect(plan.searches.map(\.method) == ["finetune", "on", "finetune", "on"])
        #expect(plan.stages.map(\.specification.recipe.batch) == [32, 32, 8, 8, 32, 32, 8, 8])
    }

    @Test func `a stage takes the rate that another method's search found on its task`() throws {
        let request = try fixture.read(chain(rate: "chosen(finetune, else=3e-5)"))
        let plan = try fixture.finish(request) {
            $0.task == Digest(of: Array("stsb".utf8)) ? nil : $0.recipe.learningRate
        }
        #expect(plan.searches.map { $0.failure == nil } == [true, false])
        #expect(plan.rows.filter { $0.method == "on" }.allSatisfy { $0.stages.isEmpty }, "on stsb nothing was found")
        let found = try fixture.finish(request) { -abs($0.recipe.learningRate - ($0.inputs.isEmpty ? 1e-4 : 0)) }
        let row = try #require(found.rows.first { $0.method == "on" })
        #expect(row.searches == [0, 1])
        #expect(found.stages.first { $0.key == row.stages[1] }?.specification.recipe.learningRate == 1e-4)
    }

    @Test func `which searches a row waits for does not depend on how far they have come`() throws {
        let then = """
            [{ name: x, task: stsb, tune: all, lr: "chosen(finetune, else=1e-5)", from: { backbone: previous } }, \
            { tune: all, lr: "chosen(bitfit, else=1e-5)", from: { backbone: x } }]
            """
        let text = sweep(
            tasks: "[cb, stsb]", seeds: "1",
            methods: "{ finetune: , bitfit: , lora: { tune: lora(8) }, on: { like: finetune, then: \(then) } }",
            more: "search: { on: dev, lr: [1e-4, 1e-3], grow: 0 }")
        let request = try fixture.read(text)
        let open = try fixture.plan(request)
        #expect(open.rows.first { $0.method == "on" }?.searches == [0, 3, 1])
        #expect(try fixture.finish(request).rows.map(\.searches) == open.rows.map(\.searches))
    }

    @Test func `a rate that the method searches itself is not taken from another`() throws {
        let methods = """
            { finetune: , b: { like: finetune, lr: "chosen(finetune, else=1e-5)", search: { on: dev, lr: [5e-4], grow: 0 } } }
            """
        let request = try fixture.read(
            sweep(tasks: "cb", seeds: "1", methods: methods, more: "search: { on: dev, lr: [1e-4], grow: 0 }"))
        let plan = try fixture.finish(request)
        #expect(rates(plan) == [1e-4, 5e-4] && plan.rows.map(\.searches) == [[0], [1]])
    }

    @Test func `a rate may be chosen by the search of a chain's beginning`() throws {
        let methods = """
            { finetune: , on: { like: finetune, then: [{ tune: all, lr: 1e-5, from: { backbone: previous } }] }, \
            d: { like: bitfit, search: none, lr: "chosen(on, else=3e-5)" } }
            """
        let request = try fixture.read(
            sweep(tasks: "cb", seeds: "1", methods: methods, more: "search: { on: dev, lr: [1e-4], grow: 0 }"))
        let plan = try fixture.finish(request)
        let row = try #require(plan.rows.last)
        #expect(plan.stages.first { $0.key == row.stages[0] }?.specification.recipe.learningRate == 1e-4)
    }

    @Test func `without that search the rate is the one that is given for it`() throws {
        let text = chain(rate: "chosen(finetune, else=3e-5)")
        for override in [["search=none"], ["tasks=cb"]] {
            let plan = try fixture.finish(fixture.read(text, set: override))
            let rates = plan.stages.filter { $0.task == "stsb" && !$0.specification.inputs.isEmpty }
                .map(\.specification.recipe.learningRate)
            #expect(!rates.isEmpty && rates.allSatisfy { $0 == 3e-5 }, "\(override)")
        }
    }

    @Test(arguments: [
        ("chosen(finetun, else=1e-5)", "which the sweep does not have; did you mean 'finetune'?"),
        ("chosen(finetune)", "'chosen' needs its argument 'else', a number above 0, for want of a search"),
        ("chosen(else=1e-5)", "'chosen' needs the method whose search it means, as chosen(finetune, else=2e-5)"),
        ("chosen(finetune, else=0)", "'else' of 'chosen' must be a number above 0, for want of a search, not '0'"),
    ])
    func `a rate that cannot be chosen is refused`(rate: String, complaint: String) {
        #expect(fixture.complaint(chain(rate: rate)).contains(complaint))
    }

    @Test func `the methods that a rate could be chosen for are named once each`() {
        let complaint = fixture.complaint(chain(rate: "chosen(lora, else=1e-5)"))
        #expect(complaint.hasSuffix("which the sweep does not have; known: finetune"), "\(complaint)")
    }

    @Test func `a rate cannot be chosen by a search that tries none`() {
        let complaint = fixture.complaint(chain("{ batch: [8, 16] }", rate: "chosen(finetune, else=3e-5)"))
        #expect(complaint.contains("method 'on' has the 'lr' chosen for 'finetune', whose search tries none"))
    }

    @Test(arguments: [
        (
            "{ lr: [] }",
            "sweep.yaml:7: the grid of 'lr' is empty; list the values to try, or give a range as 1e-5..1e-3"
        ),
        ("{ lr: }", "sweep.yaml:7: the grid of 'lr' is empty; list the values to try, or give a range as 1e-5..1e-3"),
        ("{ lr: 1e-3..1e-5 }", "sweep.yaml:7: the range 1e-3..1e-5 of 'lr' is empty; its smaller number comes first"),
        ("{ rl: [1e-3] }", "sweep.yaml:7: unknown key 'rl' in 'search' of the sweep; did you mean 'lr'?"),
        (
            "{ learning-rate: [1e-3] }",
            "sweep.yaml:7: unknown key 'learning-rate' in 'search' of the sweep; did you mean 'lr'?"
        ),
        ("{ lr: [1e-3, 0.001] }", "sweep.yaml:7: the values of 'lr' hold 0.001 twice"),
        ("{ lr: [fast] }", "sweep.yaml:7: 'lr' must be a number above 0, not 'fast'"),
        ("{ lr: 0..1 }", "sweep.yaml:7: 'lr' must be a number above 0, not '0'"),
        ("{ lr: 1..x }", "sweep.yaml:7: '1..x' is no range of 'lr'; write it as 1e-5..1e-3"),
        (
            "{ warmup: 0..1 }",
            "sweep.yaml:7: the range 0..1 of 'warmup' must begin above 0; list the values to try instead"
        ),
        (
            "{ lr: log 1e-5..1e-3 }",
            "sweep.yaml:7: 'log' is for points drawn with random: COUNT; a grid's ranges always go by 1, 2, 5"
        ),
        (
            "{ seeds: [1] }",
            "sweep.yaml:7: 'search' of the sweep names no setting; write one with its values, as lr: 1e-5..1e-3"
        ),
        ("{ validation: [0.1, 0.2] }", "sweep.yaml:7: 'validation' cannot be searched; give it in the method"),
        ("{ lr: [1e-3], grow: -1 }", "sweep.yaml:7: 'grow' must be a whole number from 0 to 100, not '-1'"),
        ("{ lr: [1e-3], halving: 1 }", "sweep.yaml:7: 'halving' must be a whole number from 2 to 1000, not '1'"),
        (
            "{ lr: [1e-3], grow: 1, random: 2 }",
            "sweep.yaml:7: 'grow' is for a grid that is tried whole; leave it out here"
        ),
        ("{ lr: [1e-3], random-seed: 1 }", "sweep.yaml:7: 'random-seed' goes with random: COUNT"),
        (
            "{ lr: 1e-30..1, batch: 1..1000, accumulation: 1..100 }",
            "sweep.yaml:7: the grid has more than 1000 points; give fewer values, or draw some with random: COUNT"
        ),
        (
            "{ batch: [4, 8], accumulation: [8] }",
            "sweep.yaml:7: the search of method 'finetune' cannot try batch 4, accumulation 8: "
                + "'accumulation' is 8, more than the 4 examples of a batch"
        ),
        ("{ 2.lr: [1e-3] }", "sweep.yaml:7: method 'finetune' has no stage '2' for '2.lr'; it has one stage"),
        ("[lr]", "sweep.yaml:7: 'search' of the sweep must be a mapping of keys to values"),
        (
            "{ on: test, lr: [1e-3] }",
            "sweep.yaml:7: 'on' of the search must be validation, validation(0.2) or dev, not 'test'"
        ),
        (
            "{ on: validation(1), lr: [1e-3] }",
            "sweep.yaml:7: 'share' of 'validation' must be a number between 0 and 1, not '1'"
        ),
        ("{ on: dev(2), lr: [1e-3] }", "sweep.yaml:7: 'dev' takes no arguments"),
        ("{ validation-seed: [1] }", "sweep.yaml:7: 'validation-seed' cannot be searched; give it in the method"),
    ])
    func `a search that cannot be is refused`(search: String, complaint: String) {
        #expect(fixture.complaint(searching(search)) == complaint)
    }

    @Test func `a search that would change nothing is refused`() {
        let methods = "{ a: [{ tune: head, lr: 1 }, { tune: all, lr: 1, from: { head: previous } }] }"
        #expect(
            fixture.complaint(searching("{ lr: [1e-3] }", methods: methods))
                == "sweep.yaml:7: every stage of method 'a' gives its own 'lr'; search that of one, as 2.lr, or "
                + "give the method search: none")
    }

    @Test func `a method of several stages may have a search of its own beside them`() throws {
        let stages =
            "[{ tune: head, lr: 1, share: 0.5 }, { tune: all, name: last, share: 0.5, from: { head: previous } }]"
        let methods = "{ a: { batch: 8, search: { on: dev, last.lr: [1e-4, 1e-3] }, stages: \(stages) } }"
        let plan = try fixture.plan(fixture.read(sweep(tasks: "cb", methods: methods)))
        #expect(rates(plan) == [1, 1e-4, 1e-3] && plan.stages.allSatisfy { $0.specification.recipe.batch == 8 })
        #expect(plan.stages.map(\.label) == ["a/1", "a/last last.lr=1e-4", "a/last last.lr=1e-3"])
    }
}
