import Experiments

/// One record of a table, every field still in its bytes.
struct TableRecord: Equatable {
    let line: Int
    let fields: [ArraySlice<UInt8>]
}

extension DatasetFile {
    /// Tab-separated records; a quotation mark is a character like any other.
    func tabRecords() throws(DatasetError) -> [TableRecord] {
        lines.enumerated().map { index, line in
            TableRecord(line: index + 1, fields: line.split(separator: 0x09, omittingEmptySubsequences: false))
        }
    }

    /// The wanted columns of a table whose rows all have as many fields as its first line, unless rows may have more, or
    /// lack some.
    func tableRows(_ records: [TableRecord], _ definition: TaskDefinition) throws(DatasetError) -> [Row] {
        guard let first = records.first else { return [] }
        let names = definition.header ? first.fields.map { String($0) } : nil
        func place(_ column: Column) throws(DatasetError) -> Int {
            try self.place(of: column, names: names, count: first.fields.count)
        }
        let places = try definition.columns.map { column throws(DatasetError) in (column, try place(column)) }
        return try readEach(records.dropFirst(definition.header ? 1 : 0)) { record throws(DatasetError) in
            let extra = record.fields.count - first.fields.count
            guard extra == 0 || (extra > 0 ? definition.ignoresExtra : definition.skipsEmpty) == true else {
                throw error(
                    line: record.line,
                    "the row has \(counted(record.fields.count, "column")), but line 1 has \(counted(first.fields.count, "column"))"
                )
            }
            let fields = places.map { column, place in
                let field = place < record.fields.count ? record.fields[place] : []
                return (
                    column, definition.kind == .tags ? field.split(separator: 0x20).map { String($0) } : [String(field)]
                )
            }
            return Row(line: record.line, fields: Dictionary(fields) { $1 })
        }
    }

    /// Of a header that is one name, whether something else may separate its fields.
    private func separatorHint(_ names: [String]) -> String {
        guard names.count == 1, let mark = names[0].first(where: { ";\t,|".contains($0) }) else { return "" }
        let name = mark == "\t" ? "tabs" : "'\(mark)'"
        return "; are its fields separated by \(name)? Those of csv files are by commas, those of tsv files by tabs"
    }

    func place(of column: Column, names: [String]?, count: Int) throws(DatasetError) -> Int {
        switch column {
        case .number(let number):
            guard (1...count).contains(number) else {
                throw error(line: 1, "there is no column \(number), the file has \(counted(count, "column"))")
            }
            return number - 1
        case .name(let name):
            guard let names else {
                throw error("column '\(name)' cannot be found without a header; give its number, or set 'header: true'")
            }
            let places = names.indices.filter { names[$0] == name }
            guard let place = places.first else {
                throw error(
                    line: 1, "there is no column '\(name)'\(hint(for: name, among: names))\(separatorHint(names))")
            }
            guard places.count == 1 else { throw error(line: 1, "there are \(places.count) columns '\(name)'") }
            return place
        }
    }
}
