package import Experiments
import Files
import Foundation

/// The rows of a file that a task's columns are read from, whose labels may be unknown, to have written beside each what a
/// model says of it.
package struct InputRows: Sendable {
    /// How the file was read.
    package let definition: TaskDefinition
    package let contents: [Example.Content]
    /// The labels of each row; nil where it has none, or one that the task does not know.
    package let labels: [[Label]?]
    /// Why rows have no labels, of the first of them; nil where all have some.
    package let unlabelled: String?
    /// Rows that were left out because they lack something.
    package let skipped: Int
    private let file: DatasetFile
    private let form: Form

    /// What the rows are in the file.
    private enum Form {
        case table(TaskDefinition.FileFormat, header: [String]?, rows: [TableRecord])
        case objects([(line: Int, bytes: ArraySlice<UInt8>)])
        /// Of files that have a form of their own: what was read.
        case columns([Row])
    }

    /// - Parameters:
    ///   - path: where the bytes were read.
    ///   - bytes: the whole file.
    ///   - definition: as `TaskDefinition.reading` has it.
    package init(_ path: String, bytes: [UInt8], _ definition: TaskDefinition) throws(DatasetError) {
        try definition.requirePredictable()
        self.definition = definition
        file = try DatasetFile(path: path, bytes: bytes, encoding: definition.encoding)
        let (rows, noColumn) = try Self.rows(of: file, definition)
        guard !rows.isEmpty else { throw file.error("the file has no rows") }
        let reader = ExampleReader(file: file, definition: definition)
        let isWanted = rows.map { !(definition.skipsEmpty == true && $0.lacks(definition.textColumns)) }
        let wanted = zip(rows, isWanted).filter(\.1).map(\.0)
        guard !wanted.isEmpty else { throw file.error("every row lacks a text") }
        contents = try readEach(wanted) { row throws(DatasetError) in try reader.content(row) }
        var labels: [[Label]?] = []
        var problem = noColumn?.description
        for row in wanted {
            guard noColumn == nil, definition.label != nil else {
                labels.append(nil)
                continue
            }
            do throws(DatasetError) {
                labels.append(try reader.labels(of: row))
            } catch {
                labels.append(nil)
                problem = problem ?? error.description
            }
        }
        self.labels = labels
        unlabelled = problem
        skipped = rows.count - wanted.count
        form = Self.form(of: file, definition, rows, isWanted)
    }

    /// All rows, and why none has a label where the file has no place for one.
    private static func rows(
        of file: DatasetFile, _ definition: TaskDefinition
    ) throws(DatasetError) -> (rows: [Row], noColumn: DatasetError?) {
        var reading = definition
        // A null is no label; of a text it is told when the text is read.
        if definition.format == .jsonl { reading.skipsEmpty = true }
        do throws(DatasetError) {
            return (try file.rows(reading), nil)
        } catch {
            guard reading.label != nil else { throw error }
            reading.label = nil
            return (try file.rows(reading), error)
        }
    }

    private static func form(
        of file: DatasetFile, _ definition: TaskDefinition, _ rows: [Row], _ isWanted: [Bool]
    ) -> Form {
        func wanted<Element>(_ elements: some Sequence<Element>) -> [Element] {
            zip(elements, isWanted).filter(\.1).map(\.0)
        }
        switch definition.format {
        case .tsv, .csv:
            guard let records = file.records(definition.format) else { return .columns(wanted(rows)) }
            let header = definition.header ? records.first?.fields.map { String($0) } : nil
            return .table(
                definition.format, header: header, rows: wanted(records.dropFirst(definition.header ? 1 : 0)))
        case .jsonl: return .objects(zip(wanted(rows), wanted(file.lines)).map { ($0.line, $1) })
        case .trec, .copa, .wic, .conll, .lines: return .columns(wanted(rows))
        }
    }

    /// What the rows that have labels score.
    /// - Parameter predictions: of each row.
    /// - Returns: nil where none has.
    package func scores(_ predictions: [Predictions], on split: Split = .test) -> (scores: [Score], rows: Int)? {
        let known = zip(predictions, labels).compactMap { said, labels in labels.map { (said: said, labels: $0) } }
        guard !known.isEmpty else { return nil }
        let joined = Predictions(joining: known.map(\.said))
        return (definition.scores(predicted: joined, expected: known.map(\.labels), on: split), known.count)
    }
}

extension DatasetFile {
    /// Those of a table that has been read before; nil where it is none.
    fileprivate func records(_ format: TaskDefinition.FileFormat) -> [TableRecord]? {
        do throws(DatasetError) { return try format == .csv ? commaRecords() : tabRecords() } catch { return nil }
    }
}

