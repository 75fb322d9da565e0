package import Experiments
import Foundation
package import Tokenizers

/// What a dataset looks like before anything trains on it, and what in it makes a score mean less than it seems to.
package struct DataCheck: Equatable, Sendable {
    package let task: String
    /// Of train, dev and, where the task has them, validation and test.
    package let files: [FileCheck]
    /// Sentences that say what is wrong and what to do.
    package let warnings: [String]
}

/// What one file of a dataset looks like, or the rows that take its place.
package struct FileCheck: Equatable, Sendable {
    package let name: String
    package let rows: Int
    /// Rows that were left out because they lack something.
    package let skipped: Int
    /// How many rows, or words where each has a tag, have each label; empty where there are no classes.
    package let labels: [LabelCount]
    /// What is to be predicted where that is a number.
    package let values: ValueRange?
    /// Rows whose text came before in the same file.
    package let repeated: Int
    /// Those of them that have another label than the text had before.
    package let contradicted: Int
    /// Rows whose text is one of train's, too; nil for train itself.
    package let inTrain: Int?
    /// nil where nobody asked for a model.
    package let lengths: Lengths?

    package struct LabelCount: Encodable, Equatable, Sendable {
        package let label: String
        package let count: Int
    }

    package struct ValueRange: Encodable, Equatable, Sendable {
        package let least: Double
        package let mean: Double
        package let greatest: Double
    }

    /// Of examples in tokens, special ones included; of several sequences the longest counts.
    package struct Lengths: Encodable, Equatable, Sendable {
        package let median: Int
        package let longest: Int
        /// The share of the examples that the maximal length cuts.
        package let cut: Double
        /// The share of the tokens that the tokenizer does not know.
        package let unknown: Double
    }
}

/// How a model would read the texts.
package struct TextReader: Sendable {
    package let tokenizer: any Tokenizer
    /// The longest sequence in tokens that is trained on.
    package let maxLength: Int
    /// The longest that the model can read.
    package let limit: Int
    /// Which text of a pair is cut where it is too long.
    package let truncation: Truncation

    package init(tokenizer: any Tokenizer, maxLength: Int, limit: Int, truncation: Truncation = .longest) {
        self.tokenizer = tokenizer
        self.maxLength = maxLength
        self.limit = limit
        self.truncation = truncation
    }
}

extension DataCheck {
    /// - Parameters:
    ///   - reader: nil leaves lengths out.
    ///   - sample: the most examples of a file whose words and tokens are looked at, evenly spread over it; everything
    ///     else is looked at whole.
    package init(_ dataset: Dataset, reader: TextReader? = nil, sample: Int = .max) throws(TokenizerError) {
        let definition = dataset.definition
        let train = TextIndex(dataset.train)
        var files: [FileCheck] = []
        var warnings: [String] = []
        var read: [(file: String, lengths: ExampleLengths)] = []
        for file in dataset.files {
            let examples = dataset[file]
            let index = file == .train ? train : TextIndex(examples)
            let shared = file == .train ? nil : train.shared(with: examples)
            let lengths = try reader.flatMap { reader throws(TokenizerError) in
                try ExampleLengths(examples.sampled(sample), definition, reader)
            }
            let check = FileCheck(
                name: file.name, rows: examples.count, skipped: dataset.skipped[file] ?? 0,
                labels: definition.counts(of: examples), values: definition.range(of: examples),
                repeated: index.repeated.count, contradicted: index.contradicted.count, inTrain: shared?.count,
                lengths: lengths?.summary)
            files.append(check)
            // Running text says the same again and again.
            if definition.kind != .maskedLM {
                warnings += [shared?.first.map(check.overlap), index.contradicted.first.map(check.contradiction)]
                    .compactMap(\.self)
            }
            warnings += check.labelWarnings(definition)
            if let lengths { read.append((file.name, lengths)) }
        }
        if let reader { warnings += ExampleLengths.warnings(of: read, reader) }
        warnings += TellingWord.find(in: dataset.train.sampled(sample), definition).map(\.warning)
        self.init(task: definition.name, files: files, warnings: warnings)
    }
}

