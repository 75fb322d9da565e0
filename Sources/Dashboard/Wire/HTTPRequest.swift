/// A well-formed request.
package struct HTTPRequest: Equatable, Sendable {
    package let method: Method
    package let target: RequestTarget
    /// By their names in lower case; what is given more than once is joined by commas.
    package let fields: [String: String]
    package let body: [UInt8]
    /// Whether the client may ask for more on the same connection.
    package let keepsConnection: Bool

    package enum Method: String, CaseIterable, Sendable {
        case get = "GET", head = "HEAD", post = "POST", put = "PUT", delete = "DELETE", options = "OPTIONS"
        case patch = "PATCH", trace = "TRACE", connect = "CONNECT"
    }

    package init(
        _ method: Method, _ target: RequestTarget, fields: [String: String] = [:], body: [UInt8] = [],
        keepsConnection: Bool = true
    ) {
        self.method = method
        self.target = target
        self.fields = fields
        self.body = body
        self.keepsConnection = keepsConnection
    }
}

/// How much a request may have.
package enum RequestLimits {
    /// From the first line to the empty one.
    package static let headBytes = 8 << 10
    package static let fields = 64
    package static let bodyBytes = 64 << 10
}

extension HTTPRequest {
    /// Reads the first request of what a connection has brought: RFC 9112, without what nobody needs here and what attackers
    /// do, such as chunked bodies, folded lines and two lengths.
    ///
    /// - Returns: the request and how many bytes it took; nil where more of it is to come.
    package static func read(_ bytes: [UInt8]) throws(Refusal) -> (request: HTTPRequest, byteCount: Int)? {
        guard let first = bytes.first else { return nil }
        guard isTokenByte(first) else { throw Refusal(.badRequest, "This is no request of HTTP.") }
        guard let end = endOfHead(bytes) else {
            guard bytes.count >= RequestLimits.headBytes else { return nil }
            throw bytes.prefix(RequestLimits.headBytes).contains(newline)
                ? Refusal(.fieldsTooLarge, "A request's head may have \(RequestLimits.headBytes) bytes.")
                : Refusal(.targetTooLong, "A request's head may have \(RequestLimits.headBytes) bytes.")
        }
        let lines = try lines(bytes[..<(end - 2)])
        let line = try RequestLine(lines[0])
        let fields = try fields(lines.dropFirst())
        guard fields["host"] != nil else { throw Refusal(.badRequest, "The field Host is missing.") }
        let length = try bodyLength(fields)
        guard bytes.count >= end + length else { return nil }
        let wishes = (fields["connection"] ?? "").lowercased().split { $0 == "," || $0 == " " }
        let request = HTTPRequest(
            line.method, try RequestTarget(line.target), fields: fields, body: Array(bytes[end..<(end + length)]),
            keepsConnection: line.isLatest ? !wishes.contains("close") : wishes.contains("keep-alive"))
        return (request, end + length)
    }

    /// Where the body begins.
    private static func endOfHead(_ bytes: [UInt8]) -> Int? {
        var place = 3
        while place < min(bytes.count, RequestLimits.headBytes) {
            // Of any four bytes in a row that end the head, one is looked at.
            switch bytes[place] {
            case newline
            where bytes[place - 1] == carriageReturn && bytes[place - 2] == newline
                && bytes[place - 3] == carriageReturn:
                return place + 1
            case newline, carriageReturn: place += 1
            default: place += 4
            }
        }
        return nil
    }

    /// - Parameter head: with the end of its last line.
    private static func lines(_ head: ArraySlice<UInt8>) throws(Refusal) -> [ArraySlice<UInt8>] {
        var lines: [ArraySlice<UInt8>] = []
        for line in head.split(separator: newline, omittingEmptySubsequences: false).dropLast() {
            guard line.last == carriageReturn, !line.dropLast().contains(where: isControl) else {
                throw Refusal(.badRequest, "A line of the request's head holds a control character.")
            }
            lines.append(line.dropLast())
        }
        return lines
    }

    private static func fields(_ lines: some Collection<ArraySlice<UInt8>>) throws(Refusal) -> [String: String] {
        guard lines.count <= RequestLimits.fields else {
            throw Refusal(.fieldsTooLarge, "A request may have \(RequestLimits.fields) fields.")
        }
        var fields: [String: String] = [:]
        for line in lines {
            guard let colon = line.firstIndex(of: UInt8(ascii: ":")), colon > line.startIndex,
                line[..<colon].allSatisfy(isTokenByte)
            else { throw Refusal(.badRequest, "A field of the request's head has no name.") }
            let name = String(decoding: line[..<colon], as: UTF8.self).lowercased()
            let value = String(decoding: trimmed(line[(colon + 1)...]), as: UTF8.self)
            guard let before = fields.updateValue(value, forKey: name) else { continue }
            guard !givenOnce.contains(name) else { throw Refusal(.badRequest, "The field \(name) is given twice.") }
            fields[name] = "\(before), \(value)"
        }
        return fields
    }

    /// What decides who may do what, and where a request ends.
    private static let givenOnce: Set<String> = ["host", "content-length", "authorization", "origin", "content-type"]

    private static func bodyLength(_ fields: [String: String]) throws(Refusal) -> Int {
        guard fields["transfer-encoding"] == nil else {
            throw Refusal(.notImplemented, "A body comes with its Content-Length here, and in one piece.")
        }
        guard let text = fields["content-length"] else { return 0 }
        guard !text.isEmpty, text.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) else {
            throw Refusal(.badRequest, "The Content-Length is not a number.")
        }
        guard let length = Int(text), length <= RequestLimits.bodyBytes else {
            throw Refusal(.contentTooLarge, "A body may have \(RequestLimits.bodyBytes) bytes.")
        }
        return length
    }

    private static func trimmed(_ bytes: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        let isSpace = { (byte: UInt8) in byte == UInt8(ascii: " ") || byte == 9 }
        guard let last = bytes.lastIndex(where: { !isSpace($0) }) else { return [] }
        return bytes[...last].drop(while: isSpace)
    }
}

/// A request's first line.
private struct RequestLine {
    let method: HTTPRequest.Method
    let target: ArraySlice<UInt8>
    /// HTTP/1.1, where connections go on unless one says otherwise.
    let isLatest: Bool

    init(_ line: ArraySlice<UInt8>) throws(Refusal) {
        let words = line.split(separator: UInt8(ascii: " "), omittingEmptySubsequences: false)
        guard words.count == 3, words[0].allSatisfy(isTokenByte) else {
            throw Refusal(.badRequest, "A request begins with a method, a target and a version.")
        }
        switch String(decoding: words[2], as: UTF8.self) {
        case "HTTP/1.1": isLatest = true
        case "HTTP/1.0": isLatest = false
        case let version where version.hasPrefix("HTTP/"):
            throw Refusal(.versionNotSupported, "HTTP/1.1 is spoken here.")
        default: throw Refusal(.badRequest, "A request begins with a method, a target and a version.")
        }
        guard let method = HTTPRequest.Method(rawValue: String(decoding: words[0], as: UTF8.self)) else {
            throw Refusal(.notImplemented, "There is no such method.")
        }
        self.method = method
        target = words[1]
    }
}

private let newline = UInt8(ascii: "\n")
private let carriageReturn = UInt8(ascii: "\r")

private func isControl(_ byte: UInt8) -> Bool { (byte < 0x20 && byte != 9) || byte == 0x7F }

private func isTokenByte(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"):
        true
    default: tokenMarks.contains(byte)
    }
}

private let tokenMarks = Set("!#$%&'*+-.^_`|~".utf8)
