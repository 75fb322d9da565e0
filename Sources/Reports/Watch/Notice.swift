package import Experiments

/// Something about a sweep that a person wants to be told: one JSON object on the standard input of `--notify`.
package struct Notice: Hashable, Sendable {
    package enum Event: String, Codable, Sendable {
        /// Nothing more will happen to the sweep.
        case end
        /// A stage failed or was set aside.
        case failure
        /// Nothing has moved for a while.
        case stall
    }

    package let event: Event
    package let sweep: String
    /// For people.
    package let sentence: String
    package let stages: Int
    package let finished: Int
    /// Those that failed or were set aside.
    package let failed: Int
    /// The first of the stages that it is about; nil where it is about the sweep.
    package let stage: StageKey?
}

extension Notice: Encodable {
    package func encode(to encoder: any Encoder) throws {
        try encoder.encode([
            "event": event, "sweep": sweep, "sentence": sentence, "stages": stages, "finished": finished,
            "failed": failed, "stage": stage,
        ])
    }
}

/// Finds in how a sweep stands, looked at again and again, what is to be told. What was so at the first look is no news.
package struct NoticeWatch: Sendable {
    private let stallMilliseconds: Int64
    private var failed: Set<StageKey>?
    private var hasEnded = false
    private var movement: Movement?
    private var movedAt = Timestamp(rawValue: 0)
    private var isStalled = false

    /// What changes while anything goes on.
    private struct Movement: Hashable {
        let states: [StageState: Int]
        let steps: [StageKey: Int]
    }

    package init(stallSeconds: Int) { stallMilliseconds = Int64(stallSeconds) * 1000 }

    package mutating func look(at snapshot: SweepSnapshot, _ now: Timestamp) -> [Notice] {
        let all = snapshot.stages
        let lost = all.filter { [.failed, .setAside].contains($0.record.state) }
        let isFirst = failed == nil
        let new = lost.filter { failed?.contains($0.stage.key) == false }
        failed = Set(lost.map(\.stage.key))
        let notice = { (event: Notice.Event, sentence: String, stage: StageKey?) in
            Notice(
                event: event, sweep: snapshot.plan.name, sentence: sentence, stages: all.count,
                finished: snapshot.count(.finished), failed: lost.count, stage: stage)
        }
        var notices: [Notice] = []
        if let first = new.first {
            notices.append(notice(.failure, Self.sentence(first, of: new.count), first.stage.key))
        }
        let ended = snapshot.hasEnded
        if ended, !hasEnded, !isFirst {
            let words =
                "\(snapshot.plan.name) has ended: \(snapshot.count(.finished)) of "
                + "\(counted(all.count, "stage")) finished" + (lost.isEmpty ? "" : ", \(lost.count) failed")
            notices.append(notice(.end, words, nil))
        }
        hasEnded = ended
        if let seconds = stalled(all, hasEnded: ended, now) {
            let words = "\(snapshot.plan.name) stands still: nothing has moved for \(duration(seconds: seconds))"
            notices.append(notice(.stall, words, nil))
        }
        return notices
    }

    private static func sentence(_ first: (stage: PlannedStage, record: StageRecord), of count: Int) -> String {
        let (stage, record) = first
        let more = count > 1 ? ", and \(counted(count - 1, "more stage"))" : ""
        return "\(stage.task) \(stage.label) seed \(stage.specification.seed) \(record.state.rawValue): "
            + "\(record.standing.reason ?? "")\(more)"
    }

    /// - Returns: for how many seconds nothing has moved, once for each time that this lasts too long.
    private mutating func stalled(
        _ stages: [(stage: PlannedStage, record: StageRecord)], hasEnded: Bool, _ now: Timestamp
    ) -> Double? {
        let steps = stages.compactMap { _, record in record.progress.map { (record.key, $0.step) } }
        let seen = Movement(
            states: Dictionary(stages.map { ($0.record.state, 1) }, uniquingKeysWith: +),
            steps: Dictionary(steps) { first, _ in first })
        if seen != movement {
            (movement, movedAt, isStalled) = (seen, now, false)
        }
        // What a person holds back does not stand still by itself.
        let mayMove = stages.contains { _, record in
            !record.state.isFinal && (record.state == .running || !record.isPaused)
        }
        if !mayMove { movedAt = now }
        let passed = now.milliseconds(since: movedAt)
        guard !hasEnded, !isStalled, passed >= stallMilliseconds else { return nil }
        isStalled = true
        return Double(passed) / 1000
    }
}
