import Experiments
import Ledger

/// What a sweep has come to, as its ledger has it.
struct SweepOutcome {
    private let plan: SweepPlan
    private let stages: [StageRecord]

    init(_ plan: SweepPlan, _ ledger: LedgerReader) throws {
        self.plan = plan
        stages = try ledger.stages(of: plan)
    }

    /// Stages that have not ended.
    var openCount: Int { stages.count { !$0.state.isFinal } }

    /// - Parameter signal: what stopped the work, if anything did.
    /// - Throws: when the table misses a stage, or a stage has not ended; the message says how to go on. That a point of
    ///   a search diverged is a result like any other.
    func check(stoppedBy signal: Int32? = nil) throws {
        if openCount > 0 {
            throw WorkFailed(
                "stopped with \(counted(openCount, "stage")) to go; the same command continues",
                stoppedBy: signal)
        }
        if let search = plan.searches.first(where: { $0.failure != nil }) {
            let reason = search.failure ?? ""
            throw WorkFailed("the search for \(search.method) on \(search.task) found nothing: \(reason)")
        }
        if let search = plan.searches.first(where: { $0.obstacle != nil }) {
            throw WorkFailed(
                "the search for \(search.method) on \(search.task) has not come to an end: \(search.obstacle ?? ""); "
                    + "mend what was wrong and start the same command again")
        }
        let shown = Set(plan.rows.flatMap(\.stages))
        let failed = stages.filter { shown.contains($0.key) && $0.state != .finished }
        guard !failed.isEmpty else { return }
        let first = failed.first { $0.state == .failed || $0.state == .setAside }
        throw WorkFailed("\(failed.count) of \(stages.count) stages did not finish\(first.map(reason) ?? "")")
    }

    private func reason(_ record: StageRecord) -> String {
        guard let stage = plan.stages.first(where: { $0.key == record.key }), let reason = record.standing.reason else {
            return ""
        }
        return "; \(stage.label) on \(stage.task): \(reason)"
    }
}

extension LedgerReader {
    /// Which whole models a sweep asks for that the store let go before, and how one comes by them; nil where there are none.
    func remarkOnModels(of plan: SweepPlan) throws -> String? {
        let gone = try modelsLetGo(of: plan)
        guard let first = gone.first?.short else { return nil }
        return
            "\(counted(gone.count, "whole model")) that the sweep is to keep went before, with `keep: best` or `store gc`, "
            + "and nothing is trained again for \(gone.count == 1 ? "it" : "them"); `headstart retrain --run \(first) "
            + "--store \(store) --out \(first)` makes \(gone.count == 1 ? "it" : "the first")"
    }
}
