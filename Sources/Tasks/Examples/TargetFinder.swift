import Experiments

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