// MARK: - Which form

extension TaskDefinition {
    /// The task as a file has its rows, in whichever of TSV, CSV and JSON lines: known by the columns that the file begins
    /// with, else by its name, as `.csv`.
    /// - Returns: nil where the file does not look like one of the task's; it may be lines of text.
    package func reading(_ path: String, bytes: [UInt8]) throws(DatasetError) -> TaskDefinition? {
        let name = path.hasSuffix(".gz") ? String(path.dropLast(3)) : path
        let ending = name.lastIndex(of: ".").map { String(name[name.index(after: $0)...]) } ?? ""
        let file = try DatasetFile(path: path, bytes: bytes, encoding: encoding)
        let tables: [FileFormat] = [.tsv, .csv, .jsonl]
        let known = FileFormat(rawValue: ending == "conllu" ? "conll" : ending)
        guard tables.contains(format) else {
            let isObjects = format == .copa && file.text.first == UInt8(ascii: "{")
            return isObjects || known == format ? self : nil
        }
        let named = tables.first { $0 == known }
        let forms = ((named.map { [$0] } ?? []) + [format] + tables).distinct().map { format in
            var form = self
            form.format = format
            form.header = true
            return form
        }
        if let form = forms.first(where: { file.begins(with: $0) }) { return form }
        // Fields between tabs may be the texts of an example, and their file called so.
        guard let named, forms[0].format == named, named != .tsv || isOneText else { return nil }
        return named == format ? self : forms[0]
    }

    /// Whether an example is a text alone.
    private var isOneText: Bool { kind == nil && pair == nil || kind == .tags }
}

extension DatasetFile {
    /// Whether the columns of the task's texts have their names at the file's beginning.
    fileprivate func begins(with definition: TaskDefinition) -> Bool {
        let wanted = definition.textColumns.map(\.description)
        let found: [String]
        switch definition.format {
        case .csv: found = firstCommaRecord()?.fields.map { String($0) } ?? []
        case .jsonl: found = firstMembers
        default:
            let line = text.prefix { !isLineEnd($0) }
            found = line.split(separator: 0x09, omittingEmptySubsequences: false).map { String($0) }
        }
        return wanted.allSatisfy(found.contains)
    }

    private var firstMembers: [String] {
        guard let line = lines.first else { return [] }
        do throws(JSONError) {
            return try JSONValue(parsing: line.span).members?.map(\.name) ?? []
        } catch {
            return []
        }
    }
}

// MARK: - What is written

extension InputRows {
    /// The rows as the file has them, with what a model says of each beside them: tables get columns at their end, JSON
    /// lines members, and rows of files with a form of their own become JSON lines.
    /// - Parameter predictions: of each row, with probabilities where there are classes.
    /// - Throws: where the file has something of that name already.
    package func text(beside predictions: [Predictions]) throws(DatasetError) -> String {
        let said = zip(contents.indices, predictions).map { place, said in
            Beside(
                said: Said(said, of: definition, contents[place], text(ofWordsIn: place)),
                labels: definition.labels ?? [])
        }
        var lines: [String] = []
        switch form {
        case .table(let format, let header, let rows): lines = try tableLines(format, header, rows, said)
        case .objects(let rows):
            for (row, said) in zip(rows, said) { lines.append(try objectLine(row.bytes, said, line: row.line)) }
        case .columns(let rows):
            for (row, said) in zip(rows, said) {
                let names = definition.columns.filter { row.fields[$0] != nil }.map(\.description)
                if let taken = names.first(where: said.names.contains) { throw isTaken(taken, line: row.line) }
                lines.append(try written(Fields(row: row, definition: definition, said: said)))
            }
        }
        return lines.map { $0 + "\n" }.joined()
    }

    /// What the words of a row stand in.
    private func text(ofWordsIn place: Int) -> String {
        guard case .words(let words) = contents[place] else { return "" }
        if case .table(_, let header, let rows) = form {
            do throws(DatasetError) {
                let fields = rows[place].fields
                return String(fields[try file.place(of: definition.text, names: header, count: fields.count)])
            } catch {
                // The words were read there.
            }
        }
        return words.joined(separator: " ")
    }

