import Experiments

extension Scheduler {
    /// - Returns: the invariants that do not hold, numbered as beside the state; none unless the scheduler is wrong.
    package func checkInvariants() -> [String] {
        let each = stages.indices.flatMap { index in
            violations(of: index).map { "\($0) (\(stages[index].planned.label), \(stages[index].key.short))" }
        }
        return checkWorkers() + each + checkCounts() + checkLanes()
    }

    private func checkWorkers() -> [String] {
        let leased = leases.sorted { $0.key < $1.key }.flatMap { worker, lease -> [String] in
            let runs = stages[lease.stage].standing == .running(on: worker)
            return (runs ? [] : ["1: \(worker) has a lease on a stage that it does not run"])
                + (departed[worker] != nil ? ["2: \(worker) has left and has a lease"] : [])
        }
        let unheard = Set(leases.keys).union(workers.keys).sorted().filter { worker in
            let deadline = leases[worker]?.expires ?? workers[worker].map(silenceEnds) ?? .never
            return silences.time(of: worker).map { $0 > deadline } ?? true
        }
        let restless = resting.filter { leases[$0] != nil || workers[$0] == nil }
        return leased + unheard.map { "11: nobody would notice the silence of \($0)" }
            + restless.map { "12: \($0) would be woken in vain" }
    }

    private func violations(of index: StageIndex) -> [String] {
        let stage = stages[index]
        let record = stage.record
        let sources = stage.inputs.map { stages[known: $0.from] }
        let hasObstacle = sources.contains { $0.state.isFinal && $0.state != .finished }
        let isSpent = record.losses >= settings.lossLimit || record.nodeFailures >= settings.nodeFailureLimit
        let isHeld = record.worker.map { leases[$0]?.stage == index } ?? true
        let isStored = record.result.map { isWhole($0, for: stage) } ?? true
        let missing = Set(sources.filter { $0.state != .finished }.map(\.key)).count
        let queued = stage.seats.map { lanes[Int($0.lane)].holds($0.place, priority: record.priority) }
        let longest = stage.followers.map { stages[$0].chain }.max() ?? 0
        let rules: [(Bool, String)] = [
            (isHeld, "1: runs without a lease"),
            (isStored, "3: an artifact of its result is not stored"),
            (record.state != .running || missing == 0, "4: runs before its inputs are there"),
            (record.state != .waiting || !hasObstacle, "5: waits for a stage that will not finish"),
            (record.state != .blocked || hasObstacle, "5: blocked by nothing"),
            (record.state.isFinal || !isSpent, "6: tried more often than allowed"),
            (stage.inputs.allSatisfy { stages.known($0.from) < index }, "7: comes before a stage it starts from"),
            (missing == Int(stage.missing), "8: waits for \(stage.missing) stages, not \(missing)"),
            (stage.chain == longest + 1, "8: is said to begin a chain of \(stage.chain)"),
            (queued.allSatisfy { $0 == (isReady(stage) && stage.notBefore == nil) }, "9: is queued, or not, wrongly"),
            (!isReady(stage) || stage.notBefore == nil || pausing.time(of: index) != nil, "9: pauses without end"),
        ]
        return rules.filter { !$0.0 }.map(\.1)
    }

    private func checkCounts() -> [String] {
        var broken: [String] = []
        let open = stages.indices.filter { !stages[$0].state.isFinal }.count
        if open != openCount { broken.append("8: \(openCount) stages are said to be open, not \(open)") }
        let queued = stages.indices.filter { isQueued(stages[$0]) }.count
        if queued != queuedCount { broken.append("8: \(queuedCount) stages are said to be queued, not \(queued)") }
        for (number, sweep) in sweeps.enumerated() {
            let members = sweep.lanes.flatMap { lanes[$0].order }
            let counts = Dictionary(members.map { (stages[$0].state, 1) }, uniquingKeysWith: +)
            let ready = members.filter { isQueued(stages[$0]) }.count
            if sweep.counts.filter({ $0.value != 0 }) != counts { broken.append("8: sweep \(number) has other states") }
            if sweep.readyCount != ready { broken.append("8: sweep \(number) has \(ready) ready stages") }
            if Set(members).count != members.count { broken.append("9: sweep \(number) has a stage twice") }
        }
        return broken
    }

    private func checkLanes() -> [String] {
        lanes.indices.flatMap { lane -> [String] in
            let order = lanes[lane].order
            let isSorted = zip(order, order.dropFirst()).allSatisfy { rank(of: $0) < rank(of: $1) }
            let isSeated = order.enumerated().allSatisfy { place, index in
                stages[index].seats.contains(Seat(lane: UInt32(lane), place: UInt32(place)))
            }
            let waiting = order.count { stages[$0].state == .waiting }
            return (isSorted && isSeated ? [] : ["10: lane \(lane) is out of order"])
                + (waiting == lanes[lane].waiting ? [] : ["8: lane \(lane) has \(waiting) stages that wait"])
        }
    }
}
