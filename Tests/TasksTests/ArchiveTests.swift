import Configuration
import Experiments
import Foundation
import Tasks
import TestKit
import Testing

/// GLUE's and SuperGLUE's files in the layout and the forms of their archives.
struct ArchiveTests {
    private static let catalog = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("configs/archives/tasks.yaml").path

    private static let stsbHeader =
        "index\tgenre\tfilename\tyear\told_index\tsource1\tsource2\tsentence1\tsentence2\tscore"

    /// Two examples each; the files of both splits.
    private static let files: [String: String] = [
        "RTE/*.tsv": "index\tsentence1\tsentence2\tlabel\n0\tA b.\tC.\tnot_entailment\n1\tD.\tE.\tentailment\n",
        "CoLA/*.tsv": String(repeating: "gj04\t1\t\tIt ran.\ngj04\t0\t*\tIt ran it.\n", count: 300),
        "MRPC/*.tsv":
            "\u{FEFF}Quality\t#1 ID\t#2 ID\t#1 String\t#2 String\n1\t7\t8\tA \"b\tC.\n0\t9\t10\tD.\tE.\n",
        "STS-B/*.tsv":
            "\(stsbHeader)\n0\tg\tf\t2012\t1\tnone\tnone\tA.\tB.\t5.000\n1\tg\tf\t2012\t2\tnone\tnone\tC.\tD.\t0.5\n",
        "QNLI/*.tsv": "index\tquestion\tsentence\tlabel\n0\tWho?\tHe.\tentailment\n1\tWhat?\tIt.\tnot_entailment\n",
        "SST-2/*.tsv": "sentence\tlabel\nhide new secretions \t0\na gem \t1\n",
        "RTE/*.jsonl": """
        {"premise": "A b.", "hypothesis": "C.", "label": "not_entailment", "idx": 0}
        {"premise": "D.", "hypothesis": "E.", "label": "entailment", "idx": 1}
        """,
        "BoolQ/*.jsonl": """
        {"question": "is it", "passage": "It -- is.", "idx": 0, "label": true}
        {"question": "was it", "passage": "It -- is.", "idx": 1, "label": false}
        """,
        "CB/*.jsonl": """
        {"premise": "A.", "hypothesis": "b", "label": "neutral", "idx": 0}
        {"premise": "C.", "hypothesis": "d", "label": "entailment", "idx": 1}
        """,
        "COPA/*.jsonl": """
        {"premise": "My body cast a shadow.", "choice1": "The sun rose.", "choice2": "I sat.", "question": "cause", \
        "label": 0, "idx": 0, "changed": false}
        {"premise": "It rained!", "choice1": "A", "choice2": "B", "question": "effect", "label": 1, "idx": 1}
        """,
        "WiC/*.jsonl": """
        {"word": "place", "sentence1": "Come to my place.", "sentence2": "No place is far.", "idx": 0, \
        "label": false, "start1": 11, "start2": 3, "end1": 16, "end2": 8, "version": 1.1}
        {"word": "go", "sentence1": "Go on.", "sentence2": "We go.", "idx": 1, "label": true, "start1": 0, \
        "start2": 3, "end1": 2, "end2": 5, "version": 1.1}
        """,
    ]

    private func folder() throws -> TemporaryFolder {
        let folder = try TemporaryFolder()
        for (name, text) in Self.files {
            try folder.write(text, to: name.replacing("*", with: "train"))
            try folder.write(text, to: name.replacing("*", with: name.hasSuffix("l") ? "val" : "dev"))
        }
        return folder
    }

    private func dataset(_ name: String, in folder: TemporaryFolder) throws -> Dataset {
        let tasks = try Catalogs.read(
            taskFiles: [Self.catalog], program: nil, environment: ["HEADSTART_CONFIGS": folder.path]
        ).tasks
        return try Dataset.load(try tasks.definition(named: name), in: folder.path)
    }

    @Test(arguments: [
        ("rte", [1, 0]), ("rte-superglue", [1, 0]), ("mrpc", [1, 0]), ("qnli", [0, 1]), ("qnli-as-coded", [0, 1]),
        ("sst2", [0, 1]), ("boolq", [1, 0]), ("cb", [2, 0]), ("copa", [0, 1]), ("wic", [0, 1]),
        ("wic-as-coded", [0, 1]),
    ])
    func `every task is read from its archive as it is`(name: String, categories: [Int]) throws {
        let dataset = try dataset(name, in: folder())
        for examples in [dataset.train, dataset.dev] {
            #expect(examples.flatMap(\.labels) == categories.map(Label.category))
        }
    }

    @Test func `texts stand in the order of the benchmark, and of the code where that is asked for`() throws {
        let folder = try folder()
        let first = { (name: String) in try dataset(name, in: folder).train[0].content }
        #expect(try first("qnli") == .text(TextPair("Who?", "He.")))
        #expect(try first("qnli-as-coded") == .text(TextPair("He.", "Who?")))
        #expect(try first("rte") == first("rte-superglue"))
        #expect(try first("mrpc") == .text(TextPair("A \"b", "C.")))
        #expect(
            try first("copa")
                == .choices([
                    TextPair("My body cast a shadow because the sun rose."),
                    TextPair("My body cast a shadow because i sat."),
                ]))
        #expect(try first("wic") == .targets(TextPair("Come to my place.", "No place is far."), 11..<16, 3..<8))
        for name in ["stsb", "stsb-spearman"] {
            #expect(try dataset(name, in: folder).train.flatMap(\.labels) == [.value(5), .value(0.5)])
        }
    }

    @Test func `of CoLA the whole dev set is scored, or its in-domain rows`() throws {
        let folder = try folder()
        #expect(try dataset("cola", in: folder).dev.count == 600)
        let inDomain = try dataset("cola-in-domain", in: folder)
        #expect(inDomain.dev.count == 527 && inDomain.train.count == 600)
    }
}
