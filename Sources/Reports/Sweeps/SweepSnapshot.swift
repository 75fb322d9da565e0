package import Experiments

/// A sweep at one moment: what every report is made of.
package struct SweepSnapshot: Sendable {
    package let plan: SweepPlan
    private let records: [StageKey: StageRecord]
    /// Of the stages that kept theirs.
    package var predictions: [StageKey: StageLog.Predictions] = [:]
    /// What stages are to take, as far as that is known.
    package var forecasts: [StageKey: StageForecast] = [:]
    /// What the sweep was before, the last first; empty where nobody asks.
    package var earlier: [EarlierSettings] = []

    /// - Parameter records: of the plan's stages; others are left out of account.
    package init(_ plan: SweepPlan, _ records: [StageRecord]) {
        self.plan = plan
        self.records = Dictionary(records.map { ($0.key, $0) }) { _, last in last }
    }

    /// Whether nothing more will happen to the sweep unless a person asks for it.
    package var hasEnded: Bool { plan.hasEnded(Array(records.values)) }

    /// A stage of which nothing is known waits.
    package subscript(key: StageKey) -> StageRecord { records[key] ?? StageRecord(key: key) }

    /// The plan's stages in its order, each with what is known of it.
    package var stages: [(stage: PlannedStage, record: StageRecord)] { plan.stages.map { ($0, self[$0.key]) } }

    /// The state of a row's last stage; where its searches have not come to one, theirs.
    package func state(of row: SweepRow) -> StageState {
        if let key = row.stages.last { return self[key].state }
        return plan.searches(for: row).allSatisfy { $0.failure == nil } ? .waiting : .failed
    }

    /// Where stages were finished.
    package var finishedOn: [NodeSettings] { stages.compactMap { $0.record.result?.node } }

    package func count(_ state: StageState) -> Int { stages.count { $0.record.state == state } }

    /// Optimizer steps of a stage.
    package func steps(of stage: PlannedStage) -> Int { plan.steps(of: stage) }
}

extension SweepPlan {
    func steps(of stage: PlannedStage) -> Int {
        task(named: stage.task).map { stage.specification.recipe.steps(on: $0) } ?? 0
    }
}
