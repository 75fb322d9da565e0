import Experiments
import Logging

/// The lines that tell what was decided, once it is in the ledger.
extension Logger {
    func note(_ change: Change) {
        switch change {
        case .planned(let plan, _):
            info("a sweep was planned", metadata: ["sweep": "\(plan.name)", "stages": "\(plan.stages.count)"])
        case .started(let stage, let attempt, let worker, _, _):
            info("an attempt began", metadata: .attempt(stage, attempt, ["worker.id": "\(worker)"]))
        case .ended(let stage, let attempt, nil, _):
            info("a stage finished", metadata: .attempt(stage, attempt))
        case .ended(let stage, let attempt, let failure?, _):
            warning("an attempt ended", metadata: .attempt(stage, attempt, ["reason": "\(failure)"]))
        case .drained(let host, let isOver):
            info(isOver ? "a host is welcome again" : "a host drains", metadata: ["host": "\(host)"])
        case .weighed(let sweep, let weight):
            info("a sweep has another weight", metadata: ["sweep": "\(sweep)", "weight": "\(weight)"])
        case .discarded(let artifacts, _):
            debug("models of other seeds than the best are not kept", metadata: ["artifacts": "\(artifacts.count)"])
        case .evaluated, .drawn, .stands, .submitted: break
        }
    }
}

extension Logger.Metadata {
    static func attempt(
        _ stage: StageKey, _ attempt: Attempt, _ more: Logger.Metadata = [:]
    ) -> Logger.Metadata {
        more.merging(["stage.id": "\(stage.short)", "attempt": "\(attempt)"]) { first, _ in first }
    }
}
