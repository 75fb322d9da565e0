import Experiments
import Files

extension DatasetFile {
    /// Rows of one JSON object a line.
    /// - Parameter more: columns of text that the task does not name.
    func objectRows(_ definition: TaskDefinition, besides more: [Column] = []) throws(DatasetError) -> [Row] {
        let texts = definition.textColumns + more
        let lines = lines
        return try readEach(lines.indices) { index throws(DatasetError) in
            let object = ObjectLine(
                file: self, line: index + 1, value: try parsed(lines[index], line: index + 1),
                mayLack: definition.skipsEmpty == true)
            var row = Row(line: index + 1, fields: [:])
            for column in definition.columns + more {
                row.fields[column] =
                    try definition.kind == .tags
                    ? object.words(column) : [texts.contains(column) ? object.text(column) : object.label(column)]
            }
            return row
        }
    }

    func parsed(_ bytes: ArraySlice<UInt8>, line: Int) throws(DatasetError) -> JSONValue {
        do throws(JSONError) {
            return try JSONValue(parsing: bytes.span)
        } catch {
            throw self.error(line: line, "byte \(error.offset + 1) of the line: not JSON: \(error.message)")
        }
    }
}

extension JSONValue {
    /// A string, number or boolean as it is spelled; nil for anything else.
    var spelled: String? {
        switch self {
        case .string(let text), .number(let text): text
        case .bool(let bool): bool ? "true" : "false"
        case .null, .array, .object: nil
        }
    }
}

private struct ObjectLine {
    let file: DatasetFile
    let line: Int
    let value: JSONValue
    /// Whether null is an empty text.
    let mayLack: Bool

    func text(_ column: Column) throws(DatasetError) -> String {
        switch try field(column) {
        case .string(let text): return text
        case .null where mayLack: return ""
        default: throw wrong(column, "a string is expected")
        }
    }

    /// A label may be a boolean or a number, which count as they are spelled.
    func label(_ column: Column) throws(DatasetError) -> String {
        let value = try field(column)
        if let text = value.spelled { return text }
        guard case .null = value, mayLack else { throw wrong(column, "a string, number or boolean is expected") }
        return ""
    }

    /// An array of words or of their tags.
    func words(_ column: Column) throws(DatasetError) -> [String] {
        guard case .array(let elements) = try field(column) else { throw wrong(column, "an array is expected") }
        let words = elements.compactMap(\.spelled)
        guard words.count == elements.count else {
            throw file.error(line: line, "field '\(column)' holds something that is no string, number or boolean")
        }
        return words
    }

    private func field(_ column: Column) throws(DatasetError) -> JSONValue {
        guard case .object(let members) = value else {
            throw file.error(line: line, "the line is \(value.kind), an object is expected")
        }
        guard let field = value[column.description] else {
            let known = members.map(\.name)
            throw file.error(line: line, "there is no field '\(column)'\(hint(for: column.description, among: known))")
        }
        return field
    }

    private func wrong(_ column: Column, _ expected: String) -> DatasetError {
        file.error(line: line, "field '\(column)' is \(value[column.description]?.kind ?? "missing"), \(expected)")
    }
}
