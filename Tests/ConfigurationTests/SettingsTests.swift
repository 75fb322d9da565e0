import Configuration
import Experiments
import Testing

/// Where each setting lands, seen through the plan of a sweep.
struct SettingsTests {
    let fixture: Fixture

    init() throws { fixture = try Fixture() }

    private func recipe(_ settings: String) throws -> Recipe {
        let request = try fixture.read(sweep(tasks: "cb", seeds: "1", methods: "{ m: { tune: all, \(settings) } }"))
        return try #require(try fixture.plan(request).stages.first).specification.recipe
    }

    @Test(arguments: Precision.allCases)
    func `an automatic precision is what the planning host multiplies fastest in`(precision: Precision) throws {
        var catalogs = try fixture.catalogs()
        catalogs.automaticPrecision = precision
        for (written, expected) in [("auto", precision), ("fp32", .fp32), ("bf16", .bf16)] {
            let text = sweep(tasks: "cb", seeds: "1", methods: "{ m: { tune: all, precision: \(written) } }")
            let request = try fixture.read(text, catalogs: catalogs)
            let stage = try #require(try fixture.plan(request).stages.first)
            #expect(stage.specification.recipe.precision == expected, "\(written)")
        }
    }

    private func base(_ change: (inout Recipe) -> Void) -> Recipe {
        var recipe = Recipe()
        recipe.budget = .epochs(10)
        change(&recipe)
        return recipe
    }

