import Foundation
import TestKit
import Testing

/// Datasets as they come, and what whoever brings them sees of `headstart data check`: one place for all of them.
@Suite(.timeLimit(.minutes(5)))
struct HostileDatasetTests {
    /// A folder of files with the task's entry, and the sentence that stands in what is said of it.
    struct Hostile: CustomTestStringConvertible, Sendable {
        let name: String
        let files: [String: [UInt8]]
        /// Of the task `own`, without its text, label and metric.
        let entry: String
        var columns = "text: text, label: label, metrics: [accuracy]"
        var options: [String] = []
        /// 2 where it is refused, 0 where it is warned of or well.
        var status: Int32 = 2
        let says: String

        var testDescription: String { name }
    }

    private static let sound = "text,label\na,no\nb,yes\n"
    private static let numbers = "train: train, dev: dev, format: csv"
    private static let csv = "train: train, dev: dev, format: csv, labels: [no, yes]"

    private static func rows(_ count: Int, _ text: (Int) -> String = { "row \($0)" }) -> String {
        "text,label\n" + (0..<count).map { "\(text($0)),\($0 % 2 == 0 ? "no" : "yes")\n" }.joined()
    }

    private static func utf16(_ text: String) -> [UInt8] {
        ("\u{FEFF}" + text).utf16.flatMap { [UInt8($0 & 0xFF), UInt8($0 >> 8)] }
    }

    private static func hostile(
        _ name: String, _ train: some Sequence<UInt8>, _ entry: String = csv, dev: String = sound, status: Int32 = 2,
        options: [String] = [], columns: String? = nil, says: String
    ) -> Hostile {
        var hostile = Hostile(
            name: name, files: ["train": Array(train), "dev": Array(dev.utf8)], entry: entry, options: options,
            status: status, says: says)
        if let columns { hostile.columns = columns }
        return hostile
    }

    private static func folder(_ name: String, _ files: [String: String], _ entry: String, says: String) -> Hostile {
        let files = files.map { ("folder/\($0.key)", Array($0.value.utf8)) }
        return Hostile(name: name, files: Dictionary(uniqueKeysWithValues: files), entry: entry, says: says)
    }

    static let all = bytes + tables + labels + splits + models

    // MARK: - Bytes

    private static let bytes: [Hostile] = [
        hostile("nothing at all", "".utf8, says: "train: the dataset is empty: the file has no rows"),
        hostile(
            "Latin-1 that is said to be UTF-8", [UInt8]("text,label\nna".utf8) + [0xEF] + [UInt8]("ve,no\n".utf8),
            says: "train:2: byte 3 of the line (0xef) is not valid UTF-8; convert the file, or set 'encoding: latin1'"),
        hostile(
            "UTF-16 that was cut off", utf16(sound).dropLast(),
            says: "train: is in UTF-16 and not whole: half a character is missing; was the file cut off?"),
        hostile(
            "gzip that was cut off", [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3, 0x4B, 0x4C],
            says: "train: cannot be unpacked: it is damaged, or was cut off"),
        hostile(
            "a picture", [0x89] + [UInt8]("PNG\r\n".utf8) + (0..<200).map { UInt8($0) },
            says: "train:1: byte 1 of the line (0x89) is not valid UTF-8"),
        hostile(
            "lines that end as on an old Macintosh", "text,label\ra,no\rb,yes\r".utf8,
            says: "train: its lines end in CR alone, as on an old Macintosh; save it with LF or CR LF"),
        hostile(
            "40,000 marks on one letter",
            rows(20, { $0 == 3 ? "e" + String(repeating: "\u{301}\u{327}", count: 20_000) : "row \($0)" }).utf8,
            status: 0, options: ["--model", "model/"], says: "tokens, longest"),
    ]

    // MARK: - Tables and lines

