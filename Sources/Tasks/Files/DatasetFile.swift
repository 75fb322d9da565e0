import Experiments
import Files

/// The text of a dataset file, and where its lines are.
struct DatasetFile {
    let path: String
    /// In UTF-8, without a byte order mark and without empty lines at the end.
    let text: [UInt8]

    /// - Throws: for bytes that are not of the encoding, naming the first of them.
    init(path: String, encoding: TaskDefinition.TextEncoding) throws(DatasetError) {
        let bytes: [UInt8]
        do { bytes = try MappedFile(path: path).copy() } catch { throw DatasetError(error) }
        try self.init(path: path, bytes: bytes, encoding: encoding)
    }

    /// - Parameters:
    ///   - path: where the bytes were read.
    ///   - bytes: the whole file; unpacked where gzip has packed it.
    init(path: String, bytes: [UInt8], encoding: TaskDefinition.TextEncoding) throws(DatasetError) {
        self.path = path
        var bytes = try Self.unpacked(bytes, path)
        if let isLittle = Self.isLittleUTF16(bytes) {
            bytes = try Self.utf8(ofUTF16: bytes, isLittle: isLittle, path)
        } else if encoding == .latin1 {
            bytes = bytes.flatMap { UTF8.encode(Unicode.Scalar($0)) ?? UTF8.encodedReplacementCharacter }
        } else {
            try Self.validate(bytes, path)
        }
        if encoding == .utf8, bytes.starts(with: [0xEF, 0xBB, 0xBF]) { bytes.removeFirst(3) }
        while let last = bytes.last, isLineEnd(last) { bytes.removeLast() }
        guard bytes.contains(UInt8(ascii: "\n")) || !bytes.contains(UInt8(ascii: "\r")) else {
            throw DatasetError(path, "its lines end in CR alone, as on an old Macintosh; save it with LF or CR LF")
        }
        text = bytes
    }

    private static func unpacked(_ bytes: [UInt8], _ path: String) throws(DatasetError) -> [UInt8] {
        guard Gzip.isPacked(bytes) else { return bytes }
        do throws(Gzip.Problem) {
            return try Gzip.unpacked(bytes)
        } catch {
            throw DatasetError(path, "cannot be unpacked: \(error.sentence)")
        }
    }

    /// Whether the low byte comes first in a file in UTF-16, which Windows calls Unicode; nil for other files. Without a
    /// mark it is known by a zero beside its first character: no text begins with one else.
    private static func isLittleUTF16(_ bytes: [UInt8]) -> Bool? {
        guard bytes.count > 1 else { return nil }
        switch (bytes[0], bytes[1]) {
        case (0xFF, 0xFE): return true
        case (0xFE, 0xFF): return false
        case (1..., 0): return true
        case (0, 1...): return false
        default: return nil
        }
    }

    private static func utf8(
        ofUTF16 bytes: [UInt8], isLittle: Bool, _ path: String
    ) throws(DatasetError) -> [UInt8] {
        let units = stride(from: 0, to: bytes.count - 1, by: 2).map { place in
            let (first, second) = (UInt16(bytes[place]), UInt16(bytes[place + 1]))
            return isLittle ? second << 8 | first : first << 8 | second
        }
        let text = units.first == 0xFEFF ? units.dropFirst() : units[...]
        guard bytes.count.isMultiple(of: 2), let decoded = String(validating: text, as: UTF16.self) else {
            throw DatasetError(path, "is in UTF-16 and not whole: half a character is missing; was the file cut off?")
        }
        return Array(decoded.utf8)
    }

    private static func validate(_ bytes: [UInt8], _ path: String) throws(DatasetError) {
        do {
            _ = try UTF8Span(validating: bytes.span)
        } catch {
            let offset = error.byteOffsets.lowerBound
            let before = bytes[..<offset]
            let column = offset - (before.lastIndex(of: UInt8(ascii: "\n")) ?? -1)
            throw DatasetError(
                path, line: 1 + before.count { $0 == UInt8(ascii: "\n") },
                "byte \(column) of the line (0x\(String(bytes[offset], radix: 16))) is not valid UTF-8;"
                    + " convert the file, or set 'encoding: latin1'")
        }
    }

    /// The lines without their ends, LF or CR LF.
    var lines: [ArraySlice<UInt8>] {
        guard !text.isEmpty else { return [] }
        return text.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).map { line in
            line.last == UInt8(ascii: "\r") ? line.dropLast() : line
        }
    }

    func error(line: Int? = nil, _ message: String) -> DatasetError { DatasetError(path, line: line, message) }
}

/// Reads all rows, so that where some are wrong a person is told of several at once.
func readEach<Item, Value>(
    _ items: some Sequence<Item>, _ read: (Item) throws(DatasetError) -> Value
) throws(DatasetError) -> [Value] {
    var values: [Value] = []
    var wrong: DatasetError?
    for item in items {
        do throws(DatasetError) {
            values.append(try read(item))
        } catch {
            if wrong == nil { wrong = error } else { wrong?.add(error) }
        }
    }
    if let wrong { throw wrong }
    return values
}

func isLineEnd(_ byte: UInt8) -> Bool { byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\r") }

extension String {
    /// From bytes that are known to be UTF-8.
    init(_ bytes: ArraySlice<UInt8>) { self.init(decoding: bytes, as: UTF8.self) }
}

/// What is wrong with a dataset, and where.
package struct DatasetError: Error, Equatable, CustomStringConvertible, Sendable {
    /// The path of the file, or the name of the task where no file is to blame.
    package let path: String
    /// From 1; nil where the whole file is meant.
    package let line: Int?
    package let message: String
    /// What is wrong with other rows of the file, as far as it is told.
    private var others: [DatasetError] = []
    private var rowCount = 1

    package init(_ path: String, line: Int? = nil, _ message: String) {
        self.path = path
        self.line = line
        self.message = message
    }

    init(_ error: FileError) {
        let hint = error.isMissing ? "; check the data directory and the task's paths" : ""
        self.init(error.path, "cannot read: \(error.reason)\(hint)")
    }

    mutating func add(_ error: DatasetError) {
        // What is wrong with the whole file is said once.
        guard error.sentence != sentence else { return }
        rowCount += 1
        if others.count < 9 { others.append(error) }
    }

    private var sentence: String { "\(path):\(line.map { "\($0):" } ?? "") \(message)" }

    /// A line for each of the first ten rows that are wrong, and how many more there are.
    package var problems: [String] {
        let more = rowCount - 1 - others.count
        return [sentence] + others.map(\.sentence)
            + (more > 0 ? ["\(path): \(more) more \(more == 1 ? "is" : "are") wrong"] : [])
    }

    package var description: String {
        rowCount == 1 ? sentence : "\(sentence); \(rowCount) rows are wrong in all"
    }
}
