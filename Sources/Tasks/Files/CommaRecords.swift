extension DatasetFile {
    /// Comma-separated records as in RFC 4180: a field in quotation marks may hold commas, line ends and doubled marks.
    /// SwiftCSV reads the same, but its errors name no line and its fields are no longer the bytes of the file.
    func commaRecords() throws(DatasetError) -> [TableRecord] {
        guard !text.isEmpty else { return [] }
        var reader = CommaReader(file: self)
        var records: [TableRecord] = []
        while reader.hasMore { records.append(try reader.record()) }
        return records
    }

    /// The first of them; nil where there is none or it is none.
    func firstCommaRecord() -> TableRecord? {
        guard !text.isEmpty else { return nil }
        var reader = CommaReader(file: self)
        do throws(DatasetError) { return try reader.record() } catch { return nil }
    }
}

private struct CommaReader {
    private static let mark = UInt8(ascii: "\"")
    private static let comma = UInt8(ascii: ",")

    let file: DatasetFile
    private var offset = 0
    private var line = 1
    /// Whether a record follows, be it an empty one after the last line end.
    private(set) var hasMore = true

    init(file: DatasetFile) { self.file = file }

    private var next: UInt8? { offset < file.text.count ? file.text[offset] : nil }

    mutating func record() throws(DatasetError) -> TableRecord {
        let start = line
        var fields = [try field()]
        while next == Self.comma {
            offset += 1
            fields.append(try field())
        }
        skipLineEnd()
        return TableRecord(line: start, fields: fields)
    }

    /// Stands on a line end or behind the text.
    private mutating func skipLineEnd() {
        if next == UInt8(ascii: "\r") { offset += 1 }
        hasMore = next != nil
        offset += 1
        line += 1
    }

    private mutating func field() throws(DatasetError) -> ArraySlice<UInt8> {
        if next == Self.mark { return try quotedField() }
        let start = offset
        while let byte = next, byte != Self.comma, !atLineEnd {
            guard byte != Self.mark else {
                throw file.error(
                    line: line,
                    "a quotation mark stands within a field; put the whole field in marks and double this one")
            }
            offset += 1
        }
        return file.text[start..<offset]
    }

    private var atLineEnd: Bool {
        next == UInt8(ascii: "\n")
            || next == UInt8(ascii: "\r")
                && (offset + 1 == file.text.count || file.text[offset + 1] == UInt8(ascii: "\n"))
    }

    private mutating func quotedField() throws(DatasetError) -> ArraySlice<UInt8> {
        let start = line
        var content: [UInt8] = []
        offset += 1
        while let byte = next {
            offset += 1
            if byte == UInt8(ascii: "\n") { line += 1 }
            if byte == Self.mark {
                guard next == Self.mark else { return try closed(content) }
                offset += 1
            }
            content.append(byte)
        }
        throw file.error(line: start, "a field begins with a quotation mark that is never closed")
    }

    private func closed(_ content: [UInt8]) throws(DatasetError) -> ArraySlice<UInt8> {
        guard next == nil || next == Self.comma || atLineEnd else {
            throw file.error(line: line, "something follows a closing quotation mark; double a mark within a field")
        }
        return content[...]
    }
}
