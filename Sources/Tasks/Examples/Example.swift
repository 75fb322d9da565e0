/// One row of a dataset.
package struct Example: Equatable, Sendable {
    package let content: Content
    /// What is to be predicted: one label, one for each word where words have tags, none where the text itself is to be
    /// guessed.
    package let labels: [Label]

    package enum Content: Equatable, Sendable {
        case text(TextPair)
        /// Texts of which one is right.
        case choices([TextPair])
        /// A text or a pair with two words in it; the second is one of the second text, where there is one.
        case targets(TextPair, TargetWord, TargetWord)
        case words([String])
    }

    package init(_ content: Content, labels: [Label]) {
        self.content = content
        self.labels = labels
    }

    package init(text: String, pair: String? = nil, label: Label) {
        self.init(.text(TextPair(text, pair)), labels: [label])
    }
}

/// A text, or two that are read together.
package struct TextPair: Equatable, Sendable {
    package let text: String
    package let pair: String?

    package init(_ text: String, _ pair: String? = nil) {
        self.text = text
        self.pair = pair
    }
}

/// Where a word stands in its text, in bytes.
package typealias TargetWord = Range<Int>

/// What is to be predicted.
package enum Label: Equatable, Sendable {
    /// A class, by its place in the definition's `labels`; a token, by its number.
    case category(Int)
    /// A real number, in regression tasks.
    case value(Float)

    package var category: Int {
        guard case .category(let category) = self else { preconditionFailure("a value where a class is expected") }
        return category
    }

    package var value: Float {
        guard case .value(let value) = self else { preconditionFailure("a class where a value is expected") }
        return value
    }
}
