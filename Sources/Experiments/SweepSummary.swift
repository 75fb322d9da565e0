/// Where a sweep stands, counted: it costs the same however many stages there are.
package struct SweepSummary: Sendable {
    /// Stages that differ in nothing but their seeds and what they start from.
    package struct Group: Sendable {
        /// The first and the last of them stand for all.
        package let first: PlannedStage
        package let last: PlannedStage
        /// How many stand where.
        package var states: [StageState: Int]
        /// What those that have finished took, together.
        package var steps: Int
        package var seconds: Double

        package init(
            first: PlannedStage, last: PlannedStage, states: [StageState: Int], steps: Int = 0, seconds: Double = 0
        ) {
            self.first = first
            self.last = last
            self.states = states
            self.steps = steps
            self.seconds = seconds
        }
    }

    package typealias Member = (stage: PlannedStage, record: StageRecord)

    /// The sweep with the stages alone that stand for all, and those that these start from.
    package let plan: SweepPlan
    package let groups: [Group]
    package let running: [Member]
    /// Stages that ended without a result or were set back, the last first; of many the first.
    package let failures: [Member]
    /// How many there are.
    package let failureCount: Int
    /// Stages that say one label of every example.
    package let collapsed: [Member]
    /// Where stages were trained.
    package let nodes: [NodeSettings]

    package init(
        plan: SweepPlan, groups: [Group], running: [Member], failures: [Member], failureCount: Int,
        collapsed: [Member], nodes: [NodeSettings]
    ) {
        self.plan = plan
        self.groups = groups
        self.running = running
        self.failures = failures
        self.failureCount = failureCount
        self.collapsed = collapsed
        self.nodes = nodes
    }

    /// Stages in each state; states that no stage is in are left out.
    package var states: [StageState: Int] {
        groups.reduce(into: [:]) { $0.merge($1.states, uniquingKeysWith: +) }
    }

    /// Whether nothing more will happen to the sweep unless a person asks for it.
    package var hasEnded: Bool {
        states.keys.allSatisfy(\.isFinal) && plan.searches.allSatisfy { $0.state != .open }
    }
}

extension SweepSummary {
    /// Of all stages of a plan, each with what is known of it.
    package init(_ plan: SweepPlan, _ stages: [Member]) {
        let failures = stages.filter { $0.record.isTrouble }
        let known = stages.compactMap { stage, record in
            plan.task(named: stage.task).flatMap { record.result?.onlyLabel(of: $0.definition) } == nil
                ? nil : (stage, record)
        }
        self.init(
            plan: plan,
            groups: stages.map { stage, record in
                Group(
                    first: stage, last: stage, states: [record.state: 1], steps: record.result?.steps ?? 0,
                    seconds: record.result?.seconds ?? 0)
            },
            running: stages.filter { $0.record.state == .running },
            failures: failures.enumerated().sorted { left, right in
                let times = (left.element.record.troubledAt, right.element.record.troubledAt)
                return times.0 == times.1 ? left.offset < right.offset : times.0 > times.1
            }.map(\.element),
            failureCount: failures.count, collapsed: known, nodes: stages.compactMap { $0.record.result?.node })
    }
}

extension StageRecord {
    /// Whether the stage ended without a result, or was set back and has not finished since.
    fileprivate var isTrouble: Bool { state != .finished && trouble != nil }

    fileprivate var troubledAt: Int64 { setback?.at.rawValue ?? 0 }

    /// Why it has no result, for people; nil where nothing went wrong.
    package var trouble: String? {
        guard state != .finished else { return nil }
        return (state.isFinal ? standing.reason : nil) ?? setback?.failure.message
    }
}
