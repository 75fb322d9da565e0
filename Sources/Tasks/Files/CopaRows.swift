import Experiments
import Foundation
import FoundationXML

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
        let parser = XMLParser(data: Data(text))
        let items = CopaItems()
        parser.delegate = items
        // It reports some errors to its delegate alone and then says that it has parsed.
        guard parser.parse(), items.complaint == nil else {
            let (line, problem) = items.complaint ?? (parser.lineNumber, "it breaks off")
            throw error(line: max(1, line), "not XML of COPA's form: \(problem)")
        }
        return items.rows
    }
}

/// Gathers the items while the XML goes by.
private final class CopaItems: NSObject, XMLParserDelegate {
    private(set) var rows: [Row] = []
    /// The first thing that is wrong, and its line.
    private(set) var complaint: (line: Int, problem: String)?
    private var text = ""
    private static let elements = ["p": "premise", "a1": "choice1", "a2": "choice2"]
    private static let attributes = ["asks-for": "question", "most-plausible-alternative": "label"]

    func parser(
        _ parser: XMLParser, didStartElement element: String, namespaceURI: String?, qualifiedName: String?,
        attributes: [String: String] = [:]
    ) {
        text = ""
        guard element == "item" else { return }
        var row = Row(line: parser.lineNumber, fields: [:])
        for (attribute, column) in Self.attributes {
            guard let value = attributes[attribute] else { return stop(parser, "an item has no '\(attribute)'") }
            row.fields[.name(column)] = [value]
        }
        guard ["cause", "effect"].contains(row[.name("question")]) else {
            return stop(parser, "'asks-for' must be cause or effect, not '\(row[.name("question")])'")
        }
        rows.append(row)
    }

    func parser(_ parser: XMLParser, foundCharacters characters: String) { text += characters }

    func parser(
        _ parser: XMLParser, didEndElement element: String, namespaceURI: String?, qualifiedName: String?
    ) {
        if let column = Self.elements[element], !rows.isEmpty {
            rows[rows.count - 1].fields[.name(column)] = [text.trimmingCharacters(in: .whitespacesAndNewlines)]
        }
        guard element == "item" else { return }
        for (name, column) in Self.elements where rows.last?.fields[.name(column)] == nil {
            return stop(parser, "an item has no '\(name)'")
        }
    }

    func parser(_ parser: XMLParser, parseErrorOccurred error: any Error) {
        if complaint == nil { complaint = (parser.lineNumber, "it is not well-formed") }
    }

    private func stop(_ parser: XMLParser, _ complaint: String) {
        if self.complaint == nil { self.complaint = (parser.lineNumber, complaint) }
        parser.abortParsing()
    }
}

/// The two texts of an item of COPA, as EH-FT's code forms them: the premise without its final stop, "because" or "so", and
/// a choice that begins with a small letter.
func copaTexts(premise: String, question: String, choices: [String]) -> [TextPair] {
    let stem = premise.hasSuffix(".") ? String(premise.dropLast()) : premise
    let joint = question == "cause" ? " because " : " so "
    return choices.map { TextPair(stem + joint + $0.prefix(1).lowercased() + $0.dropFirst()) }
}
