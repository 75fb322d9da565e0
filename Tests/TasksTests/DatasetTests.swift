import Experiments
import Tasks
import TestKit
import Testing

struct DatasetTests {
    func definition(
        _ format: TaskDefinition.FileFormat, header: Bool = true, encoding: TaskDefinition.TextEncoding = .utf8,
        text: Column = .name("text"), pair: Column? = nil, label: Column = .name("label"),
        labels: [String]? = ["no", "yes"], metrics: [Metric] = [.accuracy]
    ) -> TaskDefinition {
        TaskDefinition(
            name: "test", train: "train", dev: "dev", format: format, header: header, encoding: encoding, text: text,
            pair: pair, label: label, labels: labels, metrics: metrics)
    }

    func load(_ train: [UInt8], _ definition: TaskDefinition) throws -> [Example] {
        let folder = try TemporaryFolder(["train": train, "dev": train])
        return try Dataset.load(definition, in: folder.path).train
    }

    func failure(_ train: String, _ definition: TaskDefinition) throws -> String {
        try failure(Array(train.utf8), definition)
    }

    func failure(_ train: [UInt8], _ definition: TaskDefinition) throws -> String {
        let folder = try TemporaryFolder(["train": train, "dev": train])
        let error = #expect(throws: DatasetError.self) { try Dataset.load(definition, in: folder.path) }
        return error?.description.replacing(folder.path + "/", with: "") ?? ""
    }

    private let rows = [
        Example(text: "one \"two", label: .category(1)), Example(text: "three", label: .category(0)),
    ]

    // MARK: - Forms

    @Test func `a table without quotes takes quotation marks as they are`() throws {
        let text = "\u{FEFF}id\tlabel\ttext\r\n1\tyes\tone \"two\r\n2\tno\tthree\r\n\r\n"
        #expect(try load(Array(text.utf8), definition(.tsv)) == rows)
    }

    @Test func `columns can be numbered from 1`() throws {
        let numbered = definition(.tsv, header: false, text: .number(3), label: .number(2))
        #expect(try load(Array("1\tyes\tone \"two\n2\tno\tthree".utf8), numbered) == rows)
        let behindHeader = definition(.csv, text: .number(2), label: .number(1))
        #expect(try load(Array("a,b\nyes,\"one \"\"two\"\nno,three\n".utf8), behindHeader) == rows)
    }

    @Test func `quoted fields hold commas, line ends and marks`() throws {
        let text = "text,label\r\n\"a,\"\"b\"\"\r\nc\",yes\r\n\"\"\"d\",\"no\"\r\ne\n"
        #expect(try failure(text, definition(.csv)) == "train:5: the row has 1 column, but line 1 has 2 columns")
        let examples = try load(Array(text.dropLast(2).utf8), definition(.csv))
        #expect(examples.map(\.content) == [.text(TextPair("a,\"b\"\r\nc")), .text(TextPair("\"d"))])
        #expect(examples.flatMap(\.labels) == [.category(1), .category(0)])
    }

    @Test func `labels of JSON lines may be numbers and booleans`() throws {
        let text = """
            {"text": "a\\u00e9", "pair": "b", "label": true, "more": [1]}
            {"label": 0.50, "text": "c", "pair": "d"}
            """
        let examples = try load(
            Array(text.utf8), definition(.jsonl, pair: .name("pair"), labels: ["true", "0.50"]))
        let expected = [
            Example(text: "aé", pair: "b", label: .category(0)), Example(text: "c", pair: "d", label: .category(1)),
        ]
        #expect(examples == expected)
    }

