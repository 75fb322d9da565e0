import Experiments

/// One training setting: a row of the table of settings.
struct Setting: Sendable {
    let key: String
    /// What a value must be, as in "'lr' must be a number above 0".
    let form: String
    /// What it does, for the list of settings.
    let meaning: String
    /// Words that other tools have for it; they are not accepted, only understood.
    let aliases: [String]
    let scope: Scope
    /// What holds where no place gives the setting, as it would be written; nil where that is nothing.
    let initial: String?
    /// What stages with these settings would be written with; nil where that is nothing.
    let shown: @Sendable (StageSettings) -> String?
    /// Words worth a guess where a value is misspelled.
    private let words: [String]
    private let read: @Sendable (YAMLValue.Content) throws(SpellingError) -> Change

    enum Scope: Sendable {
        /// Wherever settings may stand.
        case anywhere
        /// In a stage, or in a method of one stage: it says what the stage is.
        case stage
    }

    /// Puts a value that was read in its place.
    typealias Change = @Sendable (inout StageSettings) -> Void

    /// - Parameters:
    ///   - place: where a value lands, and where the default is.
    ///   - joining: what becomes of a value and one of a more specific place.
    init<Value>(
        _ key: String, _ place: any WritableKeyPath<StageSettings, Value> & Sendable, _ notation: Notation<Value>,
        _ meaning: String, aliases: [String] = [], scope: Scope = .anywhere,
        joining: @escaping @Sendable (Value, Value) -> Value = { $1 }
    ) {
        self.key = key
        self.form = notation.form
        self.meaning = meaning
        self.aliases = aliases
        self.scope = scope
        words = notation.words
        shown = { notation.shown($0[keyPath: place]) }
        initial = shown(StageSettings())
        read = { content throws(SpellingError) in
            let value = try notation.read(content)
            return { $0[keyPath: place] = joining($0[keyPath: place], value) }
        }
    }

    /// - Throws: why the setting cannot have the value, in a sentence.
    func change(to value: YAMLValue.Content) throws(Impossible) -> Change {
        do throws(SpellingError) {
            return try read(value)
        } catch {
            throw Impossible(error.sentence ?? misfit(value.text))
        }
    }

    /// - Parameter text: a value as the command line and searches have it.
    func change(to text: String) throws(Impossible) -> Change { try change(to: .scalar(text, isQuoted: false)) }

    private func misfit(_ text: String) -> String {
        guard !text.isEmpty else { return "'\(key)' has no value; it must be \(form)" }
        return "'\(key)' must be \(form), not '\(text)'\(guess(at: text, among: words))"
    }
}

/// Why a value, or a point of a search, cannot be had, in a sentence.
struct Impossible: Error {
    let reason: String
    init(_ reason: String) { self.reason = reason }
}

/// How the values of a setting are written.
struct Notation<Value: Sendable>: Sendable {
    let form: String
    /// Words worth a guess where a value is misspelled.
    let words: [String]
    /// - Returns: nil where the value is not written, as that of a setting which was not given.
    let shown: @Sendable (Value) -> String?
    let read: @Sendable (YAMLValue.Content) throws(SpellingError) -> Value
}

extension Notation {
    /// - Parameter parse: nil where the text is not of the form.
    static func word(
        _ form: String, words: [String] = [], shown: @escaping @Sendable (Value) -> String? = { "\($0)" },
        parse: @escaping @Sendable (String) -> Value?
    ) -> Notation {
        Notation(form: form, words: words, shown: shown) { content throws(SpellingError) in
            guard let value = parse(content.text) else { throw SpellingError() }
            return value
        }
    }

    /// A value that may be absent.
    /// - Parameter word: what stands for none; without it the value is absent only where it is not given.
    static func optional<Wrapped>(_ notation: Notation<Wrapped>, or word: String? = nil) -> Notation<Wrapped?>
    where Value == Wrapped? {
        Notation<Wrapped?>(
            form: notation.form + (word.map { ", or \($0)" } ?? ""), words: notation.words + (word.map { [$0] } ?? []),
            shown: { $0.map(notation.shown) ?? word }
        ) { content throws(SpellingError) in
            content.text == word ? nil : try notation.read(content)
        }
    }
}

extension Notation where Value: Spelled & SendableMetatype {
    /// A word with arguments in brackets.
    static func spelled(_ spellings: [String], words: [String]? = nil) -> Notation {
        Notation(form: oneOf(spellings), words: words ?? spellings, shown: { $0.description }) {
            content throws(SpellingError) in try Value(spelled: content.text)
        }
    }
}

extension Notation where Value: RawRepresentable<String> & CaseIterable & SendableMetatype {
    static var choice: Notation {
        let words = Value.allCases.map(\.rawValue)
        return word(oneOf(words), words: words, shown: \.rawValue) { Value(rawValue: $0) }
    }
}

extension Notation<Bool> {
    static var flag: Notation { word("true or false", words: ["true", "false"]) { Bool($0) } }
}

extension Notation<Double> {
    /// - Parameter bounds: as in "above 0".
    static func number(_ bounds: String, where isAllowed: @escaping @Sendable (Double) -> Bool) -> Notation {
        word("a number \(bounds)", shown: written) { finiteNumber($0, where: isAllowed) }
    }
}

extension Notation<Int> {
    static func whole(from low: Int, to high: Int) -> Notation {
        word("a whole number from \(low) to \(high)") { wholeNumber($0, in: low...high) }
    }
}

/// A finite number within the bounds.
func finiteNumber(_ text: String, where isAllowed: (Double) -> Bool) -> Double? {
    guard let value = Double(text), value.isFinite, isAllowed(value) else { return nil }
    return value
}

/// A whole number within the bounds.
func wholeNumber(_ text: String, in range: ClosedRange<Int>) -> Int? {
    guard let value = Int(text), range.contains(value) else { return nil }
    return value
}

/// A number as people write it: 1 and 2e-5.
@Sendable func written(_ number: Double) -> String {
    number == number.rounded() && abs(number) < 1e15 ? "\(Int(number))" : "\(number)".replacing("e-0", with: "e-")
}

extension YAMLValue.Content {
    /// The value as it would be written on the command line.
    var text: String {
        switch self {
        case .empty: ""
        case .scalar(let text, _): text
        case .list(let values): values.map(\.shown).joined(separator: ", ")
        case .mapping(let entries): entries.map { "\($0.key): \($0.value.shown)" }.joined(separator: ", ")
        }
    }

    /// The elements of a list, or the words of a text between commas.
    var words: [String] {
        switch self {
        case .empty: []
        case .scalar(let text, _): parts(of: text, by: ",")
        case .list(let values): values.flatMap { parts(of: $0.shown, by: ",") }
        case .mapping: parts(of: text, by: ",")
        }
    }

    /// The keys of a mapping with their values, or those of a text, as `head: previous, adapter: first`; nil where it
    /// has others.
    var pairs: [(key: String, value: String)]? {
        if case .mapping(let entries) = self { return entries.map { ($0.key, $0.value.shown) } }
        var pairs: [(key: String, value: String)] = []
        for word in words where !word.isEmpty {
            let sides = parts(of: word, by: ":").filter { !$0.isEmpty }
            guard sides.count == 2 else { return nil }
            pairs.append((sides[0], sides[1]))
        }
        return pairs
    }
}

/// The parts of a text, without the blank that one may begin with.
private func parts(of text: String, by separator: Character) -> [String] {
    text.split(separator: separator, omittingEmptySubsequences: false).map { $0.trimmingPrefix(" ").description }
}
