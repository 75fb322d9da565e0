/// A piece of a page. Literals are markup; whatever is put into one is text, and escaped: there is no way from a text that
/// someone wrote to markup but by its type.
///
///     let cell: HTML = "<td title=\"\(reason)\">\(method)</td>"
package struct HTML: Hashable, Sendable {
    package private(set) var markup: String

    /// - Parameter markup: of our own making. What others wrote goes through a literal's `\( )`, which escapes it.
    package init(markup: String) { self.markup = markup }

    /// The text as it stands, in an element or between an attribute's quotation marks.
    package init(text: String) { markup = Self.escaped(text) }

    package static func + (left: HTML, right: HTML) -> HTML { HTML(markup: left.markup + right.markup) }

    package var isEmpty: Bool { markup.isEmpty }

    private static func escaped(_ text: String) -> String {
        let special: (UInt8) -> Bool = { byte in
            switch byte {
            case UInt8(ascii: "&"), UInt8(ascii: "<"), UInt8(ascii: ">"), UInt8(ascii: "\""), UInt8(ascii: "'"): true
            // Of the control characters HTML has these alone.
            case 0x09, 0x0A, 0x0D: false
            default: byte < 0x20 || byte == 0x7F
            }
        }
        guard text.utf8.contains(where: special) else { return text }
        var escaped: [UInt8] = []
        escaped.reserveCapacity(text.utf8.count + 16)
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "&"): escaped += Array("&amp;".utf8)
            case UInt8(ascii: "<"): escaped += Array("&lt;".utf8)
            case UInt8(ascii: ">"): escaped += Array("&gt;".utf8)
            case UInt8(ascii: "\""): escaped += Array("&quot;".utf8)
            case UInt8(ascii: "'"): escaped += Array("&#39;".utf8)
            case _ where special(byte): escaped += Array("\u{FFFD}".utf8)
            default: escaped.append(byte)
            }
        }
        return String(decoding: escaped, as: UTF8.self)
    }
}

extension HTML: ExpressibleByStringInterpolation {
    package init(stringLiteral markup: String) { self.markup = markup }

    package init(stringInterpolation: StringInterpolation) { markup = stringInterpolation.markup }

    package struct StringInterpolation: StringInterpolationProtocol {
        fileprivate var markup = ""

        package init(literalCapacity: Int, interpolationCount: Int) {
            markup.reserveCapacity(literalCapacity + 16 * interpolationCount)
        }

        package mutating func appendLiteral(_ literal: String) { markup += literal }

        package mutating func appendInterpolation(_ text: String) { markup += HTML(text: text).markup }

        package mutating func appendInterpolation(_ html: HTML) { markup += html.markup }

        package mutating func appendInterpolation(_ html: HTML?) { if let html { markup += html.markup } }

        package mutating func appendInterpolation(_ parts: [HTML]) { for part in parts { markup += part.markup } }

        package mutating func appendInterpolation(_ number: some BinaryInteger) { markup += "\(number)" }

        /// A coordinate of a drawing, to a tenth.
        package mutating func appendInterpolation(_ coordinate: Double) {
            guard coordinate.isFinite, abs(coordinate) < 1e9 else { return markup += "0" }
            let tenths = Int((coordinate * 10).rounded())
            markup +=
                tenths % 10 == 0 ? "\(tenths / 10)" : "\(tenths < 0 ? "-" : "")\(abs(tenths) / 10).\(abs(tenths) % 10)"
        }
    }
}

extension [HTML] {
    package func joined(separator: HTML = "") -> HTML {
        HTML(markup: map(\.markup).joined(separator: separator.markup))
    }
}
