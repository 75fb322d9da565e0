import Files
import Foundation

/// Values as they stand in YAML files that people read.
package enum YAMLText {
    /// A text on one line, in quotation marks where it would be taken for something else without them.
    package static func quoted(_ text: String) -> String {
        let letters = text.unicodeScalars.allSatisfy {
            $0.isASCII && ($0.properties.isAlphabetic || "0123456789-_./".unicodeScalars.contains($0))
        }
        let begins = text.unicodeScalars.first.map { $0.properties.isAlphabetic } ?? false
        let isWord = ["null", "true", "false", "yes", "no", "on", "off", "y", "n"].contains(text.lowercased())
        return letters && begins && !isWord ? text : "\"\(text.unicodeScalars.map(escaped).joined())\""
    }

    /// "[a, b]"
    package static func list(_ texts: [String]) -> String { "[\(texts.map(quoted).joined(separator: ", "))]" }

    /// A comment on one line, whatever stands in the text.
    package static func comment(_ text: String) -> String {
        "# \(text.split(whereSeparator: \.isNewline).joined(separator: " "))"
    }

    /// A scalar within double quotation marks: what YAML does not print is written by its number.
    private static func escaped(_ scalar: Unicode.Scalar) -> String {
        switch scalar {
        case "\"": "\\\""
        case "\\": "\\\\"
        case "\n": "\\n"
        case "\t": "\\t"
        case "\u{20}"..."\u{7E}", "\u{A0}"..."\u{2027}", "\u{202A}"..."\u{D7FF}", "\u{E000}"..."\u{FDCF}",
            "\u{FDF0}"..."\u{FEFE}", "\u{FF00}"..."\u{FFFD}", "\u{10000}"...:
            String(scalar)
        default: String(format: "\\u%04X", scalar.value)
        }
    }
}
