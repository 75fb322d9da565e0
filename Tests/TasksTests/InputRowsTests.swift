import Experiments
import Tasks
import TestKit
import Testing

/// Files whose rows get beside them what a model says.
struct InputRowsTests {
    private func task(
        _ format: TaskDefinition.FileFormat = .tsv, kind: TaskDefinition.Kind? = nil, header: Bool = true,
        text: Column = .name("text"), pair: Column? = nil, choices: [Column]? = nil, label: Column? = .name("label"),
        labels: [String]? = ["no", "yes"], metrics: [Metric] = [.accuracy], skipsEmpty: Bool? = nil
    ) -> TaskDefinition {
        TaskDefinition(
            name: "test", train: "train", dev: "dev", kind: kind, format: format, header: header,
            skipsEmpty: skipsEmpty, text: text, pair: pair, choices: choices, label: label, labels: labels,
            metrics: metrics)
    }

    private let no = Predictions.distributions([0], probabilities: [0.75, 0.25])
    private let yes = Predictions.distributions([1], probabilities: [0.5, 0.5])

    /// The file's rows with the predictions beside them.
    private func written(_ text: String, _ task: TaskDefinition, _ said: [Predictions]) throws -> String {
        try InputRows("f", bytes: Array(text.utf8), task).text(beside: said)
    }

    // MARK: - Which form

    @Test(arguments: [
        ("f", "id\ttext\n1\ta\n", TaskDefinition.FileFormat.tsv), ("f", "text,id\na,1\n", .csv),
        ("f", "{\"id\": 1, \"text\": \"a\"}\n", .jsonl), ("f.csv", "text\n\"a, b\"\n", .csv),
        ("f.csv.gz", "other,columns\n", .csv), ("f.jsonl", "no JSON\n", .jsonl), ("f.tsv", "other\tcolumns\n", .tsv),
    ])
    func `a file is read by the columns that it begins with, or by its name`(
        path: String, text: String, format: TaskDefinition.FileFormat
    ) throws {
        #expect(try task().reading(path, bytes: Array(text.utf8))?.format == format)
        #expect(try task(.jsonl).reading(path, bytes: Array(text.utf8))?.format == format)
    }

    @Test func `any other file is text`() throws {
        let pairs = task(pair: .name("pair"))
        for (path, text) in [("f", "some text\n"), ("pairs.tsv", "one\tother\n"), ("f", "text\tother\n"), ("f", "")] {
            #expect(try pairs.reading(path, bytes: Array(text.utf8)) == nil)
        }
        let tags = task(.conll, kind: .tags, text: .number(1), label: .number(2), labels: ["O", "B-X"])
        #expect(try tags.reading("words", bytes: Array("a b\n".utf8)) == nil)
        #expect(try tags.reading("words.conll", bytes: Array("a O\n".utf8)) == tags)
    }

    // MARK: - What is written

