package import Experiments

/// Where a sweep stands: what `headstart status` shows.
package struct StatusListing: Sendable {
    package let sweep: String
    /// Stages in each state; states that no stage is in are left out.
    package let states: [String: Int]
    package let stages: Int
    package let running: [RunningStage]
    /// Whether nothing more will happen to it unless a person asks for it.
    package let hasEnded: Bool
    /// Whether a coordinator works on it; without one nothing runs.
    package let isWorkedOn: Bool
    /// Stages that ended without a result or were set back, the last first; of many the first.
    package let failures: [Failure]
    private let failureCount: Int
    /// Stages that say one label of every example.
    package let collapsed: [Collapse]
    /// For one worker group; nil where nothing alike has run.
    package let secondsLeft: Double?
    package let searches: [SweepSearch]
    /// Its share of the hosts beside other sweeps; nil for 1.
    package let weight: Double?
    /// Why the coordinator that is at work cannot write the store; nil where it can, or none is.
    package let trouble: String?

    package struct Failure: Encodable, Hashable, Sendable {
        package let key: StageKey
        package let task: String
        package let stage: String
        package let seed: UInt64
        package let state: StageState
        package let attempt: Int
        package let reason: String
    }

    package struct Collapse: Encodable, Hashable, Sendable {
        package let key: StageKey
        package let task: String
        package let stage: String
        package let seed: UInt64
        package let label: String
    }

    /// - Parameters:
    ///   - report: the coordinator's; nil where it does not answer, or none is.
    ///   - isWorkedOn: whether a coordinator works on the store.
    ///   - trouble: why it cannot write the store.
    package init(_ snapshot: SweepSnapshot, _ report: CoordinatorReport?, isWorkedOn: Bool, trouble: String? = nil) {
        self.init(
            SweepSummary(snapshot.plan, snapshot.stages), secondsLeft: snapshot.secondsLeft(), report,
            isWorkedOn: isWorkedOn, trouble: trouble)
    }

    /// The same of a sweep whose stages are counted.
    package init(
        _ summary: SweepSummary, secondsLeft: Double?, weight: Double? = nil, _ report: CoordinatorReport?,
        isWorkedOn: Bool, trouble: String? = nil
    ) {
        self.weight = weight
        let told = Dictionary((report?.running ?? []).map { ($0.key, $0) }) { first, _ in first }
        let plan = summary.plan
        self.trouble = trouble
        self.isWorkedOn = isWorkedOn
        self.secondsLeft = secondsLeft
        sweep = plan.name
        stages = summary.states.values.reduce(0, +)
        hasEnded = summary.hasEnded
        states = Dictionary(
            uniqueKeysWithValues: summary.states.map { state, count in
                (state == .running && !isWorkedOn ? interrupted : state.rawValue, count)
            })
        running = isWorkedOn ? summary.running.map { told[$0.stage.key] ?? RunningStage($0.stage, $0.record) } : []
        failures = summary.failures.compactMap(Failure.init)
        failureCount = summary.failureCount
        collapsed = summary.collapsed.compactMap { stage, record in
            plan.task(named: stage.task).flatMap { record.result?.onlyLabel(of: $0.definition) }.map {
                Collapse(
                    key: stage.key, task: stage.task, stage: stage.label, seed: stage.specification.seed, label: $0)
            }
        }
        searches = plan.searches
    }
}

extension StatusListing.Failure {
    fileprivate init?(_ member: (stage: PlannedStage, record: StageRecord)) {
        let (stage, record) = member
        guard let reason = record.trouble else { return nil }
        self.init(
            key: stage.key, task: stage.task, stage: stage.label, seed: stage.specification.seed, state: record.state,
            attempt: record.attempts, reason: reason)
    }
}

extension StatusListing: Encodable {
    package func encode(to encoder: any Encoder) throws {
        try encoder.encode([
            "sweep": sweep, "states": states, "stages": stages, "running": running, "hasEnded": hasEnded,
            "isWorkedOn": isWorkedOn, "failures": failures, "collapsed": collapsed, "secondsLeft": secondsLeft,
            "searches": searches, "weight": weight, "trouble": trouble,
        ])
    }
}

extension StatusListing {
    /// - Parameter failureLimit: the most failures that are shown.
    package func text(width: Int = .max, failureLimit: Int = 10) -> String {
        let runningLines = running.isEmpty ? [] : [""] + CoordinatorListing.lines(of: running, width: width)
        return
            (folded([heading] + Self.lines(of: trouble), width: width) + runningLines
            + folded(searchLines + failureLines(failureLimit) + collapseLines(failureLimit), width: width)).joined(
                separator: "\n")
    }

    private var heading: String {
        let counts = (StageState.allCases.map(\.rawValue) + [interrupted]).compactMap { state in
            states[state].map { "\($0) \(state)" }
        }
        let isOver = states.keys.allSatisfy { StageState(rawValue: $0)?.isFinal ?? false }
        let time = isOver ? nil : secondsLeft.map { "; about \(duration(seconds: $0)) of work for one worker group" }
        let dead = isOver || isWorkedOn ? "" : "; no coordinator works on it"
        return "\(sweep): \(counted(stages, "stage")), \(counts.joined(separator: ", "))"
            + "\(Self.words(forWeight: weight))\(dead)\(time ?? "")"
    }

    /// "; weight 2".
    static func words(forWeight weight: Double?) -> String { weight.map { "; weight \(significant($0, 6))" } ?? "" }

    static func lines(of trouble: String?) -> [String] {
        trouble.map { ["", "nothing is handed out until the store can be written: \($0)"] } ?? []
    }

    private var searchLines: [String] { searches.isEmpty ? [] : [""] + searches.flatMap(\.lines) }

    private func collapseLines(_ limit: Int) -> [String] {
        guard !collapsed.isEmpty else { return [] }
        let lines = collapsed.prefix(limit).map { "  \($0.task) \($0.stage) seed \($0.seed): '\($0.label)'" }
        let more = collapsed.count > limit ? ["  and \(collapsed.count - limit) more"] : []
        return ["", "stages that say one label of every example; a lower lr may help:"] + lines + more
    }

    private func failureLines(_ limit: Int) -> [String] {
        guard !failures.isEmpty else { return [] }
        let lines = failures.prefix(limit).map { failure in
            "  \(failure.state.rawValue)  \(failure.task) \(failure.stage) seed \(failure.seed), "
                + "attempt \(failure.attempt), \(failure.key.short): \(failure.reason)"
        }
        let more = failureCount > lines.count ? ["  and \(failureCount - lines.count) more"] : []
        return ["", "setbacks and failures, the last first:"] + lines + more
    }
}

/// The state of a stage that ran when its coordinator ended: it goes on when the sweep is started again.
private let interrupted = "interrupted"