    @Test func `questions have a coarse and a fine label`() throws {
        let text = "HUM:ind Who \u{E9} : ?\nLOC:city Where ?\n".unicodeScalars.map { UInt8($0.value) }
        let coarse = definition(.trec, encoding: .latin1, labels: ["HUM", "LOC"])
        #expect(
            try load(text, coarse) == [
                Example(text: "Who é : ?", label: .category(0)), Example(text: "Where ?", label: .category(1)),
            ])
        let fine = definition(.trec, encoding: .latin1, label: .name("fine"), labels: ["city", "ind"])
        #expect(try load(text, fine).flatMap(\.labels) == [.category(1), .category(0)])
    }

    @Test func `regression reads decimal numbers`() throws {
        let examples = try load(Array("text\tlabel\na\t-1.5e1\nb\t2\n".utf8), definition(.tsv, labels: nil))
        #expect(examples.flatMap(\.labels) == [.value(-15), .value(2)])
    }

    // MARK: - Errors

    @Test(arguments: [
        ("", "train: the dataset is empty: the file has no rows"),
        ("text\tlabel\n\n", "train: the dataset is empty: the file has no rows"),
        ("text\tlabel\na\n", "train:2: the row has 1 column, but line 1 has 2 columns"),
        ("text\tlabel\na\tno\tb\n", "train:2: the row has 3 columns, but line 1 has 2 columns"),
        ("text\tlabel\na\tno\n\na\tyes\n", "train:3: the row has 1 column, but line 1 has 2 columns"),
        ("text\tlabel\n \u{A0}\tno\n", "train:2: field 'text' is empty; 'empty: skip' leaves such rows out"),
        ("text\tlabel\na\tyse\n", "train:2: field 'label': 'yse' is not one of no, yes; did you mean 'yes'?"),
        ("text\tlabel\na\tmaybe\n", "train:2: field 'label': 'maybe' is not one of no, yes"),
        (
            "text\tlabel\na\tyes\nb\tyes\n",
            "train: every row has the label 'yes', so there is nothing to learn; two or more are needed"
        ),
        ("txt\tlabel\na\tyes\n", "train:1: there is no column 'text'; did you mean 'txt'?"),
        (
            "text,label\na,yes\n",
            "train:1: there is no column 'text'; known: text,label; are its fields separated by ','? Those of csv files are by "
                + "commas, those of tsv files by tabs"
        ),
        (
            "text\tlabel\ra\tyes\rb\tno\r",
            "train: its lines end in CR alone, as on an old Macintosh; save it with LF or CR LF"
        ),
        ("text\tlabel\ttext\na\tyes\tb\n", "train:1: there are 2 columns 'text'"),
    ])
    func `a bad table is an error with its place`(text: String, message: String) throws {
        #expect(try failure(text, definition(.tsv)) == message)
    }

    @Test(arguments: [
        (
            "text,label\na \"b\",no\n", 2,
            "a quotation mark stands within a field; put the whole field in marks and double this one"
        ),
        ("text,label\n\"a\nb\"c,no\n", 3, "something follows a closing quotation mark; double a mark within a field"),
        ("text,label\na,no\n\"b\n,yes\n", 3, "a field begins with a quotation mark that is never closed"),
    ])
    func `bad quoting is an error with its line`(text: String, line: Int, message: String) throws {
        #expect(try failure(text, definition(.csv)) == "train:\(line): \(message)")
    }

    @Test(arguments: [
        ("{\"text\": \"a\"}", "there is no field 'label'; known: text"),
        ("{\"text\": 1, \"label\": \"no\"}", "field 'text' is a number, a string is expected"),
        ("{\"text\": \"a\", \"label\": null}", "field 'label' is null, a string, number or boolean is expected"),
        ("[1]", "the line is an array, an object is expected"),
        ("{\"text\": \"a\" \"label\"}", "byte 14 of the line: not JSON: ',' or '}' is expected"),
    ])
    func `a bad JSON line is an error with its line`(text: String, message: String) throws {
        let good = "{\"text\": \"a\", \"label\": \"no\"}\n"
        #expect(try failure(good + text, definition(.jsonl)) == "train:2: \(message)")
    }

    @Test(arguments: ["x", "nan", "inf", "0x10", "", "1e99"])
    func `a value must be a finite decimal number`(value: String) throws {
        let message = try failure("text\tlabel\na\t1\nb\t\(value)\n", definition(.tsv, labels: nil))
        #expect(message == "train:3: field 'label': '\(value)' is not a number")
    }

    @Test func `equal values are nothing to learn from`() throws {
        let message = try failure("text\tlabel\na\t2\nb\t2.0\n", definition(.tsv, labels: nil))
        #expect(message.hasPrefix("train: every row has the label '2.0'"))
    }

    @Test func `a question without its label is an error`() throws {
        #expect(
            try failure("HUM Who?", definition(.trec)) == "train:1: the line has not the form 'LABEL:fine question'")
    }

    @Test func `a column that cannot be is an error`() throws {
        #expect(
            try failure("a\tno\n", definition(.tsv, text: .number(3)))
                == "train:1: there is no column 3, the file has 2 columns")
        #expect(
            try failure("a\tno\n", definition(.tsv, header: false))
                == "train: column 'text' cannot be found without a header; give its number, or set 'header: true'")
    }

    @Test func `bytes that are not UTF-8 are an error with line and byte`() throws {
        let bytes = Array("text\tlabel\nGr".utf8) + [0xFC, 0xDF] + Array("\tyes\n".utf8)
        #expect(
            try failure(bytes, definition(.tsv)) == "train:2: byte 3 of the line (0xfc) is not valid UTF-8;"
                + " convert the file, or set 'encoding: latin1'")
        let more = bytes + Array("b\tno\n".utf8)
        #expect(try load(more, definition(.tsv, encoding: .latin1)).first?.content == .text(TextPair("Grüß")))
    }

    @Test(arguments: [TaskDefinition.FileFormat.tsv, .csv, .jsonl])
    func `up to ten wrong rows are told at once, and how many there are`(format: TaskDefinition.FileFormat) throws {
        let rows = (0..<40).map { $0 % 2 == 0 ? "no" : "maybe" }
        let gap = format == .csv ? "," : "\t"
        let text =
            format == .jsonl
            ? rows.map { "{\"text\": \"a\", \"label\": \"\($0)\"}" }.joined(separator: "\n")
            : (["text\(gap)label"] + rows.map { "a\(gap)\($0)" }).joined(separator: "\n")
        let folder = try TemporaryFolder(["train": text, "dev": text])
        let error = #expect(throws: DatasetError.self) { try Dataset.load(definition(format), in: folder.path) }
        let problems = try #require(error).problems.map { $0.replacing(folder.path + "/", with: "") }
        let first = format == .jsonl ? 2 : 3
        try #require(problems.count == 11)
        #expect(problems[0] == "train:\(first): field 'label': 'maybe' is not one of no, yes")
        #expect(problems[9].hasPrefix("train:\(first + 18): "))
        #expect(problems[10] == "train: 10 more are wrong")
        #expect(error?.description.hasSuffix("; 20 rows are wrong in all") == true)
    }

    @Test func `rows of another width are told together`() throws {
        let folder = try TemporaryFolder(["train": "text\tlabel\na\nb\tno\nc\n", "dev": ""])
        let error = #expect(throws: DatasetError.self) { try Dataset.load(definition(.tsv), in: folder.path) }
        #expect(try #require(error).problems.count == 2)
    }

    @Test func `a missing file is an error`() throws {
        let folder = try TemporaryFolder()
        let error = #expect(throws: DatasetError.self) { try Dataset.load(definition(.tsv), in: folder.path) }
        #expect(
            error?.description == "\(folder.path)/train: cannot read: no such file or directory;"
                + " check the data directory and the task's paths")
        #expect(throws: DatasetError.self) { try Dataset.contentDigest(definition(.tsv), in: folder.path) }
    }

    // MARK: - Rows and a third file

    @Test func `of a file only the rows that are named are used`() throws {
        let text = Array("text\tlabel\na\tyes\nb\tno\nc\tyes\n".utf8)
        let folder = try TemporaryFolder(["train": text, "dev": text])
        var task = definition(.tsv)
        (task.trainRows, task.devRows) = (1...2, 3...3)
        let dataset = try Dataset.load(task, in: folder.path)
        #expect(dataset.train.map(\.content) == [.text(TextPair("a")), .text(TextPair("b"))])
        #expect(dataset.dev.map(\.content) == [.text(TextPair("c"))])
        let whole = try Dataset.contentDigest(definition(.tsv), in: folder.path)
        #expect(try Dataset.contentDigest(task, in: folder.path) != whole)
        task.devRows = 3...4
        let error = #expect(throws: DatasetError.self) { try Dataset.load(task, in: folder.path) }
        #expect(error?.description == "\(folder.path)/dev: there are no rows 3 to 4, the file has 3")
    }

    @Test func `a third file is read, and part of what the task is`() throws {
        let good = Array("text\tlabel\na\tyes\nb\tno\n".utf8)
        let third = Array("text\tlabel\nc\tyes\n".utf8)
        let folder = try TemporaryFolder(["train": good, "dev": good, "third": third, "other": third + third])
        var task = definition(.tsv)
        let without = try Dataset.contentDigest(task, in: folder.path)
        #expect(try Dataset.load(task, in: folder.path).validation.isEmpty)
        task.validation = "third"
        let with = try Dataset.contentDigest(task, in: folder.path)
        #expect(try Dataset.load(task, in: folder.path).validation.map(\.content) == [.text(TextPair("c"))])
        task.validation = "other"
        #expect(Set([without, with, try Dataset.contentDigest(task, in: folder.path)]).count == 3)
    }

    // MARK: - Identity and split

    @Test func `a task's digest follows its content, not its place`() throws {
        let good = Array("text\tlabel\na\tyes\nb\tno\n".utf8)
        let folder = try TemporaryFolder(["train": good, "dev": good, "copy": good, "other": good + [0x0A]])
        var task = definition(.tsv)
        let digest = try Dataset.contentDigest(task, in: folder.path)
        task.name = "renamed"
        task.train = "copy"
        #expect(try Dataset.contentDigest(task, in: folder.path) == digest)
        task.train = "other"
        #expect(try Dataset.contentDigest(task, in: folder.path) != digest)
        task.train = "train"
        task.labels = ["yes", "no"]
        #expect(try Dataset.contentDigest(task, in: folder.path) != digest)
    }
}