extension FileCheck {
    fileprivate func overlap(_ first: TextIndex.Pair) -> String {
        let count = inTrain == rows ? "all \(rows)" : "\(inTrain ?? 0) of \(rows)"
        let remedy =
            inTrain == rows && name == "dev" ? "; 'dev: 20%' sets rows of train apart" : "; take them out of train"
        return
            "\(count) rows of \(name) are in train, too (row \(first.later) is train's row \(first.earlier)): their score "
            + "shows what was learned by heart\(remedy)"
    }

    fileprivate func contradiction(_ first: TextIndex.Pair) -> String {
        let have = contradicted == 1 ? "1 row of \(name) has" : "\(contradicted) rows of \(name) have"
        return
            "\(have) a text that came before with another label (row \(first.later) and row \(first.earlier)); decide "
            + "which is right"
    }
}

extension Array {
    /// So many elements at most, evenly spread.
    fileprivate func sampled(_ limit: Int) -> [Element] {
        count <= limit ? self : (0..<limit).map { self[$0 * count / limit] }
    }
}

// MARK: - Labels

extension TaskDefinition {
    fileprivate func counts(of examples: [Example]) -> [FileCheck.LabelCount] {
        guard let labels else { return [] }
        var counts = [Int](repeating: 0, count: labels.count)
        for label in examples.lazy.flatMap(\.labels) { counts[label.category] += 1 }
        return zip(labels, counts).map { FileCheck.LabelCount(label: $0, count: $1) }
    }

    fileprivate func range(of examples: [Example]) -> FileCheck.ValueRange? {
        guard isRegression else { return nil }
        let values = examples.lazy.flatMap(\.labels).map { Double($0.value) }
        guard let least = values.min(), let greatest = values.max() else { return nil }
        return FileCheck.ValueRange(
            least: least, mean: values.reduce(0, +) / Double(examples.count), greatest: greatest)
    }
}

extension FileCheck {
    /// Fewer rows than this say next to nothing of a label.
    private static let few = 10

    fileprivate func labelWarnings(_ definition: TaskDefinition) -> [String] {
        let things = definition.kind == .tags ? "word" : "row"
        let rare = labels.filter { $0.count < Self.few }
        var warnings: [String] = []
        let missing = rare.filter { $0.count == 0 }.map { "'\($0.label)'" }
        if !missing.isEmpty {
            let what = name == "train" ? "no model can learn what it never sees" : "the score says nothing of it"
            warnings.append(
                "no \(things) of \(name) has the label \(listed(missing)): \(what); is it spelled otherwise, or one too many in "
                    + "'labels'?")
        }
        let seldom = rare.filter { $0.count > 0 }.map { "'\($0.label)' (\($0.count))" }
        if !seldom.isEmpty {
            warnings.append(
                "few \(things)s of \(name) have the label \(listed(seldom)): results for it will vary; use many seeds, and "
                    + "find more of them")
        }
        return warnings + common(definition, things)
    }

    /// What a model gets right that says the same of everything.
    private func common(_ definition: TaskDefinition, _ things: String) -> [String] {
        let total = labels.reduce(0) { $0 + $1.count }
        guard name == "dev", definition.metrics.allSatisfy({ $0 == .accuracy }), definition.kind != .choices,
            let first = labels.max(by: { $0.count < $1.count }), first.count * 5 >= total * 4
        else { return [] }
        let share = percent(Double(first.count) / Double(total))
        return [
            "\(share) of the \(things)s of dev have the label '\(first.label)', so a model that always says so has that "
                + "accuracy; add a metric that shows it, as 'metrics: [macro-f1, accuracy]'"
        ]
    }
}

/// "12.3 %"
func percent(_ share: Double) -> String { String(format: "%.1f %%", share * 100) }

/// Up to five of them.
private func listed(_ names: [String]) -> String {
    let more = names.count - 5
    return names.prefix(5).joined(separator: ", ") + (more > 0 ? " and \(more) more" : "")
}
