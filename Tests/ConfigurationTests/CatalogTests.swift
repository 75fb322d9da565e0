import Configuration
import Experiments
import Testing

struct CatalogTests {
    let fixture: Fixture

    init() throws { fixture = try Fixture() }

    @Test func `a task is read as it is written`() throws {
        let task = try #require(try fixture.catalogs().tasks["cb"])
        #expect(
            task
                == TaskDefinition(
                    name: "cb", train: "cb/train.jsonl", dev: "cb/val.jsonl", format: .jsonl, text: .name("premise"),
                    pair: .name("hypothesis"), label: .name("label"),
                    labels: ["entailment", "contradiction", "neutral"], metrics: [.accuracy, .macroF1]))
    }

    @Test func `columns are numbers or names, and a quoted number is a name`() throws {
        try fixture.write(
            "tasks.yaml",
            """
            cola: { train: a, dev: b, format: tsv, header: false, text: 4, label: 2, labels: [0, 1], metrics: matthews }
            odd: { train: a, dev: b, format: csv, text: "4", label: 2, metrics: [pearson, spearman] }
            trec: { train: a, dev: b, format: trec, encoding: latin1, labels: [ABBR, DESC], metrics: accuracy }
            """)
        let tasks = try fixture.catalogs().tasks
        #expect(tasks["cola"]?.text == .number(4))
        #expect(tasks["cola"]?.label == .number(2))
        #expect(tasks["cola"]?.header == false)
        #expect(tasks["cola"]?.labels == ["0", "1"])
        #expect(tasks["odd"]?.text == .name("4"))
        #expect(tasks["odd"]?.labels == nil)
        #expect(tasks["odd"]?.metrics == [.pearson, .spearman])
        #expect(tasks["trec"]?.text == .name("text"))
        #expect(tasks["trec"]?.encoding == .latin1)
    }

    @Test(arguments: [
        ("metrics: pearson", "metric 'pearson' compares numbers, but the task has 'labels'"),
        ("metrics: acuracy", "unknown metric 'acuracy'; did you mean 'accuracy'?"),
        ("metrics: [f1, f1]", "'metrics' lists 'f1' twice"),
        ("metrics: f1, labels: [a, b]", "'labels' is given twice in one mapping"),
        ("metrics: f1, header: false", "'header' is for tsv and csv files; jsonl has none"),
        ("metrics: f1, pair: 2", "'pair' must be a name: jsonl fields have no numbers"),
        ("metrics: f1, pairs: x", "unknown key 'pairs' in task 'own'; did you mean 'pair'?"),
        ("metrics: f1, encoding: utf-8", "'encoding' must be utf8 or latin1, not 'utf-8'"),
        ("pair: x", "task 'own' has no 'metrics'"),
    ])
    func `a wrong task is told with its line`(more: String, sentence: String) throws {
        try fixture.write(
            "tasks.yaml",
            """
            own: { train: a, dev: b, format: jsonl, text: t, label: l, labels: [x, y], \(more) }
            """)
        #expect(fixture.told { _ = try fixture.catalogs() } == "tasks.yaml:1: \(sentence)")
    }

    @Test(arguments: [
        ("labels: [x], metrics: f1", "'labels' must list two or more classes; leave it out for regression"),
        ("labels: [x, x], metrics: f1", "'labels' lists 'x' twice"),
        ("metrics: matthews", "metric 'matthews' compares classes, but the task has no 'labels'"),
        (
            "header: false, metrics: pearson",
            "'text' must be a number from 1, not 't': the file has no header"
        ),
        ("pair: 0, metrics: pearson", "'pair' must be a name or a number from 1"),
    ])
    func `labels, metrics and columns that do not fit are told`(more: String, sentence: String) throws {
        try fixture.write("tasks.yaml", "own: { train: a, dev: b, format: tsv, text: t, label: l, \(more) }")
        #expect(fixture.told { _ = try fixture.catalogs() } == "tasks.yaml:1: \(sentence)")
    }

    @Test func `tasks beside the sweep file add to the general ones and come first`() throws {
        let near = try Fixture()
        try near.write("tasks.yaml", Fixture.tasks.replacing("cb:", with: "own:").replacing("rte/dev", with: "my/dev"))
        let catalogs = try Catalogs.read(
            besides: near.directory + "/sweep.yaml", program: nil,
            environment: ["HEADSTART_CONFIGS": fixture.directory])
        #expect(catalogs.tasks.names == ["own", "rte", "stsb", "cb"])
        #expect(catalogs.tasks["rte"]?.dev == "my/dev.tsv")
    }

    @Test func `a task file named on the command line comes before all others`() throws {
        let near = try Fixture()
        try near.write("mine.yaml", Fixture.tasks.replacing("rte/dev", with: "my/dev"))
        let catalogs = try Catalogs.read(
            taskFiles: [near.directory + "/mine.yaml"], program: nil,
            environment: ["HEADSTART_CONFIGS": fixture.directory])
        #expect(catalogs.tasks["rte"]?.dev == "my/dev.tsv")
    }

    @Test func `a model is found by name, by the first path whose variables are set, and by directory`() throws {
        let models = try fixture.catalogs().models
        let expected = fixture.directory + "/tiny-bert"
        #expect(try models.find("tiny") == ModelChoice(name: "tiny", directory: expected))
        #expect(try models.find(expected) == ModelChoice(name: "tiny-bert", directory: expected))
        #expect(try models.find("$MODELS/tiny-bert/") == ModelChoice(name: "tiny-bert", directory: expected + "/"))
    }
}
