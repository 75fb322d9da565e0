package import Experiments
import Foundation

/// Settings that a sweep of the same name had before, with those of their rows that later ones do not have: their numbers
/// are as good as ever, but of another question.
package struct EarlierSettings: Sendable {
    package let reference: SweepReference
    /// When they were last asked for.
    package let plannedAt: Timestamp
    /// The rows, in a sweep that is called by the reference.
    package let snapshot: SweepSnapshot

    /// - Parameters:
    ///   - records: of the plan's stages.
    ///   - later: the plans of the name that were asked for since.
    /// - Returns: nil where later settings have all rows, as where one more seed was asked for.
    package init?(
        _ reference: SweepReference, _ plan: SweepPlan, at plannedAt: Timestamp, _ records: [StageRecord],
        _ later: [SweepPlan]
    ) {
        let known = Set(later.lazy.flatMap(\.rows).map(\.result))
        let rows = plan.rows.filter { !$0.stages.isEmpty && !known.contains($0.result) }
        guard !rows.isEmpty else { return nil }
        self.reference = reference
        self.plannedAt = plannedAt
        snapshot = SweepSnapshot(plan.keeping(rows, as: reference.description), records)
    }

    /// "finetune, bitfit of reviews~1 (2026-11-21 10:02 UTC)".
    var words: String {
        "\(snapshot.plan.methods.joined(separator: ", ")) of \(reference) (\(moment(plannedAt)))"
    }
}

extension SweepRow {
    /// The row without the searches that led to it.
    fileprivate var result: SweepRow { SweepRow(task: task, method: method, seed: seed, stages: stages) }
}

/// "2026-11-21 10:02 UTC"
package func moment(_ time: Timestamp) -> String {
    let style = Date.ISO8601FormatStyle(dateTimeSeparator: .space, timeZone: .gmt).year().month().day().time(
        includingFractionalSeconds: false)
    let text = Date(timeIntervalSince1970: Double(time.rawValue) / 1000).formatted(style)
    return "\(text.prefix(16)) UTC"
}
