import CExpat
import Experiments
import Foundation

extension DatasetFile {
    /// A row for each item of COPA (Roemmele et al. 2011), with the columns `premise`, `question` (cause or effect),
    /// `choice1`, `choice2` and `label` (1 or 2).
    func copaRows(_ definition: TaskDefinition) throws(DatasetError) -> [Row] {
        text.first == UInt8(ascii: "{") ? try copaObjects(definition) : try copaItems()
    }

    /// Those of SuperGLUE's JSON lines (Wang et al. 2019), where labels count from 0.
    private func copaObjects(_ definition: TaskDefinition) throws(DatasetError) -> [Row] {
        let (question, label) = (Column.name("question"), Column.name("label"))
        return try objectRows(definition, besides: [question]).map { row throws(DatasetError) in
            guard ["cause", "effect"].contains(row[question]) else {
                throw error(line: row.line, "field 'question' must be cause or effect, not '\(row[question])'")
            }
            guard let place = ["0", "1"].firstIndex(of: row[label]) else {
                throw error(line: row.line, "field 'label' must be 0 or 1, not '\(row[label])'")
            }
            var row = row
            row.fields[label] = ["\(place + 1)"]
            return row
        }
    }

    /// Those of the XML.
    private func copaItems() throws(DatasetError) -> [Row] {
        guard let items = CopaItems() else { throw error("there is no memory to read XML") }
        if let wrong = items.read(text) { throw error(line: wrong.line, "not XML of COPA's form: \(wrong.problem)") }
        return items.rows
    }
}

/// Gathers the items while expat reads the XML.
private final class CopaItems {
    private(set) var rows: [Row] = []
    private var item: Row?
    private var text = ""
    /// The first thing that is wrong, and its line.
    private var complaint: (line: Int, problem: String)?
    private let parser: OpaquePointer
    private static let elements: KeyValuePairs = ["p": "premise", "a1": "choice1", "a2": "choice2"]
    private static let attributes: KeyValuePairs = ["asks-for": "question", "most-plausible-alternative": "label"]

    init?() {
        // Whatever encoding the file claims, this is what its bytes are in by now.
        guard let parser = XML_ParserCreate("UTF-8") else { return nil }
        self.parser = parser
    }

    deinit { XML_ParserFree(parser) }

    /// - Returns: the first thing that is wrong, and its line; nil where all is well.
    func read(_ bytes: [UInt8]) -> (line: Int, problem: String)? {
        XML_SetUserData(parser, Unmanaged.passUnretained(self).toOpaque())
        XML_SetElementHandler(
            parser, { CopaItems.of($0).start(word($1), $2) },
            { items, element in CopaItems.of(items).end(word(element)) })
        XML_SetCharacterDataHandler(parser) { items, start, count in
            let bytes = UnsafeRawBufferPointer(start: start, count: Int(count))
            CopaItems.of(items).text += String(decoding: bytes, as: UTF8.self)
        }
        // Where a file names a DTD, which is not read, expat passes over what may be declared there.
        XML_SetSkippedEntityHandler(parser) { items, name, _ in
            CopaItems.of(items).stop("it has an unknown entity '&\(word(name));'")
        }
        for start in stride(from: 0, through: bytes.count, by: Self.pieceCount) {
            let piece = bytes[start...].prefix(Self.pieceCount)
            let isLast = piece.endIndex == bytes.endIndex
            let status = piece.withUnsafeBytes { XML_Parse(parser, $0.baseAddress, Int32($0.count), isLast ? 1 : 0) }
            guard status == XML_STATUS_OK else {
                return complaint ?? (line, word(XML_ErrorString(XML_GetErrorCode(parser))))
            }
            if isLast { break }
        }
        return nil
    }

    private static let pieceCount = 1 << 20

    private var line: Int { Int(XML_GetCurrentLineNumber(parser)) }

    private static func of(_ pointer: UnsafeMutableRawPointer?) -> CopaItems {
        guard let pointer else { preconditionFailure("expat calls without its user data") }
        return Unmanaged<CopaItems>.fromOpaque(pointer).takeUnretainedValue()
    }

    private func start(_ element: String, _ attributes: UnsafeMutablePointer<UnsafePointer<CChar>?>?) {
        if Self.elements.contains(where: { $0.key == element }) { text = "" }
        guard element == "item" else { return }
        var row = Row(line: line, fields: [:])
        for (attribute, column) in Self.attributes {
            guard let value = value(of: attribute, in: attributes) else {
                return stop("an item has no '\(attribute)'")
            }
            row.fields[.name(column)] = [value]
        }
        guard ["cause", "effect"].contains(row[.name("question")]) else {
            return stop("'asks-for' must be cause or effect, not '\(row[.name("question")])'")
        }
        item = row
    }

    private func end(_ element: String) {
        if let column = Self.elements.first(where: { $0.key == element })?.value {
            item?.fields[.name(column)] = [text.trimmingCharacters(in: .whitespacesAndNewlines)]
        }
        guard element == "item", let item else { return }
        for (name, column) in Self.elements where item.fields[.name(column)] == nil {
            return stop("an item has no '\(name)'")
        }
        rows.append(item)
        self.item = nil
    }

    /// - Parameter attributes: names and values in turn, and nothing after the last of them.
    private func value(of name: String, in attributes: UnsafeMutablePointer<UnsafePointer<CChar>?>?) -> String? {
        guard var rest = attributes else { return nil }
        while let key = rest[0] {
            if word(key) == name { return word(rest[1]) }
            rest += 2
        }
        return nil
    }

    private func stop(_ problem: String) {
        if complaint == nil { complaint = (line, problem) }
        XML_StopParser(parser, 0)
    }
}

private func word(_ characters: UnsafePointer<CChar>?) -> String { characters.map { String(cString: $0) } ?? "" }

/// The two texts of an item of COPA, as EH-FT's code forms them: the premise without its final stop, "because" or "so", and
/// a choice that begins with a small letter.
func copaTexts(premise: String, question: String, choices: [String]) -> [TextPair] {
    let stem = premise.hasSuffix(".") ? String(premise.dropLast()) : premise
    let joint = question == "cause" ? " because " : " so "
    return choices.map { TextPair(stem + joint + $0.prefix(1).lowercased() + $0.dropFirst()) }
}
