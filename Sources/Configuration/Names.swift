/// What the names of sweeps, methods and tasks are made of; they become parts of paths, labels and tables.
let nameRule = "names are made of letters, digits, '-', '_', '.' and '+'"

func isName(_ text: String) -> Bool {
    !text.isEmpty
        && text.unicodeScalars.allSatisfy { $0.properties.isAlphabetic || "0123456789-_.+".unicodeScalars.contains($0) }
}

extension YAMLValue {
    /// The words of a list in which none comes twice.
    func uniqueTexts(_ what: String) throws(ConfigurationError) -> [(text: String, place: Place)] {
        var seen: [(text: String, place: Place)] = []
        for value in try list(what) {
            let text = try value.text("an entry of \(what)")
            guard !seen.contains(where: { $0.text == text }) else {
                throw ConfigurationError("\(what) lists '\(text)' twice", at: value.place)
            }
            seen.append((text, value.place))
        }
        return seen
    }
}
