import Configuration
import Experiments
import Foundation
import Testing

/// What was read is written so that reading it again gives the same.
struct WrittenTests {
    let fixture: Fixture

    init() throws { fixture = try Fixture() }

    private static let configs = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("configs").path

    // MARK: - Settings

    private func recipe(_ settings: String) throws -> Recipe {
        let request = try fixture.read(
            sweep(tasks: "cb", seeds: "1", defaults: "{}", methods: "{ m: { \(settings) } }"))
        return try #require(try fixture.plan(request).stages.first).specification.recipe
    }

    @Test(arguments: [
        "epochs: 4", "max-steps: 20", "batch: 8", "accumulation: 2", "samples: 50", "shuffle: once", "lr: 1e-3",
        "warmup: 0", "decay: constant", "floor: 0.1", "slow-start: 100", "slow-start: 9, slow-rate: exactly",
        "layer-decay: 0.9", "loss: sum", "class-weights: balanced", "class-weights: [1, 2.5, 4]",
        "label-smoothing: 0.1", "optimizer: adam", "weight-decay: 0", "betas: [0.8, 0.98]", "epsilon: 1e-6",
        "clip: none", "clip: 0.1", "head: \"mlp(2048)\"", "logistic: true", "dropout: 0", "dropout-share: 0.1",
        "max-length: 64", "truncate: first", "precision: bf16", "allreduce: bf16", "child: f(0.3)", "mixout: 0.7",
        "mixout: 0.7, mixout-layers: all", "l1: 0.1", "l2: 0.1", "recadam: \"recadam(0.1, 250, 5000)\"",
        "reinit: biases", "evaluations: 2", "select: best", "patience: 3", "validation: 0.2",
        "validation: 0.2, validation-seed: 7", "samples: 50, validation: 0.2, validation-of: samples",
    ])
    func `every setting of a recipe is shown, and written as it is read`(settings: String) throws {
        let plain = Settings.written(try recipe("tune: all"))
        let changed = try recipe("tune: all, \(settings)")
        let written = Settings.written(changed)
        let differing = written.filter { !plain.contains($0) }
        #expect(!differing.isEmpty, "nothing shows it")
        #expect(differing.allSatisfy { !$0.isDefault })
        let text = differing.map { "\($0.key): \(YAMLText.quoted($0.value))" }.joined(separator: ", ")
        #expect(try recipe("tune: all, \(text)") == changed)
    }

    @Test func `no setting is forgotten`() throws {
        // Those of a stage's place in its method are none of its recipe.
        let others: Set = ["name", "task", "seed", "from"]
        var shown = Set(Settings.written(try recipe("tune: all")).map(\.key))
        for more in [
            "max-steps: 3", "samples: 9", "child: f(0.3)", "recadam: \"recadam(0.1, 2, 5)\"", "mixout: 0.7",
            "reinit: biases", "patience: 3", "validation: 0.2, validation-seed: 7",
        ] {
            shown.formUnion(Settings.written(try recipe("tune: all, \(more)")).map(\.key))
        }
        let gathering = "[{ name: s, estimate: fisher }, { tune: fisher(0.1), from: { statistics: s } }]"
        let request = try fixture.read(sweep(tasks: "cb", seeds: "1", methods: "{ m: \(gathering) }"))
        for stage in try fixture.plan(request).stages {
            shown.formUnion(Settings.written(stage.specification.recipe).map(\.key))
        }
        let known = Set(
            Settings.help.split(separator: "\n").filter { $0.hasPrefix("  ") && !$0.hasPrefix("   ") }
                .compactMap { $0.split(separator: " ").first.map(String.init) })
        #expect(known.count > 40 && known.subtracting(others) == shown)
    }

    // MARK: - Tasks

    @Test(arguments: ["tasks.yaml", "archives/tasks.yaml"])
    func `every shipped task is written as it is read`(file: String) throws {
        var catalog = TaskCatalog()
        try catalog.add(file: "\(Self.configs)/\(file)")
        #expect(catalog.names.count > 5)
        for name in catalog.names {
            let task = try catalog.definition(named: name)
            try fixture.write("written.yaml", task.entry(remarks: ["label": "a remark"]))
            var again = TaskCatalog()
            try again.add(file: fixture.directory + "/written.yaml")
            #expect(try again.definition(named: name) == task, "\(task.entry())")
        }
    }

