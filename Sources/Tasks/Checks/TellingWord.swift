import Experiments

/// A word that gives a label away: it stands in nearly all rows of one label and in none of the others. A column that
/// repeats the label, or that was filled in when the label was known, shows as such a word.
struct TellingWord: Equatable {
    let column: Column
    let word: String
    let label: String
    /// The rows that have the word, and those that have the label.
    let rows: Int
    let total: Int

    /// Fewer rows may agree by chance.
    private static let leastRows = 20
    /// How many rows of the label must have the word.
    private static let leastShare = 0.9

    var warning: String {
        "the word '\(word)' in '\(column)' gives the label '\(label)' away: \(rows) of its \(total) rows in train have it, "
            + "and no other row; is that so, too, where the model will be used?"
    }

    /// - Returns: for each text column and label the word that tells most of its rows, if one tells enough; none where an
    ///   example is more than a text or a pair with a class.
    static func find(in examples: [Example], _ definition: TaskDefinition) -> [TellingWord] {
        guard definition.kind == nil, let labels = definition.labels else { return [] }
        var totals = [Int](repeating: 0, count: labels.count)
        for example in examples { totals[example.labels[0].category] += 1 }
        return [definition.text, definition.pair].compactMap(\.self).flatMap { column in
            let counts = counts(of: column, in: examples, definition, labels.count)
            return labels.indices.compactMap { label in
                let needed = max(Double(leastRows), leastShare * Double(totals[label]))
                let telling = counts.filter { Double($1[label]) >= needed && $1.reduce(0, +) == $1[label] }
                return telling.max { ($0.value[label], $1.key) < ($1.value[label], $0.key) }.map {
                    TellingWord(
                        column: column, word: $0.key, label: labels[label], rows: $0.value[label],
                        total: totals[label])
                }
            }
        }
    }

    /// How many rows of each label have each word.
    private static func counts(
        of column: Column, in examples: [Example], _ definition: TaskDefinition, _ labelCount: Int
    ) -> [String: [Int]] {
        var counts: [String: [Int]] = [:]
        for example in examples {
            guard case .text(let texts) = example.content, let label = example.labels.first?.category,
                let text = column == definition.text ? texts.text : texts.pair
            else { continue }
            for word in Set(text.utf8.split { $0 == 0x20 || $0 == 0x09 || $0 == 0x0A }.map { String($0) ?? "" }) {
                counts[word, default: [Int](repeating: 0, count: labelCount)][label] += 1
            }
        }
        return counts
    }
}
