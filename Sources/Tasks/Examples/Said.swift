package import Experiments

/// What a model says of one example, in the words of the task.
package struct Said: Encodable, Sendable {
    /// nil for numbers and tags.
    package private(set) var label: String?
    /// Of each class or choice; nil for numbers and tags.
    package private(set) var probabilities: [String: Double]?
    /// nil but for regression.
    package private(set) var value: Float?
    /// Of each word; nil where words have none.
    package private(set) var tags: [String]?
    package private(set) var spans: [TaggedSpan]?

    /// - Parameters:
    ///   - said: of one example.
    ///   - text: what the words with tags stand in.
    package init(_ said: Predictions, of task: TaskDefinition, _ content: Example.Content, _ text: String) {
        let labels = task.labels ?? []
        switch (said, content) {
        case (.values(let values), _): value = values.first
        case (.categories(let places), .words(let words)), (.distributions(let places, _), .words(let words)):
            tags = places.map { labels[$0] }
            spans = task.spans(of: places, words: words, in: text)
        case (.categories(let places), _), (.distributions(let places, _), _):
            label = places.first.map { labels[$0] }
        }
        guard label != nil, case .distributions(_, let all) = said else { return }
        probabilities = Dictionary(zip(labels, all)) { first, _ in first }
    }
}
