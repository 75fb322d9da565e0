import Experiments

/// Whether a label is a class or a number, which classes there are, and what suits them as a score.
struct LabelGuess {
    /// In the order of the classes; nil for numbers.
    let labels: [String]?
    let metrics: [Metric]
    let reasons: [(key: String, reason: String)]

    /// More classes than that, and numbers are taken for a scale.
    private static let gradeLimit = 20

    init(_ sample: DataSample, _ column: SampleColumn, _ isRegression: Bool?) throws(DatasetError) {
        let values = column.counts
        guard values.count > 1 else {
            let only = values.first.map { "every row has the label '\($0.value)'" } ?? "no row has a label"
            throw DatasetError(
                sample.path, "\(only) in column '\(column.column)', so there is nothing to learn; say --label COLUMN")
        }
        let looksContinuous =
            column.isNumeric && values.count > 2 && (!column.isWhole || values.count > Self.gradeLimit)
        if isRegression ?? looksContinuous {
            guard column.isNumeric else {
                throw DatasetError(
                    sample.path,
                    "--kind regression needs numbers, but column '\(column.column)' has others, as "
                        + "'\(values.first { !isNumeric($0.value) }?.value ?? "")'")
            }
            labels = nil
            metrics = [.pearson, .spearman, .rmse]
            let why = isRegression == nil ? "\(values.count) values that are numbers" : "as --kind says"
            reasons = [
                ("labels", "none, it is a number to be predicted: \(why)"),
                ("metrics", "how well the predictions follow the numbers, and how far off they are"),
            ]
            return
        }
        guard values.count <= 100 || isRegression == false, values.count < column.values.count else {
            throw DatasetError(
                sample.path,
                "column '\(column.column)' has \(values.count) different values in \(column.values.count) rows, and a label "
                    + "has few; say --label COLUMN, or --kind classification where they are classes")
        }
        let total = values.reduce(0) { $0 + $1.count }
        let least = values[values.count - 1]
        let isRare = Double(least.count) < Double(total) / Double(2 * values.count)
        labels = Self.ordered(column, isRare: isRare)
        let shown = values.prefix(6).map { "\($0.value) (\($0.count))" }.joined(separator: ", ")
        let more = values.count > 6 ? " and \(values.count - 6) more" : ""
        let grades = column.isWhole && values.count > 2 ? "; --kind regression takes them as numbers" : ""
        let single = values.count { $0.count < 5 }
        let few = single > 0 ? "; \(single) of them with fewer than 5 rows, which are too few to learn or to score" : ""
        metrics = isRare ? [.macroF1, .balancedAccuracy, .accuracy] : [.accuracy, .macroF1]
        reasons = [
            ("labels", "\(values.count) classes: \(shown)\(more)\(grades)\(few)"),
            (
                "metrics",
                isRare
                    ? "macro-f1, which counts every class alike: '\(least.value)' is rare, and saying "
                        + "'\(values[0].value)' of every row would have an accuracy of \(values[0].count * 100 / total) %"
                    : "accuracy: no class is rare"
            ),
        ]
    }

    /// Numbers by size, others by spelling; of two classes a rare one last, since F1, precision and recall are of the second.
    private static func ordered(_ column: SampleColumn, isRare: Bool) -> [String] {
        let values = column.counts.map(\.value)
        if isRare, values.count == 2 { return values }
        guard column.isNumeric else { return values.sorted() }
        return values.sorted { (Double($0) ?? 0, $0) < (Double($1) ?? 0, $1) }
    }
}
