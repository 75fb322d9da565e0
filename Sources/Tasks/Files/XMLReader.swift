/// The elements and texts of an XML file, one after another, as far as datasets have them: a document type is passed
/// over, and the entities are the five that every file has. Foundation's parser crashes on broken files.
struct XMLReader {
    enum Event: Equatable {
        case start(String, attributes: [String: String])
        case text(String)
        case end(String)
    }

    struct Problem: Error {
        let sentence: String
        static let malformed = Problem(sentence: "it is not well-formed")
        static let brokenOff = Problem(sentence: "it breaks off")
    }

    /// Where the reader stands.
    private(set) var line = 1
    private var rest: ArraySlice<UInt8>
    private var open: [String] = []
    private var hasRoot = false
    /// An element without content ends where it starts.
    private var endsAtOnce = false

    init(_ bytes: [UInt8]) { rest = bytes[...] }

    /// - Returns: nil at the end.
    mutating func next() throws(Problem) -> Event? {
        if endsAtOnce, let name = open.popLast() {
            endsAtOnce = false
            return .end(name)
        }
        while let first = rest.first {
            guard first == UInt8(ascii: "<") else {
                if let text = try text() { return text }
                continue
            }
            if drop("<!--") {
                _ = try take(until: "-->")
            } else if drop("<?") {
                _ = try take(until: "?>")
            } else if drop("<![CDATA[") {
                let text = try take(until: "]]>")
                guard !open.isEmpty else { throw .malformed }
                return .text(String(decoding: text, as: UTF8.self))
            } else if drop("<!DOCTYPE") {
                try passDocumentType()
            } else if drop("</") {
                return try end()
            } else {
                advance(1)
                return try start()
            }
        }
        guard open.isEmpty, hasRoot else { throw .brokenOff }
        return nil
    }
}

// MARK: What there is between two marks

extension XMLReader {
    /// - Returns: nil for the white space around the whole.
    private mutating func text() throws(Problem) -> Event? {
        let bytes = rest.prefix { $0 != UInt8(ascii: "<") }
        guard open.isEmpty else {
            let text = try plain(bytes)
            advance(bytes.count)
            return .text(text)
        }
        passSpace()
        guard rest.first.map({ $0 == UInt8(ascii: "<") }) ?? true else { throw .malformed }
        return nil
    }

    private mutating func start() throws(Problem) -> Event {
        let name = try name()
        guard !open.isEmpty || !hasRoot else { throw .malformed }
        var attributes: [String: String] = [:]
        while true {
            let isApart = passSpace()
            endsAtOnce = drop("/>")
            if endsAtOnce || drop(">") { break }
            let key = try self.name()
            let value = try quoted()
            guard isApart, attributes.updateValue(value, forKey: key) == nil else { throw .malformed }
        }
        open.append(name)
        hasRoot = true
        return .start(name, attributes: attributes)
    }

    private mutating func end() throws(Problem) -> Event {
        let name = try name()
        passSpace()
        guard drop(">") else { throw rest.isEmpty ? .brokenOff : .malformed }
        guard open.popLast() == name else { throw .malformed }
        return .end(name)
    }

    /// The value of an attribute, with the equals sign before it.
    private mutating func quoted() throws(Problem) -> String {
        passSpace()
        guard drop("=") else { throw rest.isEmpty ? .brokenOff : .malformed }
        passSpace()
        for quote in ["\"", "'"] where drop(quote) {
            let value = try take(until: quote)
            guard !value.contains(UInt8(ascii: "<")) else { throw .malformed }
            return try plain(value)
        }
        throw rest.isEmpty ? .brokenOff : .malformed
    }

    /// What it declares itself could be entities that multiply, and no dataset has any.
    private mutating func passDocumentType() throws(Problem) {
        guard !hasRoot else { throw .malformed }
        while let byte = rest.first {
            switch byte {
            case UInt8(ascii: ">"): return advance(1)
            case UInt8(ascii: "["): throw Problem(sentence: "its document type has declarations ('['); take them out")
            case UInt8(ascii: "\""), UInt8(ascii: "'"):
                advance(1)
                _ = try take(until: byte == UInt8(ascii: "'") ? "'" : "\"")
            default: advance(1)
            }
        }
        throw .brokenOff
    }

    private mutating func name() throws(Problem) -> String {
        let bytes = rest.prefix { !Self.isSpace($0) && !Array("<>/=\"'&".utf8).contains($0) }
        guard !bytes.isEmpty else { throw rest.isEmpty ? .brokenOff : .malformed }
        advance(bytes.count)
        return String(decoding: bytes, as: UTF8.self)
    }

    // MARK: Bytes

    private static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 || isLineEnd(byte) }

    @discardableResult
    private mutating func passSpace() -> Bool {
        let space = rest.prefix(while: Self.isSpace)
        advance(space.count)
        return !space.isEmpty
    }

    private mutating func advance(_ count: Int) {
        line += rest.prefix(count).count { $0 == UInt8(ascii: "\n") }
        rest = rest.dropFirst(count)
    }

    private mutating func drop(_ mark: String) -> Bool {
        guard rest.starts(with: mark.utf8) else { return false }
        advance(mark.utf8.count)
        return true
    }

    /// What comes before the mark, which is dropped.
    private mutating func take(until mark: String) throws(Problem) -> ArraySlice<UInt8> {
        let (mark, all) = (Array(mark.utf8), rest)
        while let found = rest.firstIndex(of: mark[0]) {
            advance(found - rest.startIndex)
            if rest.starts(with: mark) {
                advance(mark.count)
                return all[..<found]
            }
            advance(1)
        }
        throw .brokenOff
    }

    private static let entities = ["amp": "&", "lt": "<", "gt": ">", "quot": "\"", "apos": "'"]

    /// The text that the bytes stand for, with what its references refer to.
    private func plain(_ bytes: ArraySlice<UInt8>) throws(Problem) -> String {
        var pieces = bytes.split(separator: UInt8(ascii: "&"), omittingEmptySubsequences: false)[...]
        var text = pieces.popFirst().map { String(decoding: $0, as: UTF8.self) } ?? ""
        for piece in pieces {
            guard let end = piece.firstIndex(of: UInt8(ascii: ";")) else { throw .malformed }
            let name = String(decoding: piece[..<end], as: UTF8.self)
            guard let meant = Self.entities[name] ?? Self.scalar(name) else {
                throw Problem(sentence: "it has an unknown entity '&\(name);'")
            }
            text += meant + String(decoding: piece[(end + 1)...], as: UTF8.self)
        }
        return text.replacing("\r\n", with: "\n")
    }

    /// A character by its number: `#233` or `#xE9`.
    private static func scalar(_ name: String) -> String? {
        guard name.first == "#" else { return nil }
        let isHexadecimal = name.dropFirst().first == "x"
        let number = UInt32(name.dropFirst(isHexadecimal ? 2 : 1), radix: isHexadecimal ? 16 : 10)
        guard let number, number > 0, let scalar = Unicode.Scalar(number) else { return nil }
        return String(scalar)
    }
}