    @Test func `each setting lands in its place and nowhere else`() throws {
        let landings: [(String, (inout Recipe) -> Void)] = [
            ("epochs: 4", { $0.budget = .epochs(4) }),
            ("max-steps: 20", { $0.budget = .steps(20) }),
            ("batch: 8", { $0.batch = 8 }),
            ("accumulation: 2", { $0.accumulation = 2 }),
            ("lr: 1e-3", { $0.learningRate = 1e-3 }),
            ("warmup: 0", { $0.warmup = 0 }),
            ("decay: constant", { $0.decay = .constant }),
            ("head: \"mlp(2048)\"", { $0.head = .mlp(width: 2048) }),
            ("head: hf", { $0.head = .hf }),
            ("head: pooled", { $0.head = .pooled }),
            ("weight-decay: 0", { $0.optimizer.weightDecay = 0 }),
            (
                "betas: [0.8, 0.98]",
                {
                    $0.optimizer.beta1 = 0.8
                    $0.optimizer.beta2 = 0.98
                }
            ),
            ("epsilon: 1e-6", { $0.optimizer.epsilon = 1e-6 }),
            ("clip: 0.1", { $0.clip = 0.1 }),
            ("clip: none", { $0.clip = nil }),
            ("dropout: 0", { $0.dropout = 0 }),
            ("dropout: model", { $0.dropout = nil }),
            ("dropout-share: 0.1", { $0.dropoutShare = 0.1 }),
            ("dropout-share: 1", { _ in }),
            ("slow-start: 100", { $0.slowStart = 100 }),
            ("slow-start: 0", { _ in }),
            (
                "slow-start: 100, slow-rate: exactly",
                {
                    $0.slowStart = 100
                    $0.slowRate = .exactly
                }
            ),
            ("slow-rate: at-most", { _ in }),
            ("reinit: head-biases", { $0.reinitialization = .headBiases }),
            ("logistic: true", { $0.isLogistic = true }),
            ("logistic: false", { _ in }),
            ("shuffle: false", { $0.shuffle = .never }),
            ("shuffle: once", { $0.shuffle = .once }),
            ("max-length: 64", { $0.maxLength = 64 }),
            ("truncate: first", { $0.truncation = .first }),
            ("blocks: max-length", { _ in }),
            ("evaluations: 2", { $0.evaluations = 2 }),
            ("select: best", { $0.selection = .best }),
            ("select: latest-best", { $0.selection = .latestBest }),
            ("patience: none", { _ in }),
            (
                "patience: 3",
                {
                    $0.patience = 3
                    $0.selection = .best
                }
            ),
            (
                "patience: 3, select: latest-best",
                {
                    $0.patience = 3
                    $0.selection = .latestBest
                }
            ),
            ("class-weights: balanced", { $0.classWeights = .balanced }),
            ("class-weights: none", { _ in }),
            ("class-weights: [1, 2.5, 4]", { $0.classWeights = .given([1, 2.5, 4]) }),
            ("label-smoothing: 0.1", { $0.labelSmoothing = 0.1 }),
            ("label-smoothing: 0", { _ in }),
            ("layer-decay: 0.9", { $0.layerDecay = 0.9 }),
            ("layer-decay: 1", { _ in }),
            ("validation: 0.2", { $0.validation = 0.2 }),
            ("validation: none", { $0.validation = nil }),
            (
                "samples: 50, validation: 0.2, validation-of: samples",
                {
                    $0.samples = 50
                    $0.validation = 0.2
                    $0.validationBase = .samples
                }
            ),
            (
                "validation: 0.2, validation-seed: 7",
                {
                    $0.validation = 0.2
                    $0.validationSeed = 7
                }
            ),
            ("validation-seed: 7", { _ in }),
            ("samples: 50, validation-of: samples", { $0.samples = 50 }),
            ("validation: 0.2, validation-of: samples", { $0.validation = 0.2 }),
            ("precision: auto", { $0.precision = .fp32 }),
            ("precision: bf16", { $0.precision = .bf16 }),
            ("allreduce: bf16", { $0.allreduce = .bf16 }),
            ("allreduce: fp32", { _ in }),
        ]
        for (text, change) in landings { #expect(try recipe(text) == base(change), "\(text)") }
    }

    @Test func `what the help says holds without a setting is what holds`() throws {
        let help = Settings.help
        for line in help.split(separator: "\n") { #expect(line.count <= 100) }
        let said = [
            "(3)", "(32)", "(2e-5)", "(0.1)", "(linear)", "(0.01)", "(0.9, 0.999)", "(1e-8)", "(128)", "(none)",
        ]
        for value in said { #expect(help.contains(value)) }
        let spelledOut = try recipe(
            """
            batch: 32, accumulation: 1, lr: 2e-5, warmup: 0.1, decay: linear, head: linear, weight-decay: 0.01, \
            betas: [0.9, 0.999], epsilon: 1e-8, clip: 1, dropout: model, shuffle: true, max-length: 128, \
            truncate: longest, evaluations: 1, select: last, validation: none, precision: auto
            """)
        #expect(spelledOut == base { _ in })
    }

    @Test func `where no layer moves, how rates fall over them makes no other stage`() throws {
        let request = try fixture.read(
            sweep(
                tasks: "cb", seeds: "1", defaults: "{ layer-decay: 0.9 }",
                methods: "{ a: { tune: head }, b: { tune: all } }"))
        #expect(try fixture.plan(request).stages.map(\.specification.recipe.layerDecay) == [1, 0.9])
    }

    @Test func `a share divides epochs and steps`() throws {
        let method = { (budget: String) in
            "{ m: [{ tune: head, share: 0.1 }, { tune: all, share: 0.9, from: { head: previous } }] }"
        }
        let budgets = { (defaults: String) in
            let request = try fixture.read(sweep(tasks: "cb", seeds: "1", defaults: defaults, methods: method("")))
            return try fixture.plan(request).stages.map(\.specification.recipe.budget)
        }
        #expect(try budgets("{ epochs: 30 }") == [.epochs(3), .epochs(27)])
        #expect(try budgets("{ max-steps: 25 }") == [.steps(3), .steps(23)])
        #expect(try budgets("{ max-steps: 2 }") == [.steps(1), .steps(2)])
    }

    @Test func `a tenth of the epochs is the same stage as so many epochs`() throws {
        let methods = """
            { a: [{ tune: bitfit, share: 0.1 }, { tune: all, share: 0.9, from: { head: previous } }], \
              b: { tune: bitfit, epochs: 0.7 } }
            """
        let plan = try fixture.plan(
            fixture.read(sweep(tasks: "cb", seeds: "1", defaults: "{ epochs: 7 }", methods: methods)))
        #expect(plan.stages.map(\.label) == ["a/1", "a/2"])
    }

    @Test func `the most specific place wins`() throws {
        let methods = """
            { finetune: { tune: all }, bitfit: , warm: { like: bitfit, lr: 1e-3, warmup: 0.5 }, \
              two: [{ tune: head, lr: 5e-3, share: 0.5 }, { tune: all, share: 0.5, from: { head: previous } }] }
            """
        let text = sweep(
            tasks: "{ cb: { epochs: 20, lr: 7e-5 }, rte: }", seeds: "1", defaults: "{ epochs: 10, lr: 3e-5 }",
            methods: methods)
        let settings = { (overrides: [String]) in
            try fixture.plan(fixture.read(text, set: overrides)).stages.map { stage in
                let recipe = stage.specification.recipe
                return "\(stage.task) \(stage.label) \(recipe.learningRate) \(recipe.warmup) \(recipe.budget)"
            }
        }
        #expect(
            try settings([]) == [
                "cb finetune 7e-05 0.1 epochs(20.0)", "cb bitfit 0.0005 0.1 epochs(20.0)",
                "cb warm 0.001 0.5 epochs(20.0)", "cb two/1 0.005 0.1 epochs(10.0)", "cb two/2 7e-05 0.1 epochs(10.0)",
                "rte finetune 3e-05 0.1 epochs(10.0)", "rte bitfit 0.0005 0.1 epochs(10.0)",
                "rte warm 0.001 0.5 epochs(10.0)", "rte two/1 0.005 0.1 epochs(5.0)", "rte two/2 3e-05 0.1 epochs(5.0)",
            ])
        #expect(
            try settings(["lr=1", "epochs=2", "tasks=rte", "methods=two,finetune"]) == [
                "rte two/1 1.0 0.1 epochs(1.0)", "rte two/2 1.0 0.1 epochs(1.0)", "rte finetune 1.0 0.1 epochs(2.0)",
            ])
    }

    @Test func `of epochs and steps the more specific holds, and in one place the steps`() throws {
        let budget = { (defaults: String, method: String, overrides: [String]) in
            let methods = "{ m: { tune: all, \(method) } }"
            let text = sweep(tasks: "cb", seeds: "1", defaults: defaults, methods: methods)
            return try fixture.plan(fixture.read(text, set: overrides)).stages.map(\.specification.recipe.budget)
        }
        #expect(try budget("{ epochs: 2 }", "max-steps: 5", []) == [.steps(5)])
        #expect(try budget("{ max-steps: 5 }", "epochs: 2", []) == [.epochs(2)])
        #expect(try budget("{ max-steps: 5, epochs: 2 }", "lr: 1", []) == [.steps(5)])
        #expect(try budget("{ max-steps: 5 }", "lr: 1", ["epochs=4"]) == [.epochs(4)])
        #expect(try budget("{ epochs: 5 }", "epochs: 3", ["max-steps=7"]) == [.steps(7)])
    }
}
