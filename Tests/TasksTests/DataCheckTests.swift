import Experiments
import Tasks
import TestKit
import Testing
import Tokenizers

/// What is seen of datasets before anything trains on them.
struct DataCheckTests {
    private let definition = TaskDefinition(
        name: "own", train: "train", dev: "dev", format: .tsv, text: .name("text"), label: .name("label"),
        labels: ["no", "yes"], metrics: [.accuracy])

    private func table(_ rows: [(String, String)]) -> String {
        (["text\tlabel"] + rows.map { "\($0)\t\($1)" }).joined(separator: "\n")
    }

    private func check(
        _ train: [(String, String)], _ dev: [(String, String)], _ definition: TaskDefinition? = nil,
        reader: TextReader? = nil
    ) throws -> DataCheck {
        let folder = try TemporaryFolder(["train": table(train), "dev": table(dev)])
        return try DataCheck(try Dataset.load(definition ?? self.definition, in: folder.path), reader: reader)
    }

    /// Rows of both labels with words that say nothing.
    private func rows(_ range: Range<Int>) -> [(String, String)] {
        range.map { ("row \($0)", $0 % 2 == 0 ? "no" : "yes") }
    }

    @Test func `a sound dataset is counted and not warned of`() throws {
        let check = try check(rows(0..<100), rows(100..<150))
        #expect(check.warnings == [])
        #expect(check.files.map(\.name) == ["train", "dev"])
        #expect(check.files.map(\.rows) == [100, 50])
        #expect(check.files[0].labels.map(\.label) == ["no", "yes"] && check.files[0].labels.map(\.count) == [50, 50])
        #expect(check.files.map(\.repeated) == [0, 0] && check.files.map(\.inTrain) == [nil, 0])
    }

