package import Experiments

extension Dataset {
    /// What saying the most frequent label of the training file, or the mean of its values, scores on the dev set and on the
    /// test set, where there is one: what scikit-learn's DummyClassifier and DummyRegressor say by the strategies `prior`
    /// and `mean`.
    ///
    /// - Returns: nil where the text itself is to be guessed.
    package func constantPrediction() -> ConstantPrediction? {
        guard definition.kind != .maskedLM else { return nil }
        let known = [DataFile.dev, .test].filter { !self[$0].isEmpty }.compactMap { file in
            let expected = self[file].map(\.labels)
            return said(of: expected.reduce(0) { $0 + $1.count }).map { label, predictions in
                ConstantPrediction(
                    label: label,
                    scores: definition.scores(predicted: predictions, expected: expected, on: file.split))
            }
        }
        return known.first.map { ConstantPrediction(label: $0.label, scores: known.flatMap(\.scores)) }
    }

    /// - Parameter count: of labels that it is said of.
    private func said(of count: Int) -> (label: String, predictions: Predictions)? {
        let labels = train.flatMap(\.labels)
        guard !labels.isEmpty else { return nil }
        guard let names = definition.labels else {
            let mean = Float(labels.reduce(0.0) { $0 + Double($1.value) } / Double(labels.count))
            return ("\(mean)", .values([Float](repeating: mean, count: count)))
        }
        var counts = [Int](repeating: 0, count: names.count)
        for label in labels { counts[label.category] += 1 }
        // The first of equal ones, as scikit-learn has it.
        guard let most = counts.max(), let category = counts.firstIndex(of: most) else { return nil }
        let shares = counts.map { Double($0) / Double(labels.count) }
        return (
            names[category],
            .distributions(
                [Int](repeating: category, count: count),
                probabilities: (0..<count).flatMap { _ in shares })
        )
    }
}
