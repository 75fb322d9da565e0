import Configuration
import Downloads
import Experiments
import Files
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

    @Test func `a task may have a third file, and use some rows of the others`() throws {
        try fixture.write(
            "tasks.yaml",
            """
            own: { train: a, dev: b, validation: c, train-rows: 1..400, dev-rows: 401..500, format: jsonl, text: t,
                   label: l, metrics: pearson }
            """)
        let task = try #require(try fixture.catalogs().tasks["own"])
        #expect(task.validation == "c" && task.trainRows == 1...400 && task.devRows == 401...500)
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
        ("metrics: rmse", "metric 'rmse' compares numbers, but the task has 'labels'"),
        ("metrics: pearson", "metric 'pearson' compares numbers, but the task has 'labels'"),
        ("metrics: acuracy", "unknown metric 'acuracy'; did you mean 'accuracy'?"),
        ("metrics: [f1, f1]", "'metrics' lists 'f1' twice"),
        ("metrics: f1, labels: [a, b]", "'labels' is given twice in one mapping"),
        ("metrics: f1, header: false", "'header' is for tsv and csv files; jsonl has none"),
        ("metrics: f1, pair: 2", "'pair' must be a name: jsonl fields have no numbers"),
        ("metrics: f1, pairs: x", "unknown key 'pairs' in task 'own'; did you mean 'pair'?"),
        ("metrics: f1, encoding: utf-8", "'encoding' must be utf8 or latin1, not 'utf-8'"),
        ("pair: x", "task 'own' has no 'metrics'"),
        (
            "metrics: f1, dev-rows: 5..3",
            "'dev-rows' must be the first and the last row, from 1, as 1..400, not '5..3'"
        ),
        (
            "metrics: f1, train-rows: 400",
            "'train-rows' must be the first and the last row, from 1, as 1..400, not '400'"
        ),
    ])
    func `a wrong task is told with its line`(more: String, sentence: String) throws {
        try fixture.write(
            "tasks.yaml",
            """
            own: { train: a, dev: b, format: jsonl, text: t, label: l, labels: [x, y], \(more) }
            """)
        #expect(
            fixture.told { _ = try fixture.catalogs().tasks.definition(named: "own") } == "tasks.yaml:1: \(sentence)")
    }

    @Test(arguments: [
        ("labels: [x], metrics: f1", "'labels' must list two or more classes; leave it out for regression"),
        ("labels: [x, x], metrics: f1", "'labels' lists 'x' twice"),
        ("metrics: auc", "metric 'auc' compares classes, but the task has no 'labels'"),
        ("metrics: matthews", "metric 'matthews' compares classes, but the task has no 'labels'"),
        (
            "header: false, metrics: pearson",
            "'text' must be a number from 1, not 't': the file has no header"
        ),
        ("pair: 0, metrics: pearson", "'pair' must be a name or a number from 1"),
    ])
    func `labels, metrics and columns that do not fit are told`(more: String, sentence: String) throws {
        try fixture.write("tasks.yaml", "own: { train: a, dev: b, format: tsv, text: t, label: l, \(more) }")
        #expect(
            fixture.told { _ = try fixture.catalogs().tasks.definition(named: "own") } == "tasks.yaml:1: \(sentence)")
    }

    @Test func `what real files look like is said in a task`() throws {
        try fixture.write(
            "tasks.yaml",
            """
            one: { train: [a, b-*], dev: 12.5%, dev-seed: 3, format: csv, empty: skip, extra: ignore, text: t, label: l,
                   metrics: pearson }
            plain: { train: a, dev: "20%", format: csv, empty: error, extra: error, text: t, label: l, metrics: pearson }
            words: { kind: tags, train: a, dev: b, format: conll, columns: [id, form, ner], comment: "#", text: form,
                     label: ner, labels: [O, B-X], metrics: accuracy }
            """)
        let tasks = try fixture.catalogs().tasks
        let one = try tasks.definition(named: "one")
        #expect(one.train == DataFiles(["a", "b-*"]) && one.dev == nil)
        #expect(one.devShare == 0.125 && one.devSeed == 3 && one.skipsEmpty == true && one.ignoresExtra == true)
        let plain = try tasks.definition(named: "plain")
        #expect(plain.dev == "20%" && plain.devShare == nil, "in quotation marks it is a file's name")
        #expect(plain.skipsEmpty == nil && plain.ignoresExtra == nil, "what is said and usual is not another task")
        let words = try tasks.definition(named: "words")
        #expect(words.columnNames == ["id", "form", "ner"] && words.comment == "#" && words.text == .name("form"))
        #expect(try CanonicalJSON.decode(TaskDefinition.self, from: try CanonicalJSON.encode(one)) == one)
    }

    @Test(arguments: [
        (
            "dev: 120%, format: csv, text: t",
            "'dev' must name files, or a share of the training rows above 0% and below 100%, not '120%'"
        ),
        (
            "dev: 20%, dev-rows: 1..5, format: csv, text: t",
            "'dev-rows' are those of a file, but 'dev' is a share of train's"
        ),
        (
            "dev: b, dev-seed: 1, format: csv, text: t",
            "'dev-seed' is for a 'dev' that is drawn, as 'dev: 20%', and for 'folds'"
        ),
        ("dev: 20%, dev-seed: x, format: csv, text: t", "'dev-seed' must be a whole number from 0, not 'x'"),
        ("dev: b, empty: drop, format: csv, text: t", "'empty' must be skip or error, not 'drop'"),
        ("dev: b, extra: ignore, format: jsonl, text: t", "'extra' is for tsv or csv files"),
        ("dev: b, columns: [t, l], format: tsv, text: t", "'columns' is for conll files"),
        (
            "dev: b, kind: tags, labels: [O, B-X], columns: [form, l], format: conll, text: from",
            "'columns' has no 'from'; did you mean 'form'?"
        ),
        (
            "dev: b, kind: tags, labels: [O, B-X], format: conll, text: 1",
            "'label' must be a number from 1, not 'l': the file has no header; name them in 'columns'"
        ),
        ("dev: b, train: [], format: csv, text: t", "'train' is empty"),
    ])
    func `what real files do not look like is told`(text: String, sentence: String) throws {
        let train = text.contains("train:") ? "" : "train: a, "
        try fixture.write("tasks.yaml", "own: { \(train)\(text), label: l, metrics: pearson }")
        #expect(
            fixture.told { _ = try fixture.catalogs().tasks.definition(named: "own") } == "tasks.yaml:1: \(sentence)")
    }

    @Test func `tasks of every kind are read`() throws {
        try fixture.write(
            "tasks.yaml",
            """
            copa: { kind: choices, train: a, dev: b, format: copa, labels: ["1", "2"], metrics: accuracy }
            own: { kind: choices, train: a, dev: b, format: tsv, text: q, choices: [x, y, z], label: l,
                   labels: [x, y, z], metrics: [accuracy, macro-f1] }
            wic: { kind: target-words, train: a, dev: b, format: wic, compare: true, labels: [F, T], metrics: accuracy }
            marked: { kind: target-words, train: a, dev: b, format: jsonl, text: t, targets: [s1, e1, s2, e2], label: l,
                      labels: [F, T], metrics: accuracy }
            ner: { kind: tags, train: a, dev: b, format: conll, text: 1, label: 4, labels: [O, B-X, I-X],
                   metrics: [span-f1, accuracy] }
            text: { kind: masked-lm, train: a, dev: b, format: lines, unknown: <unk>, metrics: precision-at-1 }
            plain: { kind: classification, train: a, dev: b, format: trec, labels: [A, B], metrics: accuracy }
            """)
        let tasks = try fixture.catalogs().tasks
        #expect(tasks["copa"]?.kind == .choices)
        #expect(tasks["copa"]?.choices == [.name("choice1"), .name("choice2")])
        #expect(tasks["own"]?.choices == [.name("x"), .name("y"), .name("z")])
        #expect(tasks["wic"]?.targets == [.name("index1"), .name("index2")])
        #expect(tasks["wic"]?.compares == true)
        #expect(tasks["marked"]?.targets?.count == 4)
        #expect(tasks["marked"]?.pair == nil)
        #expect(tasks["ner"]?.kind == .tags)
        #expect(tasks["ner"]?.metrics == [.spanF1, .accuracy])
        #expect(tasks["text"]?.label == nil)
        #expect(tasks["text"]?.unknown == "<unk>")
        #expect(tasks["plain"]?.kind == nil)
    }

    @Test(arguments: [
        (
            "kind: tag, format: tsv",
            "'kind' must be classification, choices, target-words, tags or masked-lm, not 'tag'"
        ),
        ("format: conll", "conll files are for tasks of kind tags; write 'kind: tags'"),
        ("kind: tags, format: copa", "copa files are for tasks of kind choices; write 'kind: choices'"),
        ("kind: tags, format: trec", "trec files are for tasks of kind classification; write 'kind: classification'"),
        ("kind: tags, format: tsv, pair: p", "'pair' is for tasks of kind classification or target-words"),
        ("format: tsv, choices: [a, b]", "'choices' is for tasks of kind choices"),
        ("kind: choices, format: tsv", "task 'own' has no 'choices'"),
        (
            "kind: choices, format: tsv, choices: [a, b, c]",
            "'labels' must name each choice: there are 3 choices and 2 labels"
        ),
        (
            "kind: target-words, format: tsv, targets: [a, b, c]",
            "'targets' must list two columns (numbers of words) or four (where each word begins and ends)"
        ),
        ("kind: masked-lm, format: tsv", "'label' is for tasks of kind classification, choices, target-words or tags"),
        ("kind: choices, format: copa", "'text' cannot be chosen: copa files have columns of their own"),
        (
            "kind: tags, format: conll",
            "'text' must be a number from 1, not 't': the file has no header; name them in 'columns'"
        ),
    ])
    func `what does not fit a task's kind is told`(more: String, sentence: String) throws {
        try fixture.write(
            "tasks.yaml", "own: { train: a, dev: b, text: t, label: l, labels: [x, y], metrics: accuracy, \(more) }")
        #expect(
            fixture.told { _ = try fixture.catalogs().tasks.definition(named: "own") } == "tasks.yaml:1: \(sentence)")
    }

    @Test(arguments: [
        (
            "labels: [x, y, z], metrics: f1",
            "metric 'f1' is F1 of the second of two classes, but the task has 3 'labels'; use macro-f1"
        ),
        (
            "labels: [x, y, z], metrics: recall",
            "metric 'recall' is that of the second of two classes, but the task has 3 'labels'; use macro-recall"
        ),
        ("labels: [x, y], metrics: span-f1", "metric 'span-f1' is for tasks of kind tags"),
        (
            "kind: tags, labels: [x, y], metrics: span-f1",
            "metric 'span-f1' scores entities, but no label begins with B- or I-; use accuracy"
        ),
        (
            "kind: tags, labels: [x, y], metrics: pearson",
            "metric 'pearson' compares numbers, but the task has 'labels'"
        ),
        ("labels: [x, y], metrics: precision-at-1", "metric 'precision-at-1' is for tasks of kind masked-lm"),
    ])
    func `a metric that does not fit the labels is told`(more: String, sentence: String) throws {
        try fixture.write("tasks.yaml", "own: { train: a, dev: b, format: tsv, text: t, label: l, \(more) }")
        #expect(
            fixture.told { _ = try fixture.catalogs().tasks.definition(named: "own") } == "tasks.yaml:1: \(sentence)")
    }

    @Test func `hidden tokens have one metric`() throws {
        try fixture.write("tasks.yaml", "own: { kind: masked-lm, train: a, dev: b, format: lines, metrics: accuracy }")
        let sentence = "metric 'accuracy' does not fit hidden tokens; a masked-lm task is scored by precision-at-1"
        #expect(
            fixture.told { _ = try fixture.catalogs().tasks.definition(named: "own") } == "tasks.yaml:1: \(sentence)")
    }

    @Test func `a task that nobody asks for may be wrong`() throws {
        try fixture.write("tasks.yaml", Fixture.tasks + "\nown: { train: a }\nodd name: 3\n")
        #expect(try fixture.read(sweep()).datasets.map(\.name) == ["cb", "rte"])
        #expect(
            fixture.complaint(sweep(tasks: "[cb, own]")) == "tasks.yaml:7: task 'own' has no 'format'",
            "and who asks for it is told")
    }

    @Test func `a head made for whole texts does not stand on words`() throws {
        let tags = "train: a, dev: b, format: conll, text: 1, label: 2, labels: [O, B-X, I-X], metrics: span-f1"
        try fixture.write("tasks.yaml", "ner: { kind: tags, \(tags) }")
        let told = fixture.complaint(sweep(tasks: "[ner]", defaults: "{ head: hf }", methods: "[finetune]"))
        #expect(
            told.hasSuffix(
                "method 'finetune': head 'hf' is made for whole texts and does not fit task 'ner' of kind tags;"
                    + " use linear or mlp(WIDTH)"))
    }

    @Test(arguments: [
        (
            "{ s: [{ name: a, estimate: \"fisher(label=expected)\" }] }",
            "'label=expected' asks what each class of an example would give, but task 'ner' has no single class"
                + " for an example; use label=gold"
        ),
        (
            "{ s: [{ name: a, tune: head, task: other }, { tune: all, from: { head: a } }] }",
            "made for a task such as 'other', not for 'ner'"
        ),
    ])
    func `a stage that does not fit its kind of task is told`(methods: String, sentence: String) throws {
        let both = "train: a, dev: b, format: tsv, text: t, label: l, labels: [O, B-X, I-X], metrics: accuracy"
        try fixture.write("tasks.yaml", "ner: { kind: tags, \(both) }\nother: { \(both) }")
        #expect(fixture.complaint(sweep(tasks: "[ner]", methods: methods)).hasSuffix(sentence))
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
        #expect(try models.find("tiny") == ModelChoice(name: "tiny", place: .directory(expected)))
        #expect(try models.find(expected) == ModelChoice(name: "tiny-bert", place: .directory(expected)))
        #expect(
            try models.find("$MODELS/tiny-bert/") == ModelChoice(name: "tiny-bert", place: .directory(expected + "/")))
    }

    /// Puts a model into the hub's cache as the hub's own library would.
    private func cached(_ id: String) throws -> String {
        let commit = String(repeating: "c", count: 40)
        let folder = "hub/models--\(id.replacing("/", with: "--"))"
        try fixture.write("\(folder)/refs/main", commit)
        for name in ["config.json", "vocab.txt", "model.safetensors"] {
            try fixture.write("\(folder)/snapshots/\(commit)/\(name)", "")
        }
        return "\(fixture.directory)/\(folder)/snapshots/\(commit)"
    }

    @Test func `a model that the hub's cache has is found by its name there and by the catalog's`() throws {
        try fixture.write("models.yaml", "own: { hub: [new/name, old-name], path: $MODELS/absent }\n")
        let models = try fixture.catalogs().models
        #expect(try models.find("own") == ModelChoice(name: "own", place: .hub(HubModel("new/name"))))
        let old = try cached("old-name")
        #expect(try models.find("own") == ModelChoice(name: "own", place: .directory(old)))
        #expect(try models.find("old-name") == ModelChoice(name: "old-name", place: .directory(old)))
        let new = try cached("new/name")
        #expect(try models.find("own") == ModelChoice(name: "own", place: .directory(new)))
        #expect(try models.find("other/name") == ModelChoice(name: "other/name", place: .hub(HubModel("other/name"))))
        #expect(try models.onHub("own", revision: nil, subfolder: nil) == HubModel("new/name"))
        #expect(try models.onHub("own", revision: "v1", subfolder: nil) == HubModel("new/name", revision: "v1"))
    }

    @Test func `a directory goes before a name on the hub`() throws {
        try fixture.write("models.yaml", "tiny: { hub: a/b, path: $MODELS/tiny-bert }\n")
        _ = try cached("a/b")
        let models = try fixture.catalogs().models
        #expect(
            try models.find("tiny") == ModelChoice(name: "tiny", place: .directory(fixture.directory + "/tiny-bert")))
    }

    @Test(arguments: [
        (
            "m: { hub: a/b/c }",
            "models.yaml:1: 'a/b/c' cannot be a model's name on the hub; those are like roberta-base"
        ),
        ("m: { hub: a/b, subfolder: ../c }", "models.yaml:1: '../c' cannot be a folder in a repository"),
        ("m: { path: a, revision: v1 }", "models.yaml:1: 'revision' and 'subfolder' are of a model on the hub"),
        ("m: { fetch: x }", "models.yaml:1: model 'm' has no 'path'"),
    ])
    func `an entry that names the hub wrongly is refused`(_ entry: String, _ complaint: String) throws {
        try fixture.write("models.yaml", entry + "\n")
        let told = fixture.told { _ = try fixture.catalogs() }
        #expect(told.hasPrefix(complaint), "\(told)")
    }

    @Test func `a task's entry may name the archive of its files, and can be copied as it stands`() throws {
        let entry = """
            own: # mine
              train: a
              dev: b

              archive: https://h/a.zip
              format: jsonl
              # the fields
              text: t
              label: l
              metrics: pearson
            """
        try fixture.write("tasks.yaml", "first: { train: a }\n\(entry)\n\n# next\nother: { train: a }\n")
        let tasks = try fixture.catalogs().tasks
        #expect(try tasks.archive(of: "own") == "https://h/a.zip")
        #expect(tasks.text(of: "own") == entry)
        #expect(tasks.text(of: "first") == "first: { train: a }")
    }

    @Test func `the tasks of the published archives say where those are`() throws {
        let configs = #filePath.split(separator: "/").dropLast(3).map { "/\($0)" }.joined() + "/configs"
        let tasks = try Catalogs.archivedTasks(
            taskFiles: [], program: nil, environment: ["HEADSTART_CONFIGS": configs])
        let without = try tasks.names.filter { try tasks.archive(of: $0) == nil }
        #expect(without == ["mrpc"] && tasks.names.count > 10)
    }
}
