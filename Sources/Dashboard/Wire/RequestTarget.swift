/// What a request asks for, each part decoded once.
///
/// Invariants: the path begins with one slash, none of its names is empty, "." or "..", and no name or value holds what could
/// mean something else to a file system: a slash or backslash that was escaped, or a control character.
package struct RequestTarget: Hashable, Sendable {
    package let path: String
    /// What a form gives more than once is joined by commas.
    package let query: [String: String]

    package init(path: String, query: [String: String] = [:]) {
        self.path = path
        self.query = query
    }

    /// - Parameter bytes: as they stand in the request's first line.
    package init(_ bytes: some Collection<UInt8>) throws(Refusal) {
        guard bytes.first == UInt8(ascii: "/") else {
            throw Refusal(.badRequest, "A request's target begins with a slash here.")
        }
        guard bytes.allSatisfy({ (0x21...0x7E).contains($0) && $0 != UInt8(ascii: "#") }) else {
            throw Refusal(.badRequest, "The target holds a character that must be escaped.")
        }
        let parts = bytes.split(separator: UInt8(ascii: "?"), maxSplits: 1, omittingEmptySubsequences: false)
        path = try Self.path(parts[0])
        query = try parts.count > 1 ? formFields(parts[1]) : [:]
    }

    private static func path(_ bytes: some Collection<UInt8>) throws(Refusal) -> String {
        var names: [String] = []
        for part in bytes.split(separator: UInt8(ascii: "/")) {
            let name = try unescaped(part)
            guard name != ".", name != "..", !name.utf8.contains(where: isForbidden) else {
                throw Refusal(.notFound, "There is no such page.")
            }
            names.append(name)
        }
        return "/" + names.joined(separator: "/")
    }

    private static func isForbidden(_ byte: UInt8) -> Bool {
        byte < 0x20 || byte == 0x7F || byte == UInt8(ascii: "/") || byte == UInt8(ascii: "\\")
    }
}

extension RequestTarget: CustomStringConvertible {
    /// As it would stand in a request.
    package var description: String {
        let path = path.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
            .map { escaped($0) }.joined(separator: "/")
        let fields = query.sorted { $0.key < $1.key }.map { "\(escaped($0.key.utf8))=\(escaped($0.value.utf8))" }
        return fields.isEmpty ? path : "\(path)?\(fields.joined(separator: "&"))"
    }
}

/// The fields of a query or of a form that was sent, `name=value&...`. A field that is given more than once has its values
/// joined by commas; one without a value is left out, as a form sends what nobody filled in.
package func formFields(_ bytes: some Collection<UInt8>) throws(Refusal) -> [String: String] {
    var fields: [String: String] = [:]
    for part in bytes.split(separator: UInt8(ascii: "&")) {
        let pair = part.split(separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
        let name = try unescaped(pair[0], plusIsSpace: true)
        let value = try pair.count > 1 ? unescaped(pair[1], plusIsSpace: true) : ""
        guard !(name + value).utf8.contains(where: { $0 < 0x20 || $0 == 0x7F }) else {
            throw Refusal(.badRequest, "The field '\(visible(name))' holds a control character.")
        }
        guard !name.isEmpty, !value.isEmpty else { continue }
        fields[name] = fields[name].map { "\($0),\(value)" } ?? value
    }
    return fields
}

private func visible(_ text: String) -> String {
    String(text.unicodeScalars.filter { $0.value >= 0x20 && $0.value != 0x7F })
}

private func unescaped(_ bytes: some Collection<UInt8>, plusIsSpace: Bool = false) throws(Refusal) -> String {
    var plain: [UInt8] = []
    plain.reserveCapacity(bytes.count)
    var rest = bytes[...]
    while let byte = rest.popFirst() {
        switch byte {
        case UInt8(ascii: "%"):
            guard let high = rest.popFirst().flatMap(digit), let low = rest.popFirst().flatMap(digit) else {
                throw Refusal(.badRequest, "After % two hexadecimal digits are expected.")
            }
            plain.append(high << 4 | low)
        case UInt8(ascii: "+") where plusIsSpace: plain.append(UInt8(ascii: " "))
        default: plain.append(byte)
        }
    }
    guard let text = String(validating: plain, as: UTF8.self) else {
        throw Refusal(.badRequest, "What is escaped in the request is not UTF-8.")
    }
    return text
}

private func digit(_ byte: UInt8) -> UInt8? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
    default: nil
    }
}

private func escaped(_ bytes: some Sequence<UInt8>) -> String {
    let digits = Array("0123456789ABCDEF".utf8)
    var text: [UInt8] = []
    for byte in bytes {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
            UInt8(ascii: "~"):
            text.append(byte)
        default: text += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
        }
    }
    return String(decoding: text, as: UTF8.self)
}
