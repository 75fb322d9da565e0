import Foundation

/// What a model is scored by.
package enum Metric: String, Codable, CaseIterable, Sendable {
    case accuracy
    /// F1 of the class at index 1.
    case f1
    /// The unweighted mean of every class's F1.
    case macroF1 = "macro-f1"
    /// The mean of every class's F1, weighted by how often the class is expected.
    case weightedF1 = "weighted-f1"
    /// Of the class at index 1.
    case precision
    /// Of the class at index 1.
    case recall
    case macroPrecision = "macro-precision"
    case macroRecall = "macro-recall"
    /// The mean recall of the classes that are expected anywhere.
    case balancedAccuracy = "balanced-accuracy"
    case matthews
    /// The area under the receiver operating characteristic: of two classes that of the second, of more the mean of
    /// each against all others.
    case auc
    /// The area under precision by recall as a sum over thresholds, not interpolated: of two classes that of the
    /// second, of more the mean of each against all others.
    case averagePrecision = "average-precision"
    /// The mean of -log p of what is expected, in nats.
    case logLoss = "log-loss"
    /// How far the probability of what is said is from how often that is right, in 15 bins of equal width (ECE; Guo et
    /// al. 2017, eq. 3).
    case calibrationError = "calibration-error"
    case pearson
    case spearman
    /// The root of the mean squared error, in the unit of the labels.
    case rmse
    /// The mean absolute error, in the unit of the labels.
    case mae
    /// The share of the labels' variance that is explained; below 0 where their mean would do better.
    case r2
    /// F1 of the entities that the tags mark, right where type, beginning and end are, over all types together, as
    /// CoNLL-2003's conlleval computes it.
    case spanF1 = "span-f1"
    /// The share of hidden tokens that are the likeliest of the vocabulary in their place.
    case precisionAt1 = "precision-at-1"
}

/// What is compared.
extension Metric {
    /// Whether it compares real numbers rather than classes.
    package var isForRegression: Bool { [.pearson, .spearman, .rmse, .mae, .r2].contains(self) }

    /// Whether it takes the probabilities of all classes, not only the likeliest one.
    package var takesProbabilities: Bool {
        [.auc, .averagePrecision, .logLoss, .calibrationError].contains(self)
    }

    /// Why a task cannot be scored by it, as the end of a sentence; nil where it can.
    package func objection(to task: TaskDefinition) -> String? {
        switch (task.kind, self) {
        case (.maskedLM, .precisionAt1): return nil
        case (.maskedLM, _): return "does not fit hidden tokens; a masked-lm task is scored by precision-at-1"
        case (_, .precisionAt1): return "is for tasks of kind masked-lm"
        default: break
        }
        guard let labels = task.labels else {
            return isForRegression ? nil : "compares classes, but the task has no 'labels'"
        }
        if isForRegression { return "compares numbers, but the task has 'labels'" }
        switch self {
        case .f1 where labels.count > 2:
            return "is F1 of the second of two classes, but the task has \(labels.count) 'labels'; use macro-f1"
        case .precision where labels.count > 2, .recall where labels.count > 2:
            return
                "is that of the second of two classes, but the task has \(labels.count) 'labels'; use macro-\(rawValue)"
        case .spanF1 where task.kind != .tags: return "is for tasks of kind tags"
        case .spanF1 where !labels.contains { $0.hasPrefix("B-") || $0.hasPrefix("I-") }:
            return "scores entities, but no label begins with B- or I-; use accuracy"
        default: return nil
        }
    }
}

/// What its values mean.
extension Metric {
    /// Whether less is better.
    package var isError: Bool { [.logLoss, .calibrationError, .rmse, .mae].contains(self) }

    /// The value, or where less is better its opposite: what is compared to find the best.
    package func merit(_ value: Double) -> Double { isError ? -value : value }

    /// Whether tables have it in percent; otherwise it has a unit of its own.
    package var isShare: Bool { ![.logLoss, .rmse, .mae].contains(self) }

    /// A value in percent, or in its own unit.
    package func scaled(_ value: Double) -> Double { isShare ? value * 100 : value }

    /// The largest value that there is, as tables and pictures show it; nil where there is none.
    package var most: Double? { isShare ? 100 : nil }

    /// A value as tables have it.
    package func figure(_ value: Double) -> String { String(format: isShare ? "%.2f" : "%.4f", scaled(value)) }
}
