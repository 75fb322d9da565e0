import Experiments
import Tasks
import TestKit
import Testing

/// Reads the public datasets and compares with the counts that their README states.
@Suite(.enabled(if: Given.sharedData != nil, "\(Given.noSharedData)"))
struct SharedDataTests {
    struct Expectation: Sendable, CustomTestStringConvertible {
        let task: TaskDefinition
        /// Rows of each class, or of each whole part of the score.
        let train, dev: [Int]
        var testDescription: String { task.name }
    }

    private static func task(
        _ name: String, _ train: String, _ dev: String, validation: String? = nil,
        rows: (train: ClosedRange<Int>, dev: ClosedRange<Int>)? = nil, kind: TaskDefinition.Kind? = nil,
        _ format: TaskDefinition.FileFormat, header: Bool = true, encoding: TaskDefinition.TextEncoding = .utf8,
        text: Column, pair: Column? = nil, choices: [Column]? = nil, targets: [Column]? = nil, label: Column,
        labels: [String]?, metrics: [Metric] = [.accuracy]
    ) -> TaskDefinition {
        TaskDefinition(
            name: name, train: DataFiles(["\(name)/\(train)"]), dev: DataFiles(["\(name)/\(dev)"]),
            validation: validation.map { DataFiles(["\(name)/\($0)"]) },
            trainRows: rows?.train, devRows: rows?.dev, kind: kind, format: format, header: header,
            encoding: encoding, text: text, pair: pair, choices: choices, targets: targets, label: label,
            labels: labels, metrics: metrics)
    }

    private static let entities = [
        "O", "B-PER", "I-PER", "B-LOC", "I-LOC", "B-ORG", "I-ORG", "B-MISC", "I-MISC",
    ]

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
        Expectation(
            task: task(
                "boolq", "val_part_train.jsonl", "val_part_dev.jsonl", .jsonl, text: .name("passage"),
                pair: .name("question"), label: .name("label"), labels: ["false", "true"]),
            train: [849, 1421], dev: [388, 612]),
        Expectation(
            task: task(
                "qnli", "train.tsv", "dev.tsv", .tsv, text: .name("question"), pair: .name("sentence"),
                label: .name("label"), labels: ["entailment", "not_entailment"]),
            train: [5027, 4972], dev: [2702, 2761]),
        Expectation(
            task: task(
                "copa", "copa-dev.xml", "copa-test.xml", kind: .choices, .copa, text: .name("premise"),
                choices: [.name("choice1"), .name("choice2")], label: .name("label"), labels: ["1", "2"]),
            train: [250, 250], dev: [250, 250]),
        // SuperGLUE's split of the dev file.
        Expectation(
            task: task(
                "copa", "copa-dev.xml", "copa-dev.xml", rows: (1...400, 401...500), kind: .choices, .copa,
                text: .name("premise"), choices: [.name("choice1"), .name("choice2")], label: .name("label"),
                labels: ["1", "2"]),
            train: [195, 205], dev: [55, 45]),
        Expectation(
            task: task(
                "wic", "train/train.data.txt", "dev/dev.data.txt", kind: .targetWords, .wic, text: .name("text"),
                pair: .name("pair"), targets: [.name("index1"), .name("index2")], label: .name("label"),
                labels: ["F", "T"]),
            train: [2714, 2714], dev: [319, 319]),
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

    /// The counts of tokens and sentences are the README's; those of entities the CoNLL-2003 paper's (table 2).
    @Test(arguments: [
        ("conll2003_en", "eng.train", "eng.testb", 4, 14041, 203_621, 46435, [6600, 7140, 6321, 3438]),
        ("conll2003_de", "deu.testa", "deu.testb", 5, 2867, 51444, 51943, [1401, 1181, 1241, 1010]),
    ])
    func `CoNLL's sentences, words and entities are all read`(
        folder: String, train: String, dev: String, label: Int, sentences: Int, trainWords: Int, devWords: Int,
        entities: [Int]
    ) throws {
        let task = Self.task(
            folder, train, dev, validation: folder.hasSuffix("en") ? "eng.testa" : nil, kind: .tags, .conll,
            encoding: .latin1, text: .number(1), label: .number(label),
            labels: Self.entities, metrics: [.spanF1])
        let dataset = try Dataset.load(task, in: #require(Given.sharedData))
        #expect(dataset.train.count == sentences)
        let words = { (examples: [Example]) in examples.reduce(0) { $0 + $1.labels.count } }
        #expect(words(dataset.train) == trainWords)
        #expect(words(dataset.dev) == devWords)
        #expect(words(dataset.validation) == (folder.hasSuffix("en") ? 51362 : 0))
        let labels = dataset.train.flatMap(\.labels)
        let beginnings = [1, 3, 5, 7].map { beginning in labels.count { $0 == .category(beginning) } }
        #expect(beginnings == entities)
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
