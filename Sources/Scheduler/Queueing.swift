import Experiments

/// How stages come to stand ready, and sweeps to know how theirs stand: by the transitions alone.
extension Scheduler {
    /// Changes what is known of a stage, and has it recorded.
    mutating func move(_ index: StageIndex, _ change: (inout StageRecord) -> Void) {
        var known = stages[index].record
        let before = known.state
        change(&known)
        dequeue(index)
        stages[index].record = known
        enqueue(index)
        if known.state != before { noteChange(of: index, from: before, to: known.state) }
        noteMaker(of: index)
        record(.stands(known))
    }

    func isReady(_ stage: Stage) -> Bool {
        stage.state == .waiting && stage.missing == 0 && !stage.record.isPaused
    }

    /// Whether it is among those that are handed out.
    func isQueued(_ stage: Stage) -> Bool {
        stage.seats.first.map { lanes[Int($0.lane)].holds($0.place, priority: stage.priority) } ?? false
    }

    /// Puts a stage that is ready where workers that ask find it, once its pause is over.
    mutating func enqueue(_ index: StageIndex) {
        let stage = stages[index]
        guard isReady(stage) else { return }
        if let time = stage.notBefore { return pausing.set(index, at: time) }
        queuedCount += stage.seats.isEmpty ? 0 : 1
        for seat in stage.seats {
            let lane = Int(seat.lane)
            lanes[lane].insert(seat.place, priority: stage.priority)
            let sweep = lanes[lane].kind.sweep
            // Whoever had nothing to ask for has saved nothing up.
            if sweeps[sweep].readyCount == 0 { sweeps[sweep].pass = max(sweeps[sweep].pass, lastPass) }
            sweeps[sweep].readyCount += 1
        }
    }

    mutating func dequeue(_ index: StageIndex) {
        let stage = stages[index]
        guard isQueued(stage) else { return }
        queuedCount -= 1
        for seat in stage.seats {
            lanes[Int(seat.lane)].remove(seat.place, priority: stage.priority)
            sweeps[lanes[Int(seat.lane)].kind.sweep].readyCount -= 1
        }
    }

    /// Queues the stages whose pauses are over.
    mutating func endPauses(at now: Timestamp) {
        while let (index, time) = pausing.first, time <= now {
            pausing.removeFirst()
            guard let end = stages[index].notBefore else { continue }
            if end > now { pausing.set(index, at: end) } else { setPause(of: index, until: nil) }
        }
    }

    mutating func setPause(of index: StageIndex, until time: Timestamp?) {
        guard stages[index].notBefore != time else { return }
        dequeue(index)
        stages[index].trials.notBefore = time
        enqueue(index)
    }

    private mutating func noteChange(of index: StageIndex, from before: StageState, to state: StageState) {
        openCount += (state.isFinal ? 0 : 1) - (before.isFinal ? 0 : 1)
        for seat in stages[index].seats {
            let sweep = lanes[Int(seat.lane)].kind.sweep
            lanes[Int(seat.lane)].waiting += (state == .waiting ? 1 : 0) - (before == .waiting ? 1 : 0)
            sweeps[sweep].note(before, by: -1)
            sweeps[sweep].note(state, by: 1)
        }
        let followers = stages[index].followers
        unsettled.insert(index)
        visits += followers.count
        for follower in followers {
            unsettled.insert(follower)
            guard (before == .finished) != (state == .finished) else { continue }
            dequeue(follower)
            if state == .finished { stages[follower].missing -= 1 } else { stages[follower].missing += 1 }
            enqueue(follower)
        }
    }

    /// Remembers what made an artifact, in case it is lost.
    mutating func noteMaker(of index: StageIndex) {
        guard let result = stages[index].record.result else { return }
        for artifact in result.artifacts where makers[artifact.id]?.contains(index) != true {
            makers[artifact.id, default: []].append(index)
        }
    }
}
