import Experiments
import Files
import TestKit

/// A sweep of single stages that nobody plans from a file and nobody trains: at most a thousand methods, each with as many
/// seeds.
///
/// - Parameter heads: so many of the last stages yield a head.
func makeSweep(stages count: Int, heads: Int) -> SweepPlan {
    let seeds = max(4, count / 1000)
    var sharing = StageSharing()
    let stages = (0..<count).map { place in
        sharing.share(
            PlannedStage(
                // Hashing a million specifications would take longer than all that is measured.
                key: StageKey(rawValue: Digest(of: Array("stage \(place)".utf8))),
                specification: makeSpecification(seed: UInt64(place % seeds)), task: anyTask.name,
                label: "method-\(place / seeds)", outputs: place >= count - heads ? [.head] : []))
    }
    let rows = stages.map { stage in
        SweepRow(task: stage.task, method: stage.label, seed: stage.specification.seed, stages: [stage.key])
    }
    return makePlan(name: "synthetic", stages: stages, rows: rows)
}
