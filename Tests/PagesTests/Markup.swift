import Foundation
import Testing

/// What is wrong with a document's markup: elements that are not closed in their order, and ids that are there twice.
func complaints(about document: String) -> [String] {
    let void: Set = ["meta", "link", "br", "hr", "img", "input"]
    var open: [String] = []
    var complaints: [String] = []
    // The style has no tags, and its text need not be looked at.
    let text = document.replacing(#/<style>[^<]*<\/style>/#, with: "")
    for tag in text.matches(of: #/<(\/?)([a-zA-Z][a-zA-Z0-9]*)((?:[^>"]|"[^"]*")*?)(\/?)>/#) {
        let name = String(tag.2).lowercased()
        if !tag.1.isEmpty {
            if open.last == name { open.removeLast() } else { complaints.append("</\(name)> in \(open.suffix(4))") }
        } else if tag.4.isEmpty, !void.contains(name) {
            open.append(name)
        }
    }
    if !open.isEmpty { complaints.append("not closed: \(open)") }
    let ids = text.matches(of: #/ id="([^"]*)"/#).map { String($0.1) }
    let twice = Dictionary(grouping: ids) { $0 }.filter { $1.count > 1 }.keys.sorted()
    if !twice.isEmpty { complaints.append("twice: \(twice)") }
    return complaints
}

/// What a document would fetch.
func foreign(in document: String) -> [String] {
    document.matches(of: #/(?:src|href|url)\s*[=(]\s*"?(https?:|//)[^"\s)]*/#).map { String($0.0) }
}
