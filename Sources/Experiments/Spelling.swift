/// A value that is written as one word, with its arguments in brackets, in sweep files and in keys.
package protocol Spelled: LosslessStringConvertible, Codable {
    /// - Throws: a sentence that says why the text is no such value.
    init(spelled text: String) throws(SpellingError)
}

/// Why a text is not a value: of another form (then there is no sentence), or understood and impossible.
package struct SpellingError: Error, Hashable, Sendable {
    package let sentence: String?

    package init(_ sentence: String? = nil) { self.sentence = sentence }
}

extension Spelled {
    package init?(_ description: String) {
        do {
            try self.init(spelled: description)
        } catch {
            return nil
        }
    }

    package init(from decoder: any Decoder) throws {
        let text = try decoder.singleValueContainer().decode(String.self)
        guard let value = Self(text) else {
            throw DecodingError.dataCorrupted(
                .init(codingPath: decoder.codingPath, debugDescription: "'\(text)' is not a \(Self.self)"))
        }
        self = value
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}

/// A word with arguments in brackets, by place or by name: `lora(8, modules=query+value)`.
struct SpelledCall {
    let name: String
    private let positional: [String]
    private let named: [String: String]

    init(_ text: String) throws(SpellingError) {
        guard let open = text.firstIndex(of: "(") else {
            (name, positional, named) = (text, [], [:])
            return
        }
        guard text.last == ")" else { throw SpellingError("'\(text)' lacks its closing bracket") }
        name = String(text[..<open])
        let inside = text[text.index(after: open)...].dropLast()
        var positional: [String] = []
        var named: [String: String] = [:]
        for part in inside.split(separator: ",", omittingEmptySubsequences: false) {
            let words = part.split(separator: "=", omittingEmptySubsequences: false).map(Self.trimmed)
            guard words.count <= 2, words.allSatisfy({ !$0.isEmpty }) else {
                throw SpellingError("'\(text)' has an argument that is empty or not of the form name=value")
            }
            if words.count == 2 {
                guard named.updateValue(words[1], forKey: words[0]) == nil else {
                    throw SpellingError("'\(text)' gives '\(words[0])' twice")
                }
            } else {
                guard named.isEmpty else {
                    throw SpellingError("'\(text)' has an argument without a name after one with a name")
                }
                positional.append(words[0])
            }
        }
        (self.positional, self.named) = (positional, named)
    }

    private static func trimmed(_ text: Substring) -> String {
        let start = text.drop { $0 == " " }
        return String(start.reversed().drop { $0 == " " }.reversed())
    }

    /// The arguments by name, each given once and each known.
    /// - Parameter names: in the order in which arguments without a name are taken.
    func arguments(_ names: [String]) throws(SpellingError) -> [String: String] {
        guard positional.count <= names.count else {
            let most = names.isEmpty ? "no arguments" : "at most \(names.count): \(names.joined(separator: ", "))"
            throw SpellingError("'\(name)' takes \(most)")
        }
        var arguments = Dictionary(uniqueKeysWithValues: zip(names, positional))
        for (key, value) in named {
            guard names.contains(key) else {
                throw SpellingError("'\(name)' has no argument '\(key)'\(guess(at: key, among: names))")
            }
            guard arguments.updateValue(value, forKey: key) == nil else {
                throw SpellingError("'\(name)' is given '\(key)' twice")
            }
        }
        return arguments
    }
}

extension [String: String] {
    /// A number that must be within bounds.
    func number(
        _ key: String, of call: String, _ bounds: String, default initial: Double? = nil,
        where isAllowed: (Double) -> Bool
    ) throws(SpellingError) -> Double {
        guard let text = self[key] else {
            if let initial { return initial }
            throw SpellingError("'\(call)' needs its argument '\(key)', \(bounds)")
        }
        guard let value = Double(text), value.isFinite, isAllowed(value) else {
            throw SpellingError("'\(key)' of '\(call)' must be \(bounds), not '\(text)'")
        }
        return value
    }

    func whole(
        _ key: String, of call: String, in range: ClosedRange<Int>, default initial: Int? = nil
    ) throws(SpellingError) -> Int {
        let value = try number(
            key, of: call, "a whole number from \(range.lowerBound) to \(range.upperBound)",
            default: initial.map(Double.init)
        ) { $0 == $0.rounded() && Double(range.lowerBound) <= $0 && $0 <= Double(range.upperBound) }
        return Int(value)
    }

    /// A share of something: above 0 and at most 1.
    func share(_ key: String, of call: String) throws(SpellingError) -> Double {
        try number(key, of: call, "a number above 0 and at most 1") { $0 > 0 && $0 <= 1 }
    }

    func flag(_ key: String, of call: String, default initial: Bool) throws(SpellingError) -> Bool {
        guard let text = self[key] else { return initial }
        guard let value = Bool(text) else {
            throw SpellingError("'\(key)' of '\(call)' must be true or false, not '\(text)'")
        }
        return value
    }

    func choice<Choice: RawRepresentable<String> & CaseIterable>(
        _ key: String, of call: String, default initial: Choice
    ) throws(SpellingError) -> Choice {
        guard let text = self[key] else { return initial }
        guard let value = Choice(rawValue: text) else {
            throw SpellingError(unknown(text, of: key, in: call, Choice.allCases.map(\.rawValue)))
        }
        return value
    }

    /// Words joined by `+`.
    func choices<Choice: RawRepresentable<String> & CaseIterable & Hashable>(
        _ key: String, of call: String, default initial: Set<Choice>
    ) throws(SpellingError) -> Set<Choice> {
        guard let text = self[key] else { return initial }
        var values: Set<Choice> = []
        for word in text.split(separator: "+", omittingEmptySubsequences: false) {
            guard let value = Choice(rawValue: String(word)) else {
                throw SpellingError(unknown(String(word), of: key, in: call, Choice.allCases.map(\.rawValue)))
            }
            values.insert(value)
        }
        return values
    }

    private func unknown(_ word: String, of key: String, in call: String, _ known: [String]) -> String {
        "'\(key)' of '\(call)' cannot be '\(word)', only \(known.joined(separator: ", "))\(guess(at: word, among: known))"
    }
}

/// A number as people write it: without a point where it is whole.
func spelled(_ number: Double) -> String {
    number == number.rounded() && abs(number) < 1e15 ? "\(Int(number))" : "\(number)"
}

/// A word with those of its arguments that do not go without saying.
func spelledCall(_ name: String, _ arguments: [String?]) -> String {
    let given = arguments.compactMap(\.self)
    return given.isEmpty ? name : "\(name)(\(given.joined(separator: ", ")))"
}

/// Words joined by `+`, in the order of their declaration.
func spelled<Value: RawRepresentable<String> & CaseIterable & Hashable>(_ values: Set<Value>) -> String {
    Value.allCases.filter(values.contains).map(\.rawValue).joined(separator: "+")
}
