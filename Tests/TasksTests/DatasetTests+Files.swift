import Experiments
import Foundation
import Tasks
import TestKit
import Testing

/// Files as people have them.
extension DatasetTests {
    /// As Windows writes it, the other way round, and without a mark.
    @Test(arguments: [(true, true), (false, true), (true, false), (false, false)])
    func `a file in UTF-16 is read, whatever encoding is set`(isLittle: Bool, isMarked: Bool) throws {
        let units = Array(((isMarked ? "\u{FEFF}" : "") + "text\tlabel\nGrüß 😀\tyes\nb\tno\n").utf16)
        let bytes = units.flatMap {
            isLittle ? [UInt8($0 & 0xFF), UInt8($0 >> 8)] : [UInt8($0 >> 8), UInt8($0 & 0xFF)]
        }
        for encoding in TaskDefinition.TextEncoding.allCases {
            let examples = try load(bytes, definition(.tsv, encoding: encoding))
            #expect(examples.map(\.content) == [.text(TextPair("Grüß 😀")), .text(TextPair("b"))])
        }
        #expect(
            try failure(bytes.dropLast(), definition(.tsv))
                == "train: is in UTF-16 and not whole: half a character is missing; was the file cut off?")
    }

    @Test func `a file that gzip has packed is read as it was`() throws {
        let text = "text\tlabel\n" + (0..<5000).map { "text \($0)\t\($0 % 2 == 0 ? "no" : "yes")\n" }.joined()
        let folder = try TemporaryFolder(["train": text, "dev": "text\tlabel\nb\tno\n"])
        let plain = try Dataset.load(definition(.tsv), in: folder.path).train
        let packed = try gzip(folder["train"])
        let packedFolder = try TemporaryFolder(["train": packed, "dev": packed])
        #expect(try Dataset.load(definition(.tsv), in: packedFolder.path).train == plain)
        #expect(
            try failure(packed.dropLast(9), definition(.tsv))
                == "train: cannot be unpacked: it is damaged, or was cut off")
        var damaged = packed
        damaged[packed.count / 2] ^= 0xFF
        #expect(try failure(damaged, definition(.tsv)) == "train: cannot be unpacked: it is damaged, or was cut off")
    }

    private func gzip(_ path: String) throws -> [UInt8] {
        let process = Process()
        process.executableURL = URL(filePath: "/bin/gzip")
        process.arguments = [path]
        try process.run()
        process.waitUntilExit()
        return Array(try Data(contentsOf: URL(filePath: "\(path).gz")))
    }

    // MARK: - What is lacking and what is too much

    @Test(arguments: [
        (TaskDefinition.FileFormat.tsv, "text\tlabel\na\tno\n \tyes\nb\t\nc\tyes\n"),
        (.csv, "text,label\na,no\n\"\",yes\nb,\nc,yes\n"),
        (
            .jsonl,
            """
            {"text": "a", "label": "no"}
            {"text": null, "label": "yes"}
            {"text": "b", "label": null}
            {"text": "c", "label": "yes"}
            """
        ),
    ]) func `rows that lack a text or the label are left out where the task says so`(
        format: TaskDefinition.FileFormat, text: String
    ) throws {
        var task = definition(format)
        let told = try failure(text, task)
        #expect(told.contains("is empty") || told.contains("is null"), "\(told)")
        task.skipsEmpty = true
        let folder = try TemporaryFolder(["train": text, "dev": text])
        let dataset = try Dataset.load(task, in: folder.path)
        #expect(dataset.train.map(\.content) == [.text(TextPair("a")), .text(TextPair("c"))])
        #expect(dataset.skipped == [.train: 2, .dev: 2])
    }

    @Test func `a file of empty rows alone is an error`() throws {
        var task = definition(.tsv)
        task.skipsEmpty = true
        #expect(try failure("text\tlabel\n\tno\n\tyes\n", task) == "train: every row lacks a text or its label")
    }

    @Test func `more fields than the header has are passed over where the task says so`() throws {
        var task = definition(.csv)
        let text = "text,label\na,no\nb,yes,more,and more\n"
        #expect(try failure(text, task) == "train:3: the row has 4 columns, but line 1 has 2 columns")
        task.ignoresExtra = true
        #expect(try load(Array(text.utf8), task).map(\.content) == [.text(TextPair("a")), .text(TextPair("b"))])
        #expect(try failure("text,label\na\n", task) == "train:2: the row has 1 column, but line 1 has 2 columns")
    }

    @Test func `a row that is too short lacks what is not there`() throws {
        var task = definition(.csv)
        let text = "text,label,note\na,no\nb\nc,yes,n\n"
        #expect(try failure(text, task).hasPrefix("train:2: the row has 2 columns, but line 1 has 3 columns"))
        task.skipsEmpty = true
        #expect(try load(Array(text.utf8), task).map(\.content) == [.text(TextPair("a")), .text(TextPair("c"))])
    }

    // MARK: - Several files, and one alone

    @Test func `several files are read one after the other`() throws {
        let folder = try TemporaryFolder([
            "a-2": "text\tlabel\nc\tno\n", "a-1": "text\tlabel\na\tno\nb\tyes\n", "dev": "text\tlabel\nz\tno\n",
        ])
        var task = definition(.tsv)
        let texts = { () throws in try Dataset.load(task, in: folder.path).train.map(\.content) }
        let all = ["a", "b", "c"].map { Example.Content.text(TextPair($0)) }
        task.train = DataFiles(["a-1", "a-2"])
        #expect(try texts() == all)
        let digest = try Dataset.contentDigest(task, in: folder.path)
        task.train = "a-*"
        #expect(try texts() == all, "in the order of their names")
        #expect(try Dataset.contentDigest(task, in: folder.path) == digest)
        task.trainRows = 2...3
        #expect(try texts() == Array(all.dropFirst()))
        (task.train, task.trainRows) = (DataFiles(["a-2", "a-1"]), nil)
        #expect(try Dataset.contentDigest(task, in: folder.path) != digest, "another order is another task")
        task.train = "b-*"
        let error = #expect(throws: DatasetError.self) { try texts() }
        #expect(error?.description == "\(folder.path)/b-*: no file matches this pattern")
    }

    /// As `datasets` of Hugging Face leaves them: classes by their numbers, missing values null, parts in shards.
    @Test func `a folder of shards is read as it is`() throws {
        let shard = { (rows: Range<Int>) in
            rows.map { "{\"idx\":\($0),\"text\":\($0 == 2 ? "null" : "\"text \($0)\""),\"label\":\($0 % 2)}\n" }
                .joined()
        }
        let folder = try TemporaryFolder([
            "imdb/README.md": "---\nlicense: other\n---\n", "imdb/data/train-00001-of-00002.jsonl": shard(3..<6),
            "imdb/data/train-00000-of-00002.jsonl": shard(0..<3), "imdb/data/test-00000-of-00001.jsonl": shard(6..<8),
        ])
        var task = definition(.jsonl, labels: ["0", "1"])
        (task.train, task.dev) = ("imdb/data/train-*.jsonl", "imdb/data/test-*.jsonl")
        task.skipsEmpty = true
        let dataset = try Dataset.load(task, in: folder.path)
        #expect(dataset.train.map(\.content) == [0, 1, 3, 4, 5].map { .text(TextPair("text \($0)")) })
        #expect(dataset.train.flatMap(\.labels) == [0, 1, 1, 0, 1].map(Label.category) && dataset.dev.count == 2)
    }

    @Test func `classes are read by their numbers or names where the folder names them`() throws {
        var task = definition(.jsonl, labels: ["neg", "pos"])
        task.numbersLabels = true
        let text = [#""label": 1"#, #""label": 0"#, #""label": "pos""#].map { "{\"text\": \"a\", \($0)}" }
        #expect(
            try load(Array(text.joined(separator: "\n").utf8), task).flatMap(\.labels) == [1, 0, 1].map(Label.category))
        for (label, sentence) in [
            ("2", "there is no class 2, they are 0 to 1"),
            ("-1", "-1 stands for a label that is kept secret; score on another split"),
            ("\"bad\"", "'bad' is not one of neg, pos"),
        ] {
            let wrong = "{\"text\": \"a\", \"label\": \(label)}"
            #expect(try failure(wrong, task) == "train:1: field 'label': \(sentence)")
        }
        task.numbersLabels = nil
        #expect(try failure(text[0], task) == "train:1: field 'label': '1' is not one of neg, pos")
    }

    private func single(_ count: Int, share: Double, seed: UInt64? = nil, copies: Int = 1) throws -> Dataset {
        let rows = (0..<count).flatMap { row in
            Array(repeating: "text \(row)\t\(row % 10 == 0 ? "yes" : "no")\n", count: copies)
        }
        let folder = try TemporaryFolder(["train": "text\tlabel\n" + rows.joined()])
        var task = definition(.tsv)
        (task.dev, task.devShare, task.devSeed) = (nil, share, seed)
        return try Dataset.load(task, in: folder.path)
    }

    @Test func `of one file alone a share of every label is set apart`() throws {
        let dataset = try single(1000, share: 0.2)
        #expect(dataset.train.count == 800 && dataset.dev.count == 200)
        #expect(dataset.dev.count { $0.labels == [.category(1)] } == 20)
        #expect(try single(1000, share: 0.2).dev == dataset.dev, "every time the same rows")
        #expect(try single(1000, share: 0.2, seed: 0).dev == dataset.dev)
        #expect(try single(1000, share: 0.2, seed: 1).dev != dataset.dev)
        let order = { (examples: [Example]) in
            examples.map { example -> Int in
                guard case .text(let texts) = example.content else { return -1 }
                return Int(texts.text.dropFirst(5)) ?? -1
            }
        }
        #expect(order(dataset.dev) == order(dataset.dev).sorted(), "in the file's order")
        #expect(Set(order(dataset.dev)).isDisjoint(with: order(dataset.train)))
    }

    @Test func `rows with one text are set apart together`() throws {
        let dataset = try single(300, share: 0.3, copies: 3)
        let texts = { (examples: [Example]) in examples.map { "\($0.content)" } }
        #expect(Set(texts(dataset.dev)).isDisjoint(with: texts(dataset.train)))
        #expect(abs(dataset.dev.count - 270) <= 4)
    }

    @Test func `a rare label is in both parts, and one row is trained on`() throws {
        let dataset = try single(11, share: 0.1)
        #expect(dataset.dev.count { $0.labels == [.category(1)] } == 1)
        #expect(dataset.train.count { $0.labels == [.category(1)] } == 1)
        let error = #expect(throws: DatasetError.self) { try single(1, share: 0.5) }
        #expect(error?.message.hasPrefix("there are too few rows") == true)
    }
}