    @Test func `a table keeps its columns and gets more`() throws {
        #expect(
            try written("id\ttext\n1\t\"a\n2\tb\n", task(), [no, yes])
                == "id\ttext\tpredicted\tp(no)\tp(yes)\n1\t\"a\tno\t0.75\t0.25\n2\tb\tyes\t0.5\t0.5\n")
        let csv = "text,more\n\"a, \"\"b\"\"\",1\nc,\n"
        #expect(
            try written(csv, task(.csv), [no, yes])
                == "text,more,predicted,p(no),p(yes)\n\"a, \"\"b\"\"\",1,no,0.75,0.25\nc,,yes,0.5,0.5\n")
        #expect(
            try written("a\t1\n", task(header: false, text: .number(1), label: .number(2)), [no])
                == "a\t1\tno\t0.75\t0.25\n")
    }

    @Test func `a JSON line keeps its spelling and gets members`() throws {
        #expect(
            try written("{\"n\": 1.50, \"text\": \"a\"} \n", task(.jsonl), [no])
                == "{\"n\": 1.50, \"text\": \"a\",\"predicted\":\"no\",\"probabilities\":{\"no\":0.75,\"yes\":0.25}}\n")
    }

    @Test func `numbers, choices and tags have what fits them`() throws {
        #expect(
            try written("text\na\n", task(labels: nil, metrics: [.rmse]), [.values([1.5])])
                == "text\tpredicted\na\t1.5\n")
        let choice = task(kind: .choices, choices: [.name("x"), .name("y")], labels: ["x", "y"])
        #expect(
            try written("text\tx\ty\na\tb\tc\n", choice, [no])
                == "text\tx\ty\tpredicted\tp(x)\tp(y)\na\tb\tc\tx\t0.75\t0.25\n")
        let labels = ["O", "B-PER", "I-PER"]
        let said = Predictions.distributions([1, 2, 0], probabilities: [])
        #expect(
            try written("text\n\u{C9}va  B\u{F8} sings\n", task(kind: .tags, labels: labels), [said])
                == "text\tpredicted\tspans\n\u{C9}va  B\u{F8} sings\tB-PER I-PER O\tPER:0-7\n")
        let conll = task(.conll, kind: .tags, text: .number(1), label: .number(2), labels: labels)
        #expect(
            try written("Eva O\nBo O\nsings O\n", conll, [said])
                == #"{"1":["Eva","Bo","sings"],"2":["O","O","O"],"predicted":["B-PER","I-PER","O"],"#
                + #""spans":[{"end":6,"start":0,"tag":"PER","text":"Eva Bo"}]}"# + "\n")
    }

    @Test func `tags that mark no entities are told word by word`() throws {
        let task = task(kind: .tags, labels: ["DET", "NOUN"])
        #expect(
            task.spans(of: [0, 1], words: ["the", "cat"], in: " the cat").map { [$0.start, $0.end] } == [
                [1, 4], [5, 8],
            ])
    }

    @Test func `what is there already is not written over`() throws {
        let rows = try InputRows("f", bytes: Array("text\tp(yes)\na\t1\n".utf8), task())
        let error = #expect(throws: DatasetError.self) { try rows.text(beside: [no]) }
        #expect(error?.description.hasPrefix("f:1: the file has 'p(yes)' already") == true)
        let objects = try InputRows("f", bytes: Array("{\"text\":\"a\",\"predicted\":1}\n".utf8), task(.jsonl))
        #expect(throws: DatasetError.self) { try objects.text(beside: [no]) }
        let skipping = Array("{\"text\":\"\"}\n{\"text\":\"a\"}\n{\"text\":\"b\",\"probabilities\":1}\n".utf8)
        let later = #expect(throws: DatasetError.self) {
            try InputRows("f", bytes: skipping, task(.jsonl, skipsEmpty: true)).text(beside: [no, no])
        }
        #expect(later?.description.hasPrefix("f:3: the file has 'probabilities' already") == true)
    }

    @Test func `what is not written may be there`() throws {
        let line = "{\"text\":\"a\",\"spans\":[],\"probabilities\":1}"
        #expect(
            try written(line + "\n", task(.jsonl, labels: nil, metrics: [.rmse]), [.values([1.5])])
                == line.dropLast() + ",\"predicted\":1.5}\n")
        #expect(throws: DatasetError.self) { try written("{\"text\":\"a\",\"probabilities\":1}\n", task(.jsonl), [no]) }
    }

    // MARK: - Labels

    @Test func `rows with labels are scored, and the others are told of`() throws {
        let text = "label\ttext\nyes\ta\nyes\tb\n\tc\nperhaps\td\n"
        let rows = try InputRows("f", bytes: Array(text.utf8), task())
        #expect(rows.contents.count == 4)
        let scored = try #require(rows.scores([yes, no, no, no]))
        #expect(scored.rows == 2 && scored.scores.map(\.value) == [0.5])
        #expect(rows.unlabelled == "f:4: field 'label' is empty; 'empty: skip' leaves such rows out")
    }

    @Test func `a file without labels has no scores`() throws {
        let rows = try InputRows("f", bytes: Array("text\na\n".utf8), task())
        #expect(rows.scores([no]) == nil && rows.unlabelled?.hasPrefix("f:1: there is no column 'label'") == true)
        let objects = try InputRows("f", bytes: Array("{\"text\":\"a\"}\n".utf8), task(.jsonl))
        #expect(objects.scores([no]) == nil && objects.unlabelled?.hasPrefix("f:1: there is no field 'label'") == true)
    }

    @Test func `rows without a text are an error, or left out where the task says so`() throws {
        let text = Array("text\tlabel\na\tyes\n\tno\nb\tno\n".utf8)
        let error = #expect(throws: DatasetError.self) { try InputRows("f", bytes: text, task()) }
        #expect(error?.description == "f:3: field 'text' is empty; 'empty: skip' leaves such rows out")
        let rows = try InputRows("f", bytes: text, task(skipsEmpty: true))
        #expect(rows.skipped == 1 && rows.labels == [[.category(1)], [.category(0)]])
        #expect(
            try rows.text(beside: [yes, no])
                == "text\tlabel\tpredicted\tp(no)\tp(yes)\na\tyes\tyes\t0.5\t0.5\nb\tno\tno\t0.75\t0.25\n")
    }

    @Test func `a row that is too short is an error, or left out where the task says so`() throws {
        let text = Array("text\tpair\na\tb\nc\n".utf8)
        let pairs = { task(pair: .name("pair"), label: nil, skipsEmpty: $0) }
        let error = #expect(throws: DatasetError.self) { try InputRows("f", bytes: text, pairs(nil)) }
        #expect(error?.description == "f:3: the row has 1 column, but line 1 has 2 columns")
        let rows = try InputRows("f", bytes: text, pairs(true))
        #expect(rows.skipped == 1 && rows.contents.count == 1)
    }

    @Test func `hidden tokens are nothing to predict`() throws {
        let error = #expect(throws: DatasetError.self) {
            try InputRows("f", bytes: Array("a\n".utf8), task(.lines, kind: .maskedLM, label: nil, labels: nil))
        }
        #expect(error?.description.contains("`headstart evaluate` scores it") == true)
    }

    // MARK: - What fits a model

    @Test func `a task fits a model of the same kind and labels`() {
        #expect(task().objection(toModelOf: task(.jsonl, metrics: [.f1])) == nil)
        #expect(
            task(labels: ["yes", "no"]).objection(toModelOf: task())?.contains("must be the same, in one order") == true
        )
        #expect(task(labels: nil).objection(toModelOf: task())?.contains("is a regression") == true)
        #expect(
            task(kind: .tags).objection(toModelOf: task())?.contains("is of kind tags, but the model was trained on")
                == true)
    }
}
