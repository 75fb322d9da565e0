import Experiments
import Ledger

/// Where a sweep stands once its coordinator has ended.
struct SweepOutcome {
    private let store: String
    private let stages: [StageEntry]

    init(_ plan: SweepPlan, store: String) throws {
        self.store = store
        stages = try LedgerReader(store: store).stages(of: plan)
    }

    private func count(_ isMeant: (StageState) -> Bool) -> Int {
        stages.count { isMeant($0.standing.state) }
    }

    /// - Throws: when a stage has failed or has not ended; the message says how to go on.
    func check() throws {
        let unfinished = count { !$0.isFinal }
        let failed = count { $0.isFinal && $0 != .finished }
        if unfinished > 0 {
            throw WorkFailed("stopped with \(unfinished) stages to go; the same command continues")
        }
        guard failed > 0 else { return }
        let first = stages.first { $0.standing.state == .failed || $0.standing.state == .setAside }
        let reason = first.map { "; \($0.label) on \($0.task): \($0.standing.reason ?? "no reason is known")" } ?? ""
        throw WorkFailed("\(failed) of \(stages.count) stages did not finish\(reason)")
    }
}
