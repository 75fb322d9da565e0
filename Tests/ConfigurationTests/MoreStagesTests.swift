import Configuration
import Experiments
import Testing

/// Methods that are another one with more stages behind it.
struct MoreStagesTests {
    let fixture: Fixture

    init() throws { fixture = try Fixture() }

    private let then = """
        [{ name: second, task: rte, tune: head, lr: 4e-4, from: { delta: tuned } },
         { task: rte, tune: all, lr: 1e-5, epochs: 1, from: { delta: tuned, head: second } }]
        """

    private var methods: String {
        """

          subset: [{ name: tuned, tune: random(0.1), share: 0.5 }]
          subset-then-rte: { like: subset, lr: 7e-4, then: \(then.replacing("\n", with: " ")) }
        """
    }

    @Test func `a method goes on after one further up in the sweep`() throws {
        let plan = try fixture.plan(fixture.read(sweep(tasks: "[cb]", seeds: "1", methods: methods)))
        let stages = plan.stages.map(\.specification.recipe)
        #expect(stages.count == 4, "the two methods' first stages have different rates")
        #expect(plan.rows[1].stages == plan.stages[1...].map(\.key))
        #expect(stages.map(\.learningRate) == [2e-5, 7e-4, 4e-4, 1e-5])
        #expect(stages.map(\.tune) == [.entries(.drawn(share: 0.1)), .entries(.drawn(share: 0.1)), .head, .all])
        #expect(plan.stages.map(\.task) == ["cb", "cb", "rte", "rte"])
        #expect(
            plan.stages.map(\.label) == [
                "subset", "subset-then-rte/tuned", "subset-then-rte/second", "subset-then-rte/3",
            ])
    }

    @Test func `what is the same is one stage`() throws {
        let same = methods.replacing("lr: 7e-4, ", with: "")
        let plan = try fixture.plan(fixture.read(sweep(tasks: "[cb]", seeds: "1", methods: same)))
        #expect(plan.stages.count == 3)
        #expect(plan.rows[0].stages == [plan.rows[1].stages[0]])
    }

    @Test(arguments: ["", ", then: [{ tune: all, from: { backbone: previous } }]"])
    func `a stage outranks the method, with more stages behind it and without`(then: String) throws {
        let methods = """

              own: [{ tune: all, epochs: 3 }, { tune: all, from: { backbone: previous } }]
              like-it: { like: own, max-steps: 50\(then) }
            """
        let plan = try fixture.plan(fixture.read(sweep(tasks: "[cb]", seeds: "1", methods: methods)))
        let budgets = plan.rows[1].stages.map { key in
            plan.stages.first { $0.key == key }?.specification.recipe.budget
        }
        #expect(budgets.prefix(2) == [.epochs(3), .steps(50)])
    }

    @Test func `what refines a chain searches the chain's beginning, and what only goes on shares its search`() throws {
        let then = "[{ tune: all, lr: 1e-5, from: { backbone: previous } }]"
        let text = sweep(
            tasks: "[cb]", seeds: "1",
            methods: """
                { finetune: , on: { like: finetune, then: \(then) }, clipped: { like: on, clip: none }, \
                further: { like: on, then: \(then) } }
                """,
            more: "search: { on: dev, batch: [8, 16], grow: 0 }")
        let plan = try fixture.plan(fixture.read(text))
        #expect(plan.searches.map(\.method) == ["finetune", "clipped"])
        #expect(plan.stages.map(\.specification.recipe.batch) == [8, 16, 8, 16], "of one stage each")
        #expect(plan.rows.map(\.searches) == [[0], [0], [1], [0]])
    }

    @Test(arguments: [
        ("{ like: bitfit, then: [] }", "'then' of method 'more' is empty"),
        ("{ like: bitfit, then: [{ lr: 1 }] }", "stage 1 of 'then' of method 'more' does not say what to tune"),
        ("{ then: [{ tune: all }] }", "method 'more' does not say what to tune, and no known method has its name"),
        ("{ like: bitfit, then: { tune: all } }", "'then' of method 'more' must be a list"),
    ])
    func `a wrong continuation is told with its line`(method: String, sentence: String) throws {
        let told = fixture.complaint(sweep(methods: "\n  more: \(method)"))
        #expect(told.hasPrefix("sweep.yaml:7: \(sentence)"), "\(told)")
    }

    @Test func `methods are left out with a minus before their names`() throws {
        let request = try fixture.read(sweep(), set: ["methods=-bitfit,-finetune"])
        #expect(try fixture.plan(request).methods == ["eh-ft-bitfit"])
        #expect(
            fixture.complaint(sweep(), set: ["methods=-bitfitt"])
                == "--set methods=-bitfitt: the sweep has no method 'bitfitt' to leave out; did you mean 'bitfit'?")
        #expect(
            fixture.complaint(sweep(), set: ["methods=-bitfit,finetune"])
                == "--set methods=-bitfit,finetune: name the methods to run, or with '-' those to leave out")
    }
}
