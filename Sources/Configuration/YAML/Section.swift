import Experiments

/// A mapping that a file has at some place, with the name people know it by: "method 'bitfit'".
struct Section: Sendable {
    let name: String
    let place: Place
    let entries: [YAMLEntry]

    /// - Parameters:
    ///   - place: where the section's name stands; otherwise it begins where its value does.
    ///   - isOptional: whether nothing at all stands for an empty mapping.
    init(
        _ value: YAMLValue, name: String, at place: Place? = nil, isOptional: Bool = false
    ) throws(ConfigurationError) {
        switch value.content {
        case .mapping(let entries): self.entries = entries
        case .empty where isOptional: entries = []
        default: throw ConfigurationError("\(name) must be a mapping of keys to values", at: place ?? value.place)
        }
        self.name = name
        self.place = place ?? value.place
    }

    /// Refuses keys that are not known here.
    func checkKeys(_ known: [String]) throws(ConfigurationError) {
        var findings = Findings()
        for entry in entries where !known.contains(entry.key) {
            findings.note("unknown key '\(entry.key)' in \(name)\(hint(for: entry.key, among: known))", at: entry.place)
        }
        try findings.check()
    }

    subscript(key: String) -> YAMLValue? { entries.first { $0.key == key }?.value }

    func required(_ key: String) throws(ConfigurationError) -> YAMLValue {
        guard let value = self[key] else { throw ConfigurationError("\(name) has no '\(key)'", at: place) }
        return value
    }
}

extension YAMLValue {
    /// - Parameter what: what the value is, as "'model'".
    func text(_ what: String) throws(ConfigurationError) -> String {
        guard case .scalar(let text, _) = content, !text.isEmpty else {
            throw ConfigurationError("\(what) must be one word or text", at: place)
        }
        return text
    }

    /// The values of a list; a single word is a list of one.
    func list(_ what: String) throws(ConfigurationError) -> [YAMLValue] {
        switch content {
        case .list(let values) where !values.isEmpty: return values
        case .list, .empty: throw ConfigurationError("\(what) is empty", at: place)
        case .scalar: return [self]
        case .mapping: throw ConfigurationError("\(what) must be a list", at: place)
        }
    }

    /// A value of an enumeration that is written by its raw value.
    func choice<Value>(_ what: String) throws(ConfigurationError) -> Value
    where Value: RawRepresentable<String> & CaseIterable {
        let text = try text(what)
        guard let value = Value(rawValue: text) else {
            let known = Value.allCases.map(\.rawValue)
            throw ConfigurationError("\(what) must be \(oneOf(known)), not '\(text)'", at: place)
        }
        return value
    }
}

/// "a, b or c".
func oneOf(_ words: [String]) -> String {
    guard words.count > 1, let last = words.last else { return words.first ?? "" }
    return "\(words.dropLast().joined(separator: ", ")) or \(last)"
}

/// What the names of sweeps, methods and tasks are made of; they become parts of paths, labels and tables.
package let nameRule = "names are made of letters, digits, '-', '_', '.' and '+'"

package func isName(_ text: String) -> Bool {
    !text.isEmpty
        && text.unicodeScalars.allSatisfy { $0.properties.isAlphabetic || "0123456789-_.+".unicodeScalars.contains($0) }
}

extension YAMLValue {
    /// The words of a list in which none comes twice.
    func uniqueTexts(_ what: String) throws(ConfigurationError) -> [(text: String, place: Place)] {
        var texts: [(text: String, place: Place)] = []
        var seen: Set<String> = []
        for value in try list(what) {
            let text = try value.text("an entry of \(what)")
            guard seen.insert(text).inserted else {
                throw ConfigurationError("\(what) lists '\(text)' twice", at: value.place)
            }
            texts.append((text, value.place))
        }
        return texts
    }
}