    @Test func `rows of dev that are in train are told, whatever their capitals and spaces`() throws {
        let train = rows(0..<100)
        let all = try check(train, Array(train.prefix(20)))
        #expect(
            all.warnings == [
                "all 20 rows of dev are in train, too (row 1 is train's row 1): their score shows what was learned by heart; "
                    + "'dev: 20%' sets rows of train apart"
            ])
        let one = try check(train, rows(100..<119) + [(" ROW  7", "no")])
        #expect(one.files[1].inTrain == 1)
        #expect(
            one.warnings.first?.hasPrefix("1 of 20 rows of dev are in train, too (row 20 is train's row 8)") == true)
    }

    @Test func `a text with two labels is told`() throws {
        let check = try check(rows(0..<30) + [("row 3", "no"), ("row 4", "no")], rows(30..<60))
        #expect(check.files[0].repeated == 2 && check.files[0].contradicted == 1)
        #expect(
            check.warnings == [
                "1 row of train has a text that came before with another label (row 31 and row 4); decide which is right"
            ])
    }

    @Test func `labels that are missing or rare are told`() throws {
        var task = definition
        task.labels = ["no", "yes", "maybe", "never"]
        let check = try check(rows(0..<40) + [("x", "maybe")], rows(40..<80), task)
        #expect(
            check.warnings == [
                "no row of train has the label 'never': no model can learn what it never sees; is it spelled otherwise, or "
                    + "one too many in 'labels'?",
                "few rows of train have the label 'maybe' (1): results for it will vary; use many seeds, and find more of "
                    + "them",
                "no row of dev has the label 'maybe', 'never': the score says nothing of it; is it spelled otherwise, or "
                    + "one too many in 'labels'?",
            ])
    }

    @Test func `a label that is nearly always right is told where accuracy alone is asked for`() throws {
        let dev = (0..<100).map { ("dev \($0)", $0 < 85 ? "no" : "yes") }
        let told = try check(rows(0..<40), dev).warnings
        #expect(told.count == 1 && told[0].hasPrefix("85.0 % of the rows of dev have the label 'no', so"))
        var task = definition
        task.metrics = [.accuracy, .macroF1]
        #expect(try check(rows(0..<40), dev, task).warnings == [])
    }

    @Test func `a word that gives the label away is told`() throws {
        let train = (0..<60).map { ("row \($0)\($0 % 2 == 1 && $0 != 5 ? " #sold" : "")", $0 % 2 == 0 ? "no" : "yes") }
        #expect(
            try check(train, rows(60..<90)).warnings == [
                "the word '#sold' in 'text' gives the label 'yes' away: 29 of its 30 rows in train have it, and no other row; "
                    + "is that so, too, where the model will be used?"
            ])
        #expect(try check(train + [("more #sold", "no")], rows(60..<90)).warnings == [])
    }

    // MARK: - As a model reads them

    private func reader(maxLength: Int, limit: Int = 128) throws -> TextReader {
        let folder = try TemporaryFolder(["vocab.txt": "[PAD]\n[UNK]\n[CLS]\n[SEP]\nrow\n" + digits])
        return TextReader(
            tokenizer: try loadTokenizer(directory: folder.path), maxLength: maxLength, limit: limit)
    }

    private var digits: String { (0..<10).map { "\($0)\n##\($0)\n" }.joined() }

    @Test func `lengths are counted in tokens, and what would cut less is named`() throws {
        let long = (0..<50).map { ("row \(String(repeating: "1 ", count: 20 + $0))", $0 % 2 == 0 ? "no" : "yes") }
        let check = try check(rows(0..<50) + long, rows(100..<110), reader: try reader(maxLength: 32))
        let lengths = try #require(check.files[0].lengths)
        // [CLS] row 1 ... 1 [SEP]
        #expect(lengths.longest == 72 && lengths.cut == 0.4 && lengths.unknown == 0)
        #expect(
            check.warnings.contains("max-length 32 cuts 40.0 % of the rows of train: max-length=96 would cut 0.0 %"),
            "\(check.warnings)")
        let short = try self.check(rows(0..<50) + long, rows(100..<110), reader: try reader(maxLength: 32, limit: 32))
        #expect(
            short.warnings.contains {
                $0.hasSuffix("the model reads no more; shorten them, or take the part that matters")
            })
    }

    @Test func `rows that cannot be cut as asked are told, and shown as they are cut`() throws {
        var task = definition
        task.pair = .name("other")
        let rows = (0..<20).map { row in
            "row \(row)\t\(String(repeating: "1 ", count: row < 7 ? 30 : 10))\t\(row % 2 == 0 ? "no" : "yes")\n"
        }
        let table = "text\tother\tlabel\n" + rows.joined()
        let folder = try TemporaryFolder(["train": table, "dev": "text\tother\tlabel\na\tb\tno\nb\tc\tyes\n"])
        let dataset = try Dataset.load(task, in: folder.path)
        let told = { (truncation: Truncation) in
            let tokenizer = try self.reader(maxLength: 24).tokenizer
            let reader = TextReader(tokenizer: tokenizer, maxLength: 24, limit: 128, truncation: truncation)
            return try DataCheck(dataset, reader: reader).warnings.filter { $0.hasPrefix("training stops") }
        }
        #expect(
            try told(.first) == [
                "training stops at 7 of the rows of train: the first text has 2 tokens and cannot be cut by 11; choose a greater "
                    + "maximal length or truncate the longest"
            ])
        #expect(try told(.second).isEmpty && told(.longest).isEmpty)
        let shown = { (truncation: Truncation) in
            try dataset.preview(
                of: dataset.train, count: 1, self.reader(maxLength: 8).tokenizer, maxLength: 8, truncation: truncation
            ).map(\.sequences)
        }
        #expect(try shown(.second) == [["[CLS] row 0 [SEP] 1 1 1 [SEP]"]])
        #expect(throws: TokenizerError.self) { try shown(.first) }
    }

    @Test func `a language that the tokenizer does not know is told`() throws {
        let greek = (0..<40).map { ("λόγος \($0)", $0 % 2 == 0 ? "no" : "yes") }
        let check = try check(greek, rows(100..<140), reader: try reader(maxLength: 32))
        #expect(check.warnings.first?.contains("of the tokens of train are unknown to the model") == true)
    }

    @Test func `rows are shown as a model reads them`() throws {
        let reader = try reader(maxLength: 6)
        let folder = try TemporaryFolder([
            "train": table([("row 12", "no"), ("Row 1 2 3 4 5", "yes")]), "dev": table(rows(0..<2)),
        ])
        let dataset = try Dataset.load(definition, in: folder.path)
        let shown = try dataset.preview(of: dataset.train, count: 9, reader.tokenizer, maxLength: 6)
        #expect(shown.map(\.label) == ["no", "yes"] && shown.map(\.cut) == [0, 2])
        #expect(shown.map(\.sequences) == [["[CLS] row 1 ##2 [SEP]"], ["[CLS] row 1 2 3 [SEP]"]])
    }

    @Test func `words are shown with their tags, and target words in marks`() throws {
        let tokenizer = try reader(maxLength: 8).tokenizer
        let tags = TaskDefinition(
            name: "own", train: "train", dev: "train", kind: .tags, format: .conll, text: .number(1), label: .number(2),
            labels: ["O", "B-X"], metrics: [.accuracy])
        let words = TaskDefinition(
            name: "own", train: "train", dev: "train", kind: .targetWords, format: .jsonl, text: .name("text"),
            targets: [.name("a"), .name("b")], label: .name("label"), labels: ["no", "yes"], metrics: [.accuracy])
        let tagged = try TemporaryFolder(["train": "row O\n12 B-X\n"])
        let marked = try TemporaryFolder([
            "train": """
            {"text": "row 12 3", "a": 1, "b": 2, "label": "no"}
            {"text": "row 3 12", "a": 1, "b": 2, "label": "yes"}
            """
        ])
        for (task, folder, expected) in [
            (tags, tagged, "[CLS] row/O 1/B-X ##2 [SEP]"), (words, marked, "[CLS] row «1 ##2» «3» [SEP]"),
        ] {
            let dataset = try Dataset.load(task, in: folder.path)
            let shown = try dataset.preview(of: dataset.train, count: 1, tokenizer, maxLength: 8)
            #expect(shown.map(\.sequences) == [[expected]])
        }
    }
}