    private static let tables: [Hostile] = [
        hostile(
            "a quotation mark that is never closed", "text,label\na,no\n\"b,yes\n".utf8,
            says: "train:3: a field begins with a quotation mark that is never closed"),
        hostile(
            "semicolons for commas", "text;label\na;no\nb;yes\n".utf8,
            says:
                "train:1: there is no column 'text'; known: text;label; are its fields separated by ';'? Those of csv files "
                + "are by commas, those of tsv files by tabs"),
        hostile(
            "commas in texts that are not quoted", "text,label\nwell, no,no\nb,yes\n".utf8,
            says: "train:2: the row has 3 columns, but line 1 has 2 columns"),
        hostile(
            "twelve rows that are wrong", ("text,label\na,no\n" + String(repeating: "b,maybe\n", count: 12)).utf8,
            says: "train: 2 more are wrong"),
        hostile(
            "a column of that name twice", "text,label,text\na,no,b\n".utf8, says: "train:1: there are 2 columns 'text'"
        ),
        hostile(
            "missing values", "text,label\na,no\n,yes\nb,\n".utf8,
            says:
                "train:3: field 'text' is empty; 'empty: skip' leaves such rows out headstart: DATA/train:4: field 'label' is "
                + "empty; 'empty: skip' leaves such rows out"),
        hostile(
            "JSON lines that are one array", "[{\"text\": \"a\", \"label\": \"no\"}]\n".utf8,
            csv.replacing("csv", with: "jsonl"), says: "train:1: the line is an array, an object is expected"),
        hostile(
            "a word without its tag", "# id 1\n1 the O\n2 dog\n\n".utf8,
            "kind: tags, train: train, dev: dev, format: conll, columns: [id, form, ner], comment: \"#\", labels: [O, B]",
            columns: "text: form, label: ner, metrics: [accuracy]",
            says: "train:3: there is no column ner, the line has 2"),
    ]

    // MARK: - Labels

    private static let labels: [Hostile] = [
        hostile(
            "a label that is spelled otherwise", "text,label\na,No\nb,yes\n".utf8,
            says: "train:2: field 'label': 'No' is not one of no, yes; did you mean 'no'?"),
        hostile(
            "one label alone", "text,label\na,yes\nb,yes\n".utf8,
            says: "train: every row has the label 'yes', so there is nothing to learn; two or more are needed"),
        hostile(
            "values that are all the same", "text,label\na,2\nb,2.0\n".utf8, numbers, dev: "text,label\na,1\nb,2\n",
            columns: "text: text, label: label, metrics: [pearson]",
            says: "train: every row has the label '2.0', so there is nothing to learn; two or more are needed"),
        hostile(
            "a value that is none", "text,label\na,1\nb,nan\n".utf8, numbers, dev: "text,label\na,1\nb,2\n",
            columns: "text: text, label: label, metrics: [pearson]",
            says: "train:3: field 'label': 'nan' is not a number"),
        hostile(
            "a text with two labels", (rows(40) + "row 3,no\n").utf8, status: 0,
            says:
                "1 row of train has a text that came before with another label (row 41 and row 4); decide which is right"
        ),
        hostile(
            "a label of three rows", (rows(40) + "x,maybe\ny,maybe\nz,maybe\n").utf8,
            csv.replacing("yes", with: "yes, maybe"), dev: rows(40, { "dev \($0)" }), status: 0,
            says: "few rows of train have the label 'maybe' (3): results for it will vary"),
        hostile(
            "a word that gives the label away", rows(60, { "row \($0)\($0 % 2 == 1 ? " SOLD" : "")" }).utf8, status: 0,
            says: "the word 'SOLD' in 'text' gives the label 'yes' away: 30 of its 30 rows in train have it"),
        hostile(
            "nine of ten with one label", rows(40).utf8,
            dev: "text,label\n" + (0..<40).map { "dev \($0),\($0 % 10 == 0 ? "yes" : "no")\n" }.joined(), status: 0,
            says: "90.0 % of the rows of dev have the label 'no', so a model that always says so has that accuracy"),
    ]

    // MARK: - What is trained on and what is scored on

