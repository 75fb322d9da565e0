import Experiments

/// What `headstart run` shows while it works.
package struct LiveProgress: Sendable {
    package let snapshot: SweepSnapshot
    private let workers: Int
    private let trouble: String?

    /// - Parameters:
    ///   - workers: worker groups that are connected.
    ///   - trouble: why the store cannot be written, so that nothing is handed out.
    package init(_ snapshot: SweepSnapshot, workers: Int, trouble: String? = nil) {
        self.snapshot = snapshot
        self.workers = workers
        self.trouble = trouble
    }

    /// The lines that a terminal shows and overwrites: one for the sweep, and one for each stage that runs.
    package func lines(width: Int) -> [String] {
        (head + running).map { String($0.prefix(max(20, width))) }
    }

    /// Those of the sweep as a whole.
    var head: [String] { [summary] + troubles }

    private var summary: String {
        let total = snapshot.plan.stages.count
        let ended = snapshot.stages.count { $0.record.state.isFinal }
        let unfinished = ended - snapshot.count(.finished)
        let failed = unfinished > 0 ? ", \(unfinished) without a result" : ""
        let left =
            snapshot.secondsLeft(groups: max(1, workers)).map { ", about \(duration(seconds: $0)) left" } ?? ""
        let open = snapshot.plan.searches.count(where: \.isOpen)
        let searches = open > 0 ? ", \(open == 1 ? "1 search goes" : "\(open) searches go") on" : ""
        let groups = counted(workers, "worker group")
        return "\(bar(ended, of: total)) \(ended)/\(total) stages\(failed)\(searches), \(groups)\(left)"
    }

    private var troubles: [String] {
        trouble.map { ["  nothing new begins until the store can be written: \($0)"] } ?? []
    }

    private var running: [String] {
        snapshot.stages.filter { $0.record.state == .running }.map { stage, record in
            let name = "\(stage.task) \(stage.label) seed \(stage.specification.seed)"
            guard let progress = record.progress else { return "  \(name): begins" }
            return "  \(name): step \(progress.step)/\(progress.steps), loss \(decimals(progress.loss, 4)), "
                + "\(decimals(progress.tokensPerSecond, 0)) tokens/s"
        }
    }

    private func bar(_ done: Int, of total: Int) -> String {
        let length = 20
        let full = total > 0 ? done * length / total : 0
        return String(repeating: "█", count: full) + String(repeating: "░", count: length - full)
    }

    /// What has happened since an earlier moment, a line each, for logs and where there is no terminal.
    package func news(since earlier: LiveProgress) -> [String] {
        let total = snapshot.plan.stages.count
        var ended = earlier.snapshot.stages.count { $0.record.state.isFinal }
        let stages = snapshot.stages.compactMap { stage, record -> String? in
            let before = earlier.snapshot[stage.key].state
            guard before != record.state, record.state.isFinal || before == .running else { return nil }
            if record.state.isFinal { ended += 1 }
            let name = "\(stage.task) \(stage.label) seed \(stage.specification.seed)"
            return "[\(ended)/\(total)] \(name): \(outcome(stage, record))"
        }
        return stages + troubleNews(since: earlier) + snapshot.plan.searchNews(since: earlier.snapshot.plan)
    }

    private func troubleNews(since earlier: LiveProgress) -> [String] {
        guard (trouble == nil) != (earlier.trouble == nil) else { return [] }
        return trouble == nil ? ["the store can be written again"] : troubles
    }

    private func outcome(_ stage: PlannedStage, _ record: StageRecord) -> String {
        guard let result = record.result else {
            if record.state == .waiting { return "goes back to wait for another attempt" }
            return record.state.rawValue + (record.standing.reason.map { ": \($0)" } ?? "")
        }
        let task = snapshot.plan.task(named: stage.task)?.definition
        let scores = (task?.metrics ?? []).compactMap { metric in
            result.scored(metric, on: .dev).map { "\(metric.rawValue) \($0.figure)" }
        }
        let collapse = task.flatMap { result.collapse(on: $0) }.map { [$0] } ?? []
        return (scores + collapse + [duration(seconds: result.seconds)]).joined(separator: ", ")
    }
}
