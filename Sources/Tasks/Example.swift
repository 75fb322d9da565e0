/// One row of a dataset.
package struct Example: Equatable, Sendable {
    package let text: String
    /// The second text, in pair tasks.
    package let pair: String?
    package let label: Label

    package init(text: String, pair: String? = nil, label: Label) {
        self.text = text
        self.pair = pair
        self.label = label
    }
}

/// What is to be predicted.
package enum Label: Equatable, Sendable {
    /// A class, by its place in the definition's `labels`.
    case category(Int)
    /// A real number, in regression tasks.
    case value(Float)
}
