import Experiments

extension TaskDefinition {
    /// - Throws: where there is nothing to learn, because all examples have one label.
    func requireSeveralLabels(_ examples: [Example], from path: String) throws(DatasetError) {
        let labels = examples.lazy.flatMap(\.labels)
        guard let first = labels.first, labels.allSatisfy({ $0 == first }) else { return }
        throw DatasetError(
            path, "every row has the label '\(spelled(first))', so there is nothing to learn; two or more are needed")
    }

    /// A class by its name, a number as it is.
    func spelled(_ label: Label) -> String {
        switch label {
        case .category(let category): labels?[category] ?? "\(category)"
        case .value(let value): "\(value)"
        }
    }
}

/// Checks rows and makes examples of them.
struct ExampleReader {
    let file: DatasetFile
    let definition: TaskDefinition

    func example(_ row: Row) throws(DatasetError) -> Example {
        Example(try content(row), labels: try labels(of: row))
    }

    func content(_ row: Row) throws(DatasetError) -> Example.Content {
        switch definition.kind {
        case nil, .maskedLM: return .text(try texts(row))
        case .choices: return .choices(try choices(row))
        case .tags: return .words(try words(row))
        case .targetWords: return try targets(row)
        }
    }

    private func targets(_ row: Row) throws(DatasetError) -> Example.Content {
        let texts = try texts(row)
        let finder = TargetFinder(file: file, row: row, columns: definition.targets ?? [])
        let first = try finder.word(0, in: texts.text)
        let second = try finder.word(1, in: texts.pair ?? texts.text)
        guard texts.pair != nil || !first.overlaps(second) else {
            throw file.error(line: row.line, "the two target words overlap; each must be a word of its own")
        }
        return .targets(texts, first, second)
    }

    private func texts(_ row: Row) throws(DatasetError) -> TextPair {
        TextPair(
            try text(definition.text, row),
            try definition.pair.map { column throws(DatasetError) in try text(column, row) })
    }

    private func text(_ column: Column, _ row: Row) throws(DatasetError) -> String {
        let text = row[column]
        guard text.unicodeScalars.contains(where: { !$0.properties.isWhitespace }) else {
            throw file.error(line: row.line, "field '\(column)' is empty\(remedy)")
        }
        return text
    }

    private func choices(_ row: Row) throws(DatasetError) -> [TextPair] {
        let premise = try text(definition.text, row)
        let choices = try (definition.choices ?? []).map { column throws(DatasetError) in try text(column, row) }
        guard definition.format == .copa else { return choices.map { TextPair(premise, $0) } }
        return copaTexts(premise: premise, question: row[.name("question")], choices: choices)
    }

    // MARK: - Labels

    func labels(of row: Row) throws(DatasetError) -> [Label] {
        guard let column = definition.label else { return [] }
        guard let labels = definition.labels else { return [.value(try number(row, column))] }
        guard definition.kind == .tags else {
            return [.category(try category(row[column], column, labels, line: row.line))]
        }
        let (spellings, wordCount) = (row.words(column), row.words(definition.text).count)
        guard spellings.count == wordCount else {
            throw file.error(line: row.line, "the row has \(wordCount) words but \(spellings.count) tags")
        }
        // Where a sentence goes over several lines, so do its tags.
        let step = definition.format == .conll ? 1 : 0
        var tags: [Int] = []
        for (index, tag) in spellings.enumerated() {
            tags.append(try category(tag, column, labels, line: row.line + index * step))
        }
        return (TagScheme(labels)?.canonical(tags) ?? tags).map(Label.category)
    }

    private func category(
        _ spelling: String, _ column: Column, _ labels: [String], line: Int
    ) throws(DatasetError) -> Int {
        if spelling.isEmpty { throw file.error(line: line, "field '\(column)' is empty\(remedy)") }
        if definition.numbersLabels == true, let number = Int(spelling) {
            if labels.indices.contains(number) { return number }
            throw file.error(
                line: line,
                number == -1
                    ? "field '\(column)': -1 stands for a label that is kept secret; score on another split"
                    : "field '\(column)': there is no class \(number), they are 0 to \(labels.count - 1)")
        }
        guard let category = labels.firstIndex(of: spelling) else {
            let guess = guess(at: spelling, among: labels)
            throw file.error(
                line: line,
                "field '\(column)': '\(spelling)' is not one of \(labels.joined(separator: ", "))\(guess)")
        }
        return category
    }

    /// Where rows may lack something.
    private var remedy: String {
        [.tsv, .csv, .jsonl].contains(definition.format) ? "; 'empty: skip' leaves such rows out" : ""
    }

    private func number(_ row: Row, _ column: Column) throws(DatasetError) -> Float {
        guard isNumeric(row[column]), let number = Float(row[column]) else {
            throw file.error(line: row.line, "field '\(column)': '\(row[column])' is not a number")
        }
        return number
    }

    private func words(_ row: Row) throws(DatasetError) -> [String] {
        let words = row.words(definition.text)
        guard !words.isEmpty, words.allSatisfy({ !$0.isEmpty }) else {
            throw file.error(line: row.line, "field '\(definition.text)' has no words, or an empty one")
        }
        return words
    }
}

/// Finds the words of a row that its columns point to: by their numbers among the words between spaces, or by the
/// characters where they begin and end.
struct TargetFinder {
    let file: DatasetFile
    let row: Row
    /// One for each word, or two for each.
    let columns: [Column]

    /// - Parameter word: the first one (0) or the second (1).
    func word(_ word: Int, in text: String) throws(DatasetError) -> TargetWord {
        if columns.count == 2 { return try numbered(try number(columns[word]), columns[word], in: text) }
        let (start, end) = (try number(columns[2 * word]), try number(columns[2 * word + 1]))
        let bytes = Array(text.unicodeScalars).map { UTF8.width($0) }
        guard start < end, end <= bytes.count else {
            throw file.error(
                line: row.line, "there are no characters \(start) to \(end) in a text of \(bytes.count) characters")
        }
        let first = bytes[..<start].reduce(0, +)
        return first..<first + bytes[start..<end].reduce(0, +)
    }

    private func number(_ column: Column) throws(DatasetError) -> Int {
        guard let number = Int(row[column]), number >= 0 else {
            throw file.error(line: row.line, "field '\(column)': '\(row[column])' is not a whole number from 0")
        }
        return number
    }

    private func numbered(_ number: Int, _ column: Column, in text: String) throws(DatasetError) -> TargetWord {
        let bytes = Array(text.utf8)
        let words = bytes.split(separator: UInt8(ascii: " "))
        guard number < words.count else {
            throw file.error(
                line: row.line, "field '\(column)': there is no word \(number) in a text of \(words.count), from 0")
        }
        return words[number].startIndex..<words[number].endIndex
    }
}
