import Experiments

extension DatasetFile {
    /// Every row as an example.
    func examples(_ definition: TaskDefinition) throws(DatasetError) -> [Example] {
        let examples = try rows(definition).map { row throws(DatasetError) in
            Example(
                text: try nonempty(row.text, definition.text, row),
                pair: try definition.pair.map { column throws(DatasetError) in try nonempty(row.pair ?? "", column, row)
                },
                label: try label(of: row, definition))
        }
        guard !examples.isEmpty else { throw error("the dataset is empty: the file has no rows") }
        return examples
    }

    private func nonempty(_ text: String, _ column: Column, _ row: Row) throws(DatasetError) -> String {
        guard text.unicodeScalars.contains(where: { !$0.properties.isWhitespace }) else {
            throw error(line: row.line, "field '\(column)' is empty")
        }
        return text
    }

    private func label(of row: Row, _ definition: TaskDefinition) throws(DatasetError) -> Label {
        guard let labels = definition.labels else { return .value(try number(row, definition.label)) }
        guard let category = labels.firstIndex(of: row.label) else {
            let nearest = nearestName(to: row.label, among: labels).map { "; did you mean '\($0)'?" } ?? ""
            throw error(
                line: row.line,
                "field '\(definition.label)': '\(row.label)' is not one of \(labels.joined(separator: ", "))\(nearest)")
        }
        return .category(category)
    }

    private func number(_ row: Row, _ column: Column) throws(DatasetError) -> Float {
        // `Float` would also read "nan", "inf" and hexadecimal numbers.
        let isDecimal = row.label.utf8.allSatisfy { "0123456789+-.eE".utf8.contains($0) }
        guard isDecimal, let number = Float(row.label), number.isFinite else {
            throw error(line: row.line, "field '\(column)': '\(row.label)' is not a number")
        }
        return number
    }

    /// - Throws: where there is nothing to learn, because all examples have one label.
    func requireSeveralLabels(_ examples: [Example], _ definition: TaskDefinition) throws(DatasetError) {
        guard let first = examples.first, examples.allSatisfy({ $0.label == first.label }) else { return }
        let label =
            switch first.label {
            case .category(let category): definition.labels?[category] ?? "\(category)"
            case .value(let value): "\(value)"
            }
        throw error("every row has the label '\(label)', so there is nothing to learn; two or more are needed")
    }
}
