/// What a model is scored by.
package enum Metric: String, Codable, CaseIterable, Sendable {
    case accuracy
    /// F1 of the class at index 1.
    case f1
    /// The unweighted mean of every class's F1.
    case macroF1 = "macro-f1"
    case matthews
    case pearson
    case spearman
    /// F1 of the entities that the tags mark, right where type, beginning and end are, over all types together, as
    /// CoNLL-2003's conlleval computes it.
    case spanF1 = "span-f1"
    /// The share of hidden tokens that are the likeliest of the vocabulary in their place.
    case precisionAt1 = "precision-at-1"

    /// Whether it compares real numbers rather than classes.
    package var isForRegression: Bool { self == .pearson || self == .spearman }

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
        switch self {
        case .pearson, .spearman: return "compares numbers, but the task has 'labels'"
        case .f1 where labels.count > 2:
            return "is F1 of the second of two classes, but the task has \(labels.count) 'labels'; use macro-f1"
        case .spanF1 where task.kind != .tags: return "is for tasks of kind tags"
        case .spanF1 where !labels.contains { $0.hasPrefix("B-") || $0.hasPrefix("I-") }:
            return "scores entities, but no label begins with B- or I-; use accuracy"
        default: return nil
        }
    }
}
