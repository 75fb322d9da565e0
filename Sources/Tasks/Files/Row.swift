import Experiments

/// What a task wants to know of a row, before it is checked.
struct Row: Equatable {
    /// The line of the file it begins at, from 1.
    let line: Int
    /// The columns that the task reads: an element for each word of a text in words, else one.
    var fields: [Column: [String]]

    subscript(column: Column) -> String { fields[column]?.first ?? "" }

    /// The words of a column, or their tags.
    func words(_ column: Column) -> [String] { fields[column] ?? [] }

    /// Whether it has nothing in one of these columns.
    func lacks(_ columns: [Column]) -> Bool {
        columns.contains { words($0).allSatisfy { $0.allSatisfy(\.isWhitespace) } }
    }
}

extension TaskDefinition {
    /// The columns that hold text.
    var textColumns: [Column] { [text] + (pair.map { [$0] } ?? []) + (choices ?? []) }

    /// Whether a row is without one of its texts or its label.
    func lacks(_ row: Row) -> Bool { row.lacks(textColumns + (label.map { [$0] } ?? [])) }

    /// All that are read.
    var columns: [Column] { textColumns + (targets ?? []) + (label.map { [$0] } ?? []) }
}

extension DatasetFile {
    /// Every row of the file, in its order.
    func rows(_ definition: TaskDefinition) throws(DatasetError) -> [Row] {
        switch definition.format {
        case .tsv: try tableRows(try tabRecords(), definition)
        case .csv: try tableRows(try commaRecords(), definition)
        case .jsonl: try objectRows(definition)
        case .trec: try questionRows(definition)
        case .copa: try copaRows(definition)
        case .wic: try wicRows()
        case .conll: try sentenceRows(definition)
        case .lines: textRows(definition)
        }
    }

    /// Rows of one text each; empty lines are none.
    private func textRows(_ definition: TaskDefinition) -> [Row] {
        lines.enumerated().compactMap { index, line in
            let text = String(line)
            guard text.contains(where: { !$0.isWhitespace }) else { return nil }
            return Row(line: index + 1, fields: [definition.text: [text]])
        }
    }
}
