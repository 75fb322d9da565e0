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
        var reader = XMLReader(text)
        var items = CopaItems()
        do throws(XMLReader.Problem) {
            while let event = try reader.next() { try items.take(event, line: reader.line) }
        } catch {
            throw self.error(line: reader.line, "not XML of COPA's form: \(error.sentence)")
        }
        return items.rows
    }
}

/// Gathers the items while the XML goes by.
private struct CopaItems {
    private(set) var rows: [Row] = []
    private var item: Row?
    private var text = ""
    private static let elements: KeyValuePairs = ["p": "premise", "a1": "choice1", "a2": "choice2"]
    private static let attributes: KeyValuePairs = ["asks-for": "question", "most-plausible-alternative": "label"]

    mutating func take(_ event: XMLReader.Event, line: Int) throws(XMLReader.Problem) {
        switch event {
        case .start(let element, let attributes):
            if Self.elements.contains(where: { $0.key == element }) { text = "" }
            if element == "item" { item = try Self.row(attributes, line: line) }
        case .text(let more): text += more
        case .end(let element):
            if let column = Self.elements.first(where: { $0.key == element })?.value {
                item?.fields[.name(column)] = [text.trimmingCharacters(in: .whitespacesAndNewlines)]
            }
            guard element == "item", let item else { return }
            for (name, column) in Self.elements where item.fields[.name(column)] == nil {
                throw XMLReader.Problem(sentence: "an item has no '\(name)'")
            }
            rows.append(item)
            self.item = nil
        }
    }

    private static func row(_ attributes: [String: String], line: Int) throws(XMLReader.Problem) -> Row {
        var row = Row(line: line, fields: [:])
        for (attribute, column) in Self.attributes {
            guard let value = attributes[attribute] else {
                throw XMLReader.Problem(sentence: "an item has no '\(attribute)'")
            }
            row.fields[.name(column)] = [value]
        }
        guard ["cause", "effect"].contains(row[.name("question")]) else {
            throw XMLReader.Problem(sentence: "'asks-for' must be cause or effect, not '\(row[.name("question")])'")
        }
        return row
    }
}

/// The two texts of an item of COPA, as EH-FT's code forms them: the premise without its final stop, "because" or "so", and
/// a choice that begins with a small letter.
func copaTexts(premise: String, question: String, choices: [String]) -> [TextPair] {
    let stem = premise.hasSuffix(".") ? String(premise.dropLast()) : premise
    let joint = question == "cause" ? " because " : " so "
    return choices.map { TextPair(stem + joint + $0.prefix(1).lowercased() + $0.dropFirst()) }
}