    private static let splits: [Hostile] = [
        hostile(
            "dev that is train", rows(30).utf8, dev: rows(30, { "Row  \($0)" }), status: 0,
            says: "all 30 rows of dev are in train, too (row 1 is train's row 1)"),
        hostile(
            "one row to set apart from", "text,label\na,no\n".utf8, csv.replacing("dev: dev", with: "dev: 20%"),
            says: "train: there are too few rows to set some apart for 'dev'; name a file there"),
        hostile(
            "fewer texts than folds", "text,label\na,no\na,no\nb,yes\n".utf8,
            csv.replacing("dev: dev", with: "folds: 5"),
            says: "train: 2 different texts cannot be dealt into 5 folds; each needs one at least"),
        hostile(
            "a pattern that fits no file", "".utf8, csv.replacing("train: train", with: "train: shards/*.csv"),
            says: "shards/*.csv: no file matches this pattern"),
        folder(
            "a folder of Parquet files", ["train.parquet": "PAR1", "test.parquet": "PAR1"], "folder: folder",
            says:
                "'folder': DATA/folder has .parquet files, and all must be .csv, .tsv or .jsonl; `datasets` writes those by "
                + "to_csv and to_json"),
        folder(
            "a split whose labels are secret",
            [
                "train.jsonl": #"{"text": "a", "label": 0}"# + "\n" + #"{"text": "b", "label": 1}"# + "\n",
                "test.jsonl": #"{"text": "c", "label": -1}"# + "\n",
                "dataset_infos.json": #"{"default": {"features": {"label": {"names": ["no", "yes"]}}}}"#,
            ], "folder: folder",
            says: "test.jsonl:1: field 'label': -1 stands for a label that is kept secret; score on another split"),
    ]

    // MARK: - As a model reads them

    private static let models: [Hostile] = [
        hostile(
            "a script that the model does not know", rows(40, { "λόγος \($0)" }).utf8, status: 0,
            options: ["--model", "model/"],
            says: "50.0 % of the tokens of train and 16.7 % of the tokens of dev are unknown to the model"),
        hostile(
            "texts of which a model reads a part",
            rows(40, { "the cat \(String(repeating: "sings ", count: 60))\($0)" }).utf8,
            status: 0, options: ["--model", "model/", "--max-length", "16"],
            says: "max-length 16 cuts 100.0 % of the rows of train"),
        hostile(
            "pairs whose second text fills the model",
            ("text,other,label\n"
                + (0..<20).map {
                    "cat \($0),\(String(repeating: "dog ", count: 40))\($0),\($0 % 2 == 0 ? "no" : "yes")\n"
                }.joined()).utf8, csv, dev: "text,other,label\na,b,no\nb,c,yes\n", status: 0,
            options: ["--model", "model/", "--max-length", "32", "--truncate", "first"],
            columns: "text: text, pair: other, label: label, metrics: [accuracy]",
            says: "training stops at 20 of the rows of train: the first text has"),
    ]

    @Test func `there are twenty and more, of all kinds`() {
        #expect(Self.all.count >= 20 && Set(Self.all.map(\.name)).count == Self.all.count)
    }

    @Test(arguments: all) func `what is wrong with a dataset is said in a sentence`(_ hostile: Hostile) throws {
        let shop = try Workshop()
        try Directory(shop.path("DATA")).fill(hostile.files)
        try shop.write("own: { \(hostile.entry), \(hostile.columns) }\n", to: "DATA/tasks.yaml")
        let start = ContinuousClock.now
        let outcome = try shop.run(["data", "check", "own", "--data", "DATA"] + hostile.options)
        #expect(outcome.status == hostile.status, "\(outcome)")
        let said = (outcome.status == 0 ? outcome.output : outcome.errors).replacing(shop.folder + "/", with: "")
        #expect(said.split(whereSeparator: \.isWhitespace).joined(separator: " ").contains(hostile.says), "\(said)")
        #expect(outcome.errorLines.count <= 12 && !outcome.errors.contains("Fatal"))
        #expect(start.duration(to: .now) < .seconds(20))
    }
}

/// A folder to put a dataset into.
private struct Directory {
    let path: String

    init(_ path: String) { self.path = path }

    func fill(_ files: [String: [UInt8]]) throws {
        for (name, bytes) in files {
            let file = URL(filePath: "\(path)/\(name)")
            try FileManager.default.createDirectory(
                at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data(bytes).write(to: file)
        }
    }
}
