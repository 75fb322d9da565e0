package import Experiments

extension Dataset {
    /// What saying the most frequent label of the training file, or the mean of its values, scores on the dev set: what
    /// scikit-learn's DummyClassifier and DummyRegressor say by the strategies `prior` and `mean`.
    ///
    /// - Returns: nil where the text itself is to be guessed.
    package func constantPrediction() -> ConstantPrediction? {
        guard definition.kind != .maskedLM, let said = said(of: dev.reduce(0) { $0 + $1.labels.count }) else {
            return nil
        }
        let expected = dev.map(\.labels)
        return ConstantPrediction(
            label: said.label,
            scores: definition.metrics.map { metric in
                Score(
                    split: .dev, metric: metric,
                    value: definition.score(metric, predicted: said.predictions, expected: expected))
            })
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