    @Test func `nothing of a task is forgotten`() {
        let task = TaskDefinition(
            name: "t", train: "a", dev: "b", format: .csv, text: .name("x"), label: nil, labels: nil, metrics: [])
        let properties = Mirror(reflecting: task).children.compactMap(\.label)
        #expect(
            properties == [
                "name", "train", "dev", "devShare", "folds", "fold", "devSeed", "validation", "test", "trainRows",
                "devRows", "kind", "format", "header", "encoding", "skipsEmpty", "ignoresExtra", "columnNames",
                "comment",
                "text", "pair", "choices", "targets", "compares", "label", "labels", "numbersLabels", "unknown",
                "metrics",
            ], "write what is new in `TaskDefinition.written`, and add it here")
    }

    @Test func `a fold is written as the task that it is of`() throws {
        let task = TaskDefinition(
            name: "odd", train: "a.csv", dev: nil, folds: 4, test: "b.csv", format: .csv, text: .name("x"),
            label: .name("y"), labels: ["no", "yes"], numbersLabels: true, metrics: [.accuracy])
        try fixture.write("written.yaml", task.trained[2].entry())
        var catalog = TaskCatalog()
        try catalog.add(file: fixture.directory + "/written.yaml")
        #expect(try catalog.definition(named: "odd") == task, "\(task.entry())")
    }

    @Test func `names that YAML would take for something else are quoted`() throws {
        let words = [
            "null", "~", "no", "5", "0.5", "a b", "a: b", "#x", "\"", "\\", "é", "日本", "a\tb", "- a", "*a", "&a", "{",
            "",
            "\u{85}", "\u{2028}", "x\u{FEFF}", "😀", "a'b", "%x", "@", "!x", "|", ">", "true", "1..4",
        ]
        let task = TaskDefinition(
            name: "odd", train: DataFiles(["a b.csv"]), dev: nil, devShare: 0.07, devSeed: 3, format: .csv,
            text: .name("5"), pair: .number(5), label: .name("la: bel"), labels: words.filter { !$0.isEmpty },
            metrics: [.accuracy])
        try fixture.write("written.yaml", task.entry())
        var catalog = TaskCatalog()
        try catalog.add(file: fixture.directory + "/written.yaml")
        #expect(try catalog.definition(named: "odd") == task, "\(task.entry())")
    }

    // MARK: - Sweeps

    /// Writes the plan's sweep file and plans that.
    private func again(_ plan: SweepPlan, _ catalogs: Catalogs) throws -> [SweepPlan] {
        try SpelledOutSweep(plan).files.map { file in
            try fixture.plan(
                try fixture.read(file.text.replacing("model: tiny-bert", with: "model: tiny"), catalogs: catalogs))
        }
    }

    @Test func `a sweep that is spelled out has the stages that it was made of, for every shipped method`() throws {
        var catalogs = try Catalogs.read(program: nil, environment: ["HEADSTART_CONFIGS": Self.configs])
        catalogs.models = try fixture.catalogs().models
        let names = catalogs.methods.names
        let text = sweep(
            tasks: "[cb, rte]", seeds: "3..4", defaults: "{ epochs: 10, head: \"mlp(64)\", measure: [convergence] }",
            methods: "[\(names.joined(separator: ", "))]")
        let plan = try fixture.plan(try fixture.read(text, catalogs: catalogs))
        let written = try again(plan, catalogs)
        #expect(names.count > 20 && written.count == 1)
        #expect(written[0].rows == plan.rows)
        #expect(Set(written[0].stages.map(\.key)) == Set(plan.stages.map(\.key)))
        #expect(written[0].stages.first?.measures == plan.stages.first?.measures)
    }

    @Test func `where a task has settings of its own, each task has a file`() throws {
        let text = sweep(tasks: "{ cb: { epochs: 3 }, rte: {} }", seeds: "1", methods: "[finetune, eh-ft-bitfit]")
        let catalogs = try fixture.catalogs()
        let plan = try fixture.plan(try fixture.read(text))
        #expect(SpelledOutSweep(plan).files.map(\.name) == ["sweep-cb.yaml", "sweep-rte.yaml"])
        #expect(try again(plan, catalogs).flatMap(\.rows) == plan.rows)
    }

    // MARK: - A beginning

    @Test func `the files of a beginner are read as what they were made of`() throws {
        let task = TaskDefinition(
            name: "reviews", train: "my reviews.csv", dev: nil, devShare: 0.2, format: .csv, skipsEmpty: true,
            text: .name("review"), label: .name("is it: good?"), labels: ["no", "yes"], metrics: [.macroF1])
        let starter = StarterFiles(
            task, remarks: ["label": "why:\nnot: this"], model: "tiny", source: "my\nreviews.csv", rowCount: 300,
            longLength: 900)
        try fixture.write("tasks.yaml", starter.taskFile)
        let request = try fixture.read(starter.sweepFile)
        #expect(request.datasets == [task])
        let plan = try fixture.plan(request)
        #expect(plan.methods == ["finetune", "eh-ft-bitfit", "linear-probe"] && plan.rows.count == 18)
        #expect(StarterFiles.compared.allSatisfy(plan.methods.contains))
        #expect(plan.stages.allSatisfy { $0.specification.recipe.maxLength == 256 })
        for line in (starter.taskFile + starter.sweepFile).split(separator: "\n") {
            #expect(line.count <= 120, "\(line)")
        }
    }
}
