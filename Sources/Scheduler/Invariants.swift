import Experiments

extension Scheduler {
    /// - Returns: the invariants that do not hold, numbered as beside the state; none unless the scheduler is wrong.
    package func checkInvariants() -> [String] {
        var seen: Set<StageKey> = []
        var broken = checkHolders()
        let open = stages.values.filter { !$0.standing.state.isFinal }
        if open.count != openCount { broken.append("9: \(openCount) stages are said to be open, not \(open.count)") }
        if knowsNothingIsReady, open.contains(where: isReady) { broken.append("9: a stage is ready without notice") }
        for key in order {
            guard let stage = stages[key] else {
                broken.append("8: \(key.short) is in the order but unknown")
                continue
            }
            broken += violations(of: stage, after: seen).map { "\($0) (\(stage.planned.label), \(key.short))" }
            seen.insert(key)
        }
        return broken
    }

    private func checkHolders() -> [String] {
        holders.sorted { $0.key < $1.key }.flatMap { worker, key -> [String] in
            let isHeld = stages[key]?.lease?.worker == worker
            return (isHeld ? [] : ["1: \(worker) is listed for a lease it does not hold"])
                + (departed.contains(worker) ? ["2: \(worker) has left and holds a lease"] : [])
        }
    }

    private func violations(of stage: Stage, after seen: Set<StageKey>) -> [String] {
        let standing = stage.standing
        let state = standing.state
        let sources = stage.inputs.compactMap { stages[$0.from]?.standing.state }
        let hasObstacle = sources.contains { $0.isFinal && $0 != .finished }
        let isSpent = standing.losses >= settings.lossLimit || standing.nodeFailures >= settings.nodeFailureLimit
        let rules: [(Bool, String)] = [
            ((state == .running) == (stage.lease != nil), "1: running without a lease, or a lease without running"),
            (stage.lease.map { holders[$0.worker] == stage.planned.key } ?? true, "2: its worker is listed elsewhere"),
            ((state == .finished) == (standing.result != nil), "3: finished without a result, or not with one"),
            (state != .finished || isWhole(standing.result, for: stage), "3: an artifact of its result is not stored"),
            (state != .running || sources.allSatisfy { $0 == .finished }, "4: runs before its inputs are there"),
            (state != .waiting || !hasObstacle, "5: waits for a stage that will not finish"),
            (state != .blocked || hasObstacle, "5: blocked by nothing"),
            ((state != .running && state != .finished) || stage.attempt != nil, "6: has come far without an attempt"),
            ((state != .running && state != .waiting) || !isSpent, "7: tried more often than allowed"),
            (stage.inputs.allSatisfy { seen.contains($0.from) }, "8: comes before a stage it starts from"),
        ]
        return rules.filter { !$0.0 }.map(\.1)
    }
}
