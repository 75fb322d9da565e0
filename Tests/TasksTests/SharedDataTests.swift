import Experiments
import Tasks
import TestKit
import Testing

/// Reads the public datasets and compares with the counts that their README states.
@Suite(.enabled(if: Given.sharedData != nil, "the public datasets are not here; set HEADSTART_SHARED"))
struct SharedDataTests {
    struct Expectation: Sendable, CustomTestStringConvertible {
        let task: TaskDefinition
        /// Rows of each class, or of each whole part of the score.
        let train, dev: [Int]
        var testDescription: String { task.name }
    }

    private static func task(
        _ name: String, _ train: String, _ dev: String, _ format: TaskDefinition.FileFormat, header: Bool = true,
        encoding: TaskDefinition.TextEncoding = .utf8, text: Column, pair: Column? = nil, label: Column,
        labels: [String]?, metrics: [Metric] = [.accuracy]
    ) -> TaskDefinition {
        TaskDefinition(
            name: name, train: "\(name)/\(train)", dev: "\(name)/\(dev)", format: format, header: header,
            encoding: encoding, text: text, pair: pair, label: label, labels: labels, metrics: metrics)
    }

    static let rte = task(
        "rte", "train.tsv", "dev.tsv", .tsv, text: .name("sentence1"), pair: .name("sentence2"), label: .name("label"),
        labels: ["entailment", "not_entailment"])
    static let rteLines = task(
        "rte", "train.jsonl", "val.jsonl", .jsonl, text: .name("premise"), pair: .name("hypothesis"),
        label: .name("label"), labels: ["entailment", "not_entailment"])

    static let expectations = [
        Expectation(task: rte, train: [1249, 1241], dev: [146, 131]),
        Expectation(task: rteLines, train: [1249, 1241], dev: [146, 131]),
        Expectation(
            task: task(
                "cb", "train.jsonl", "val.jsonl", .jsonl, text: .name("premise"), pair: .name("hypothesis"),
                label: .name("label"), labels: ["entailment", "contradiction", "neutral"]),
            train: [115, 119, 16], dev: [23, 28, 5]),
        Expectation(
            task: task(
                "cola", "train.tsv", "dev.tsv", .tsv, header: false, text: .number(4), label: .number(2),
                labels: ["0", "1"]),
            train: [2528, 6023], dev: [322, 721]),
        Expectation(
            task: task(
                "mrpc", "train.tsv", "dev.tsv", .tsv, text: .name("#1 String"), pair: .name("#2 String"),
                label: .name("Quality"), labels: ["0", "1"]),
            train: [1194, 2474], dev: [129, 279]),
        Expectation(
            task: task(
                "stsb", "train.tsv", "dev.tsv", .tsv, text: .name("sentence1"), pair: .name("sentence2"),
                label: .name("score"), labels: nil, metrics: [.pearson]),
            train: [891, 882, 982, 1588, 1140, 266], dev: [344, 254, 273, 365, 208, 56]),
        Expectation(
            task: task(
                "sst2", "train.tsv", "dev.tsv", .tsv, text: .name("sentence"), label: .name("label"),
                labels: ["0", "1"]),
            train: [29780, 37569], dev: [428, 444]),
        Expectation(
            task: task(
                "trec", "train_5500.label", "TREC_10.label", .trec, encoding: .latin1, text: .name("text"),
                label: .name("label"), labels: ["ABBR", "DESC", "ENTY", "HUM", "LOC", "NUM"]),
            train: [86, 1162, 1250, 1223, 835, 896], dev: [9, 138, 94, 65, 81, 113]),
    ]

    private func counts(_ examples: [Example]) -> [Int] {
        var counts: [Int: Int] = [:]
        for label in examples.flatMap(\.labels) {
            switch label {
            case .category(let category): counts[category, default: 0] += 1
            case .value(let value): counts[Int(value), default: 0] += 1
            }
        }
        return counts.keys.sorted().map { counts[$0] ?? 0 }
    }

    @Test(arguments: expectations)
    func `every dataset has the rows and labels that its README states`(expectation: Expectation) throws {
        let dataset = try Dataset.load(expectation.task, in: #require(Given.sharedData))
        #expect(counts(dataset.train) == expectation.train)
        #expect(counts(dataset.dev) == expectation.dev)
    }

    @Test func `both forms of RTE hold the same rows, but for quotation marks`() throws {
        let data = try #require(Given.sharedData)
        let table = try Dataset.load(Self.rte, in: data)
        let lines = try Dataset.load(Self.rteLines, in: data)
        // SuperGLUE's file lost some of the marks around whole texts and names.
        let row = { (example: Example) in "\(example)".replacing("\\\"", with: "").filter { $0 != "\"" } }
        #expect(table.dev.map(row).sorted() == lines.dev.map(row).sorted())
        #expect(table.train.map(row).sorted() == lines.train.map(row).sorted())
    }
}
