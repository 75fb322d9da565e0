import Experiments

/// One training setting: how it is written, and where it lands.
struct Setting: Sendable {
    let key: String
    /// What a value must be, as in "'lr' must be a number above 0".
    let form: String
    /// What it does, for the list of settings.
    let meaning: String
    /// Words that other tools have for it; they are not accepted, only understood.
    let aliases: [String]
    let scope: Scope
    /// The text that stands for what holds where no place gives the setting; nil where that is nothing.
    let initial: String?
    /// Words worth a guess where a value is misspelled.
    let words: [String]
    let store: @Sendable (_ text: String, _ settings: inout StageSettings) throws(Refusal) -> Void

    enum Scope: Sendable {
        /// Wherever settings may stand.
        case anywhere
        /// In a stage, or in a method of one stage: it says what the stage is.
        case stage
    }

    /// Why a value was not taken.
    enum Refusal: Error {
        case form
        /// It is understood, but cannot be had.
        case sentence(String)
    }

    init(
        _ key: String, _ form: String, _ meaning: String, initial: String?, aliases: [String] = [],
        scope: Scope = .anywhere, words: [String] = [],
        store: @escaping @Sendable (_ text: String, _ settings: inout StageSettings) throws(Refusal) -> Void
    ) {
        self.key = key
        self.form = form
        self.meaning = meaning
        self.initial = initial
        self.aliases = aliases
        self.scope = scope
        self.words = words
        self.store = store
    }
}

extension Setting {
    /// A setting whose value is one word.
    /// - Parameter parse: nil where the text is not of the form.
    init<Value>(
        _ key: String, _ path: any WritableKeyPath<StageSettings, Value> & Sendable, _ form: String, _ meaning: String,
        initial: String?, aliases: [String] = [], scope: Scope = .anywhere, words: [String] = [],
        parse: @escaping @Sendable (String) -> Value?
    ) {
        self.init(key, form, meaning, initial: initial, aliases: aliases, scope: scope, words: words) {
            text, settings throws(Refusal) in
            guard let value = parse(text) else { throw .form }
            settings[keyPath: path] = value
        }
    }

    /// A setting that is absent unless given, with arguments in brackets.
    static func spelled<Value: Spelled & Sendable>(
        _ key: String, _ path: any WritableKeyPath<StageSettings, Value?> & Sendable, _ form: String,
        _ meaning: String, initial: String?, words: [String], scope: Scope = .anywhere
    ) -> Setting {
        Setting(key, form, meaning, initial: initial, scope: scope, words: words) {
            text, settings throws(Refusal) in
            settings[keyPath: path] = try read(text) as Value
        }
    }

    static func read<Value: Spelled>(_ text: String) throws(Refusal) -> Value {
        do throws(SpellingError) {
            return try Value(spelled: text)
        } catch {
            throw error.sentence.map { .sentence($0) } ?? .form
        }
    }

    static func choice<Value: RawRepresentable<String> & CaseIterable & SendableMetatype>(
        _ key: String, _ path: any WritableKeyPath<StageSettings, Value> & Sendable, _ meaning: String,
        initial: String, aliases: [String] = []
    ) -> Setting {
        let words = Value.allCases.map(\.rawValue)
        return Setting(key, path, oneOf(words), meaning, initial: initial, aliases: aliases, words: words) {
            Value(rawValue: $0)
        }
    }
}

/// A finite number within the bounds.
func number(_ text: String, where isAllowed: (Double) -> Bool) -> Double? {
    guard let value = Double(text), value.isFinite, isAllowed(value) else { return nil }
    return value
}

/// A whole number within the bounds.
func wholeNumber(_ text: String, in range: ClosedRange<Int>) -> Int? {
    guard let value = Int(text), range.contains(value) else { return nil }
    return value
}
