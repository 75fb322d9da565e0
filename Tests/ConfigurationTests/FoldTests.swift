import Configuration
import Experiments
import Files
import Testing

/// Cross-validation as stages.
struct FoldTests {
    let fixture: Fixture

    init() throws {
        fixture = try Fixture()
        try fixture.write("tasks.yaml", Fixture.tasks + "\n" + Self.own("folds: 3"))
    }

    private static func own(_ more: String) -> String {
        "own: { train: a, \(more), format: csv, text: t, label: l, labels: [x, y], metrics: accuracy }"
    }

    @Test func `each fold has stages of its own, and the table one column`() throws {
        let plan = try fixture.plan(fixture.read(sweep(tasks: "[own, cb]", methods: "[finetune, eh-ft-bitfit]")))
        #expect(plan.tasks.map(\.definition.name) == ["own/1", "own/2", "own/3", "cb"])
        #expect(plan.tableTasks == ["own", "cb"])
        #expect(plan.trained("own").map(\.definition.fold) == (1...3).map { Fold($0, of: 3) })
        let rows = plan.rows.filter { $0.task == "own" }
        #expect(rows.count == 3 * 2 * 2 && Set(rows.map(\.repetition)).count == 3 * 2)
        #expect(Set(rows.flatMap(\.stages)).count == 3 * 2 * 3, "no two folds share a stage")
        #expect(
            rows.allSatisfy { row in
                row.stages.allSatisfy { key in plan.stages.first { $0.key == key }?.task == row.trainedTask }
            })
        #expect(plan.rows.filter { $0.task == "cb" }.allSatisfy { $0.fold == nil && $0.trainedTask == "cb" })
    }

    @Test func `a sweep of folds that is spelled out has the stages that it was made of`() throws {
        let text = sweep(tasks: "[own]", methods: "{ a: { tune: all, gradient-checkpointing: true } }")
        let plan = try fixture.plan(fixture.read(text))
        let spelled = SpelledOutSweep(plan).files.map { $0.text.replacing("model: tiny-bert", with: "model: tiny") }
        let again = try fixture.plan(fixture.read(spelled[0]))
        #expect(spelled.count == 1 && again.rows == plan.rows)
        #expect(Set(again.stages.map(\.key)) == Set(plan.stages.map(\.key)))
        #expect(!again.stages.contains { !$0.recomputes })
    }

    @Test func `where a search chose otherwise for each fold, each fold has a file`() throws {
        let text = sweep(
            tasks: "[own, cb]", seeds: "1", methods: "{ a: { tune: all } }",
            more: "search: { lr: [1e-5, 2e-5], on: dev, seeds: [9], grow: 0 }")
        // The second fold's best rate is another one than that of all else.
        let second = Digest(of: Array("own/2".utf8))
        let plan = try fixture.finish(fixture.read(text)) { stage in
            (stage.recipe.learningRate == 2e-5) == (stage.task == second) ? 0.75 : 0.5
        }
        let spelled = SpelledOutSweep(plan).files
        #expect(
            spelled.map(\.name) == ["sweep-own@1.yaml", "sweep-own@2.yaml", "sweep-own@3.yaml", "sweep-cb.yaml"])
        let again = try spelled.map { file in
            try fixture.plan(fixture.read(file.text.replacing("model: tiny-bert", with: "model: tiny")))
        }
        #expect(again.flatMap(\.rows).map(\.stages) == plan.rows.map(\.stages) && plan.rows.count == 4)
        #expect(again.flatMap(\.rows).map(\.trainedTask) == plan.rows.map(\.trainedTask))
    }

    @Test func `single folds are tasks of a sweep, with what is set for them`() throws {
        let methods = "{ a: { tune: all } }"
        let plan = try fixture.plan(
            fixture.read(
                sweep(
                    tasks: "{ own/1: { epochs: 7 }, own/3: { search: { lr: [1e-5, 2e-5] } } }", seeds: "1",
                    methods: methods)))
        #expect(plan.rows.map(\.trainedTask) == ["own/1", "own/3"] && plan.tableTasks == ["own"])
        let first = plan.stages.filter { $0.task == "own/1" }
        #expect(first.map(\.specification.recipe.budget) == [.epochs(7)])
        #expect(plan.rows.map(\.searches) == [[], [0]])
        let whole = try fixture.plan(fixture.read(sweep(tasks: "[own]", seeds: "1", methods: methods)))
        let one = try fixture.plan(fixture.read(sweep(tasks: "[own/2]", seeds: "1", methods: methods)))
        #expect(one.rows == [whole.rows[1]])
        let spelled = SpelledOutSweep(one).files.map(\.text)
        #expect(spelled.count == 1 && spelled[0].contains("tasks: [own/2]"), "\(spelled)")
        #expect(
            fixture.complaint(sweep(tasks: "[own, own/2]", methods: methods)).hasSuffix("'tasks' lists 'own/2' twice"))
        #expect(
            fixture.complaint(sweep(tasks: "[own/4]", methods: methods)).hasSuffix(
                "task 'own' has no such fold; they are own/1 to own/3"))
        #expect(fixture.complaint(sweep(tasks: "[own/4]", methods: methods)).hasPrefix("sweep.yaml:"))
    }

    @Test func `what a sweep sets for the task holds for its folds, and a search is each fold's own`() throws {
        let request = try fixture.read(
            sweep(
                tasks: "{ own: { epochs: 7 } }", seeds: "1", methods: "[finetune]", more: "search: { lr: [1e-5, 2e-5] }"
            ))
        let plan = try fixture.plan(request)
        #expect(plan.stages.allSatisfy { $0.specification.recipe.budget == .epochs(7) })
        #expect(plan.searches.map(\.task) == ["own/1", "own/2", "own/3"])
        #expect(plan.rows.map(\.searches) == [[0], [1], [2]])
    }

    @Test func `a fold is selected with its task, and by its own name`() throws {
        let plan = try fixture.plan(fixture.read(sweep(tasks: "[own]", seeds: "1", methods: "[finetune]")))
        let selected = { (task: String) in plan.stages(servingAs: StageSelector(task: task)).count }
        #expect(selected("own") == 3 && selected("own/2") == 1 && selected("cb") == 0)
    }

    @Test(arguments: [
        ("folds: 1", "'folds' must be a whole number from 2 to 100, not '1'"),
        ("folds: 2.5", "'folds' must be a whole number from 2 to 100, not '2.5'"),
        ("folds: 101", "'folds' must be a whole number from 2 to 100, not '101'"),
        ("folds: 5, dev: b", "with 'folds' each part of train is once dev; leave 'dev' out"),
        ("folds: 5, dev: 20%", "with 'folds' each part of train is once dev; leave 'dev' out"),
        ("folds: 5, dev-rows: 1..4", "with 'folds' each part of train is once dev; leave 'dev-rows' out"),
        ("dev: b, dev-seed: 1", "'dev-seed' is for a 'dev' that is drawn, as 'dev: 20%', and for 'folds'"),
    ])
    func `folds that cannot be are told`(more: String, sentence: String) throws {
        try fixture.write("tasks.yaml", Self.own(more))
        #expect(
            fixture.told { _ = try fixture.catalogs().tasks.definition(named: "own") } == "tasks.yaml:1: \(sentence)")
    }

    @Test func `running text has no folds`() throws {
        try fixture.write(
            "tasks.yaml", "own: { kind: masked-lm, train: a, folds: 2, format: lines, metrics: perplexity }")
        #expect(
            fixture.told { _ = try fixture.catalogs().tasks.definition(named: "own") }
                == "tasks.yaml:1: running text has no rows to deal into folds; name a file in 'dev'")
    }

    @Test func `one fold has a name, and a single run takes one`() throws {
        let catalogs = try fixture.catalogs()
        #expect(try catalogs.tasks.definition(named: "own/2").fold == Fold(2, of: 3))
        let told = { (name: String) in fixture.told { _ = try catalogs.tasks.definition(named: name) } }
        #expect(told("own/4") == "task 'own' has no such fold; they are own/1 to own/3")
        #expect(told("cb/1") == "task 'cb' has no 'folds'")
        #expect(told("owm/1") == "unknown task 'owm/1'; known: cb, rte, stsb, own")
        let single = { (task: String) in
            try SweepRequest.single(
                model: "tiny", task: task, method: .named("finetune"), seed: 1, keep: .none, catalogs: catalogs,
                overrides: [])
        }
        #expect(try fixture.plan(single("own/2")).rows.map(\.trainedTask) == ["own/2"])
        #expect(
            fixture.told { _ = try single("own") }
                == "--task own: task 'own' has 3 folds: name one of them, as own/1, or give a sweep to headstart run, which "
                + "trains on all")
    }

    @Test func `a stage cannot train on another task's folds`() throws {
        let methods = """
            { transfer: [{ name: first, task: own, tune: all }, { tune: all, from: { backbone: first } }] }
            """
        #expect(
            fixture.complaint(sweep(tasks: "[rte]", methods: methods)).hasSuffix(
                "a stage of 'transfer' trains on 'own', which has folds: which of them is not said; name one, as own/1")
        )
    }
}
