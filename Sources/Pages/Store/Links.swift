import Experiments
import Foundation

/// Where links of a page lead.
struct Links: Sendable {
    private let form: Form

    private enum Form {
        /// To pages of a server, of a sweep, or of the one asked for last.
        case server(sweep: String?)
        /// To places of the same document.
        case document
    }

    static func server(sweep: String?) -> Links { Links(form: .server(sweep: sweep)) }

    static let document = Links(form: .document)

    /// An address for an attribute.
    func stage(_ key: StageKey) -> HTML {
        switch form {
        case .server: page("/stages/\(key.short)")
        case .document: "#\(key.short)"
        }
    }

    func page(_ path: String, _ query: KeyValuePairs<String, String> = [:]) -> HTML {
        guard case .server(let sweep) = form else { return "#main" }
        let all = query.map { ($0.key, $0.value) } + (sweep.map { [("sweep", $0)] } ?? [])
        let words = all.map { "\(Self.encoded($0))=\(Self.encoded($1))" }.joined(separator: "&")
        return words.isEmpty ? "\(path)" : "\(path)?\(words)"
    }

    private static func encoded(_ text: String) -> String {
        let plain = CharacterSet(charactersIn: "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~")
        return text.addingPercentEncoding(withAllowedCharacters: plain) ?? ""
    }
}