    private func tableLines(
        _ format: TaskDefinition.FileFormat, _ header: [String]?, _ rows: [TableRecord], _ said: [Beside]
    ) throws(DatasetError) -> [String] {
        let added = said.first?.columns.map(\.name) ?? []
        if let taken = header?.first(where: added.contains) { throw isTaken(taken, line: 1) }
        // Where the task lets further fields pass, rows may be longer than the first line.
        let width = (rows.map(\.fields.count) + [header?.count ?? 0]).max() ?? 0
        func padded(_ fields: [String]) -> [String] {
            fields + [String](repeating: "", count: width - fields.count)
        }
        var lines = header.map { [padded($0) + added] } ?? []
        for (row, said) in zip(rows, said) {
            lines.append(padded(row.fields.map { String($0) }) + said.columns.map(\.text))
        }
        return lines.map { fields in
            format == .csv
                ? fields.map(Self.quoted).joined(separator: ",")
                : fields.map(Self.inOneLine).joined(separator: "\t")
        }
    }

    private func isTaken(_ name: String, line: Int) -> DatasetError {
        file.error(
            line: line, "the file has '\(name)' already, which is to be written beside its rows; rename it there")
    }

    /// As RFC 4180 has it.
    private static func quoted(_ field: String) -> String {
        guard field.utf8.contains(where: { "\",\r\n".utf8.contains($0) }) else { return field }
        return "\"\(field.replacing("\"", with: "\"\""))\""
    }

    /// A label may have what no field of the file can.
    private static func inOneLine(_ field: String) -> String {
        guard field.utf8.contains(where: { "\t\r\n".utf8.contains($0) }) else { return field }
        return String(
            String.UnicodeScalarView(field.unicodeScalars.map { "\t\r\n".unicodeScalars.contains($0) ? " " : $0 }))
    }

    /// The line as it is, and more members at its end.
    private func objectLine(
        _ bytes: ArraySlice<UInt8>, _ said: Beside, line: Int
    ) throws(DatasetError) -> String {
        let value = try file.parsed(bytes, line: line)
        if let taken = value.members?.map(\.name).first(where: said.names.contains) {
            throw isTaken(taken, line: line)
        }
        guard let end = bytes.lastIndex(of: UInt8(ascii: "}")) else { return String(bytes) }
        return String(bytes[..<end]) + "," + String(try written(said).dropFirst())
    }

    private func written(_ value: some Encodable) throws(DatasetError) -> String {
        do { return String(decoding: try CanonicalJSON.encode(value), as: UTF8.self) } catch {
            throw file.error("cannot be written as JSON: \(error)")
        }
    }

    /// What a row of a file with a form of its own becomes.
    private struct Fields: Encodable {
        let row: Row
        let definition: TaskDefinition
        let said: Beside

        private struct Name: CodingKey {
            let stringValue: String
            var intValue: Int? { nil }
            init(stringValue: String) { self.stringValue = stringValue }
            init?(intValue: Int) { nil }
        }

        func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: Name.self)
            for column in definition.columns where row.fields[column] != nil {
                let name = Name(stringValue: column.description)
                if definition.kind == .tags {
                    try container.encode(row.words(column), forKey: name)
                } else {
                    try container.encode(row[column], forKey: name)
                }
            }
            try said.encode(to: encoder)
        }
    }
}

/// What a model says of a row, as it is written beside it.
private struct Beside: Encodable {
    let said: Said
    /// In the order of the task.
    let labels: [String]

    private enum CodingKeys: String, CodingKey { case predicted, probabilities, spans }

    /// The members that it is written as.
    var names: [String] {
        let keys: [(CodingKeys, Bool)] = [
            (.predicted, true), (.probabilities, said.probabilities != nil), (.spans, said.spans != nil),
        ]
        return keys.filter(\.1).map(\.0.rawValue)
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encodeIfPresent(said.label, forKey: .predicted)
        try container.encodeIfPresent(said.value, forKey: .predicted)
        try container.encodeIfPresent(said.tags, forKey: .predicted)
        try container.encodeIfPresent(said.probabilities, forKey: .probabilities)
        try container.encodeIfPresent(said.spans, forKey: .spans)
    }

    /// As columns of a table: `predicted`, and `p(LABEL)` of each label or `spans` as TAG:start-end.
    var columns: [(name: String, text: String)] {
        let predicted = said.label ?? said.value.map { "\($0)" } ?? said.tags?.joined(separator: " ") ?? ""
        var columns = [("predicted", predicted)]
        if let probabilities = said.probabilities {
            columns += labels.map { ("p(\($0))", "\(probabilities[$0] ?? 0)") }
        }
        if let spans = said.spans {
            columns.append(("spans", spans.map { "\($0.tag):\($0.start)-\($0.end)" }.joined(separator: " ")))
        }
        return columns
    }
}
