/// The baseline that looks at no example: the label that is most frequent in the training file, with the shares of all as
/// their probabilities, or the mean of its values.
package struct ConstantPrediction: Codable, Hashable, Sendable {
    /// What is said: a label, or a number.
    package let label: String
    /// By the task's metrics on the dev set, then on the test set where there is one.
    package let scores: [Score]

    package init(label: String, scores: [Score]) {
        self.label = label
        self.scores = scores
    }
}
