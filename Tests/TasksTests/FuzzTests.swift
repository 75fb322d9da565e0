import Experiments
import Foundation
import Tasks
import TestKit
import Testing

/// Dataset files of every form, as spreadsheets, cut downloads and ill-meaning strangers leave them.
struct FuzzTests {
    private struct Sample {
        let definition: TaskDefinition
        let bytes: [UInt8]

        init(
            _ format: TaskDefinition.FileFormat, kind: TaskDefinition.Kind? = nil, text: Column = .name("text"),
            pair: Column? = nil, choices: [Column]? = nil, targets: [Column]? = nil, label: Column? = .name("label"),
            labels: [String]? = ["no", "yes"], encoding: TaskDefinition.TextEncoding = .utf8, _ content: String
        ) {
            let name = format == .wic ? "file.data.txt" : "file"
            definition = TaskDefinition(
                name: "test", train: DataFiles([name]), dev: DataFiles([name]), kind: kind, format: format,
                encoding: encoding, text: text,
                pair: pair, choices: choices, targets: targets, label: label, labels: labels, metrics: [.accuracy])
            bytes = Array(content.utf8)
        }
    }

    private static let samples = [
        Sample(.tsv, "id\tlabel\ttext\r\n1\tyes\tone \"two\r\n2\tno\tthree\r\n"),
        Sample(.csv, "text,label\n\"a,\"\"b\"\"\nc\",yes\nd,no\n"),
        Sample(.csv, labels: nil, "text,label\na,1.5\nb,-2e1\n"),
        Sample(
            .jsonl, pair: .name("pair"), labels: ["true", "0.50"],
            "{\"text\": \"a\\u00e9\", \"pair\": \"b\", \"label\": true, \"more\": [1, {\"x\": null}]}\n"
                + "{\"label\": 0.50, \"text\": \"c\", \"pair\": \"d\"}\n"),
        Sample(.trec, labels: ["HUM", "LOC"], encoding: .latin1, "HUM:ind Who ?\nLOC:city Where ?\n"),
        Sample(
            .copa, kind: .choices, text: .name("premise"), choices: [.name("choice1"), .name("choice2")],
            labels: ["1", "2"],
            """
            <?xml version="1.0"?>
            <!DOCTYPE copa-corpus [<!ENTITY a "b"><!ENTITY b "&a;&a;&a;">]>
            <copa-corpus version="1.0">
            <item id="1" asks-for="cause" most-plausible-alternative="1"><p>A &amp; &b;.</p><a1>B.</a1><a2>C.</a2></item>
            <item id="2" asks-for="effect" most-plausible-alternative="2"><p>D!</p><a1>E</a1><a2>F</a2></item>
            </copa-corpus>
            """),
        Sample(
            .wic, kind: .targetWords, pair: .name("pair"), targets: [.name("index1"), .name("index2")],
            labels: ["F", "T"],
            "place\tN\t2-1\tCome to place .\tNo place here .\ngo\tV\t0-1\tGo on .\tWe go .\n"),
        Sample(
            .jsonl, kind: .targetWords, targets: [.name("a"), .name("b"), .name("c"), .name("d")],
            "{\"text\": \"one two three\", \"a\": 0, \"b\": 3, \"c\": 4, \"d\": 7, \"label\": \"yes\"}\n"
                + "{\"text\": \"é two\", \"a\": 0, \"b\": 1, \"c\": 2, \"d\": 5, \"label\": \"no\"}\n"),
        Sample(
            .conll, kind: .tags, text: .number(1), label: .number(4), labels: ["O", "B-X", "I-X"],
            "-DOCSTART- -X- O O\n\nA N x B-X\nb N x I-X\n\nc N x O\nd\tN\tx\tO\n"),
        Sample(
            .jsonl, kind: .tags, labels: ["O", "B-X"],
            "{\"text\": [\"a\", \"b\"], \"label\": [\"O\", \"B-X\"]}\n{\"text\": [\"c\"], \"label\": [\"O\"]}\n"),
        Sample(.lines, kind: .maskedLM, label: nil, labels: nil, "= A =\n\n the <unk> sat on it \n"),
    ]

    /// What a mutation may put anywhere.
    private static let strange = [
        "\"", "\"\"\"", "\r", "\r\n\r\n", "\u{0}\u{0}", "\u{FEFF}", "\\ud800", "[[[[[[[[[[[[[[[[",
        "{\"a\":{\"a\":{\"a\":",
        "<!ENTITY c \"&b;&b;\">", "&c;&c;&c;", "]]>", "<item>", "\u{2028}", "e\u{301}\u{316}", "\t\t\t\t", "1e999", "-",
    ].map { Array($0.utf8) }

    @Test(arguments: 0..<UInt64(4))
    func `a mutated dataset is read, or told what is wrong with it`(seed: UInt64) throws {
        let watchdog = Watchdog()
        let pieces = Self.samples.map(\.bytes) + Self.strange
        var mutator = Mutator(seed: seed)
        var (read, refused) = (0, 0)
        for number in 0..<fuzzCount(8800, per: 1000) / 4 {
            let sample = Self.samples[number % Self.samples.count]
            let file = mutator.mutated(sample.bytes, among: pieces)
            let folder = try TemporaryFolder([
                "\(sample.definition.train)": file, "file.gold.txt": Array("F\nT\n".utf8),
            ])
            watchdog.watch("dataset \(number) of seed \(seed)") {
                do throws(DatasetError) {
                    let dataset = try Dataset.load(sample.definition, in: folder.path)
                    _ = try Dataset.contentDigest(sample.definition, in: folder.path)
                    read += dataset.train.count
                } catch {
                    refused += 1
                }
            }
        }
        #expect(read > 0 && refused > 0)
    }

    /// Three to the twentieth power of letters, if somebody wrote them out.
    @Test func `an XML file whose entities multiply is refused`() throws {
        let entities = (1...20).map { "<!ENTITY e\($0) \"&e\($0 - 1);&e\($0 - 1);&e\($0 - 1);\">" }
        let sample = Sample(
            .copa, kind: .choices, text: .name("premise"), choices: [.name("choice1"), .name("choice2")],
            labels: ["1", "2"],
            "<!DOCTYPE c [<!ENTITY e0 \"x\">\(entities.joined())]>\n<c><item id=\"1\" asks-for=\"cause\" "
                + "most-plausible-alternative=\"1\"><p>&e20;</p><a1>B.</a1><a2>C.</a2></item></c>")
        let folder = try TemporaryFolder(["file": sample.bytes])
        Watchdog().watch("entities that multiply") {
            let error = #expect(throws: DatasetError.self) { try Dataset.load(sample.definition, in: folder.path) }
            #expect(
                error?.message.contains("limit on input amplification factor") == true, "\(String(describing: error))")
        }
    }
}
