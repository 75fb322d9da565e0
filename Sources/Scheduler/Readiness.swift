import Experiments
import Messages

extension Scheduler {
    /// Answers a worker that asks for work. One that has a lease has missed its assignment and is told again.
    mutating func answerReady(_ worker: WorkerID, at now: Timestamp) {
        resting.removeAll { $0 == worker }
        if let lease = leases[worker] {
            renew(worker, at: now)
            sendAssignment(lease.stage, to: worker)
        } else if isStopping || isFinished || isDraining(worker) {
            forget(worker)
            send(.dismissed, to: worker)
        } else if let next = nextStage(for: worker, at: now) {
            assign(next, to: worker, at: now)
        } else {
            resting.append(worker)
            send(.idle(askAgainMilliseconds: pauseOfIdle), to: worker)
        }
    }

    /// Has as many workers ask as stages have come to stand ready, and all of them once nothing more will.
    mutating func wakeResting(for newcomers: Int) {
        let count = isFinished ? resting.count : min(max(0, newcomers), resting.count)
        for worker in resting.prefix(count) { send(.idle(askAgainMilliseconds: 0), to: worker) }
        resting.removeFirst(count)
    }

    /// However many workers have nothing to do, answering them takes no more of a core. They are woken for what comes; by
    /// themselves they come for what only time lets them have, and where the word was lost.
    private var pauseOfIdle: Int64 {
        let pause = settings.idleSpacingMilliseconds * Int64(workers.count - leases.count)
        return max(settings.idleMilliseconds, min(pause, settings.leaseMilliseconds / 2))
    }

    private func isDraining(_ worker: WorkerID) -> Bool {
        workers[worker].map { draining.contains($0.node.host) } ?? false
    }

    // MARK: Who comes next

    /// A stage that a worker may be given.
    private struct Candidate {
        let stage: StageIndex
        let sweep: Int
        let priority: Int
        let round: UInt32
        let chain: UInt32
        /// How many narrower pools it is not for.
        let breadth: Int
        /// What the end of the sweep waits for, more of it first; 0 for all else.
        let urgency: Double
        /// Whether the worker's host has had stages of its task and model.
        let isAtHome: Bool

        func comesBefore(_ other: Candidate) -> Bool {
            if (priority, breadth, urgency) != (other.priority, other.breadth, other.urgency) {
                return (-priority, -breadth, -urgency) < (-other.priority, -other.breadth, -other.urgency)
            }
            return (round, -Int(chain), isAtHome ? 0 : 1, stage)
                < (other.round, -Int(other.chain), other.isAtHome ? 0 : 1, other.stage)
        }
    }

    /// The ready stage of the highest priority; among equals one of the sweep that has come least far for its weight (see
    /// `SweepShare`); among those one that narrower groups leave to this one, then one that the sweep's end waits for (see
    /// `Division`); then the one for the first seeds of their cells, so that methods can be compared early; then the one that
    /// the longest chain hangs on, one that starts from what this worker made or fetched last, one whose task and model its
    /// host has had, and the one planned first.
    private mutating func nextStage(for worker: WorkerID, at now: Timestamp) -> Candidate? {
        guard let known = workers[worker], !rests(known.node.host, at: now) else { return nil }
        endPauses(at: now)
        divideIfDue(at: now)
        var best: Candidate?
        for sweep in sweeps.indices where sweeps[sweep].readyCount > 0 {
            guard let next = first(of: sweep, for: known, at: now) else { continue }
            if let best, (-best.priority, sweeps[best.sweep].pass) <= (-next.priority, sweeps[sweep].pass) { continue }
            best = next
        }
        return best.map { nearest(to: known, like: $0, at: now) ?? $0 }
    }

    private mutating func first(of sweep: Int, for worker: KnownWorker, at now: Timestamp) -> Candidate? {
        let sources = hosts[worker.node.host]?.sources ?? []
        var best: Candidate?
        for lane in sweeps[sweep].lanes where isFor(worker, lanes[lane], at: now) {
            let (breadth, urgency) = (breadth(of: lanes[lane], for: worker), urgency(of: lanes[lane], for: worker))
            for (priority, places) in lanes[lane].ready {
                guard let stage = first(of: places, in: lane, for: worker, at: now) else { continue }
                let next = Candidate(
                    stage: stage, sweep: sweep, priority: priority, round: stages[stage].round ?? 0,
                    chain: stages[stage].chain, breadth: breadth, urgency: urgency,
                    isAtHome: sources.contains(lanes[lane].kind.source))
                if best.map(next.comesBefore) ?? true { best = next }
                break
            }
        }
        return best
    }

    private func isFor(_ worker: KnownWorker, _ lane: Lane, at now: Timestamp) -> Bool {
        fits(lane.kind.needs, worker, at: now) && isOpen(lane, to: worker)
    }

    /// Looks past the few stages that are better left to other hosts.
    private mutating func first(
        of places: NumberSet, in lane: Int, for worker: KnownWorker, at now: Timestamp
    ) -> StageIndex? {
        var next = places.first()
        while let place = next {
            visits += 1
            let stage = lanes[lane].order[place]
            if !isBetterElsewhere(stages[stage], than: worker, at: now) { return stage }
            next = places.first(from: place + 1)
        }
        return nil
    }

    /// Of the stages that rank as the best one does, one that starts from what the worker has; looked for among the first
    /// that follow what it has.
    private mutating func nearest(to worker: KnownWorker, like best: Candidate, at now: Timestamp) -> Candidate? {
        var nearest: StageIndex?
        for index in worker.recent.flatMap({ stages[$0].followers.prefix(mostFollowers) }) {
            visits += 1
            let stage = stages[index]
            guard nearest.map({ index < $0 }) ?? true, isQueued(stage), stage.priority == best.priority,
                (stage.round ?? 0, stage.chain) == (best.round, best.chain),
                let lane = stage.seats.map({ Int($0.lane) }).first(where: { lanes[$0].kind.sweep == best.sweep }),
                breadth(of: lanes[lane], for: worker) == best.breadth,
                urgency(of: lanes[lane], for: worker) == best.urgency, isFor(worker, lanes[lane], at: now),
                !isBetterElsewhere(stage, than: worker, at: now)
            else { continue }
            nearest = index
        }
        return nearest.map {
            Candidate(
                stage: $0, sweep: best.sweep, priority: best.priority, round: best.round, chain: best.chain,
                breadth: best.breadth, urgency: best.urgency, isAtHome: best.isAtHome)
        }
    }

    // MARK: Handing out

    private mutating func assign(_ next: Candidate, to worker: WorkerID, at now: Timestamp) {
        guard let known = workers[worker] else { preconditionFailure("\(worker) has not said hello") }
        let (node, stage) = (known.node, stages[next.stage])
        for seat in stage.seats { noteHandOut(of: Int(seat.lane), to: known) }
        let attempt = stage.record.attempt.next
        leases[worker] = Lease(
            stage: next.stage, expires: now.advanced(byMilliseconds: settings.leaseMilliseconds), isConfirmed: true,
            assigned: stage.planned, began: now)
        watch(worker)
        record(.started(stage.key, attempt, on: worker, node: node, at: now))
        move(next.stage) { ($0.standing, $0.attempts) = (.running(on: worker), attempt.rawValue) }
        charge(next.sweep)
        let (source, inputs) = (kind(of: stage).source, stage.inputs.map { stages.known($0.from) })
        hosts[node.host]?.sources.insert(source)
        if !inputs.isEmpty { workers[worker]?.holds(inputs) }
        sendAssignment(next.stage, to: worker)
    }

    /// Of a sweep nothing of which has ended, stages are taken to be as long as those of others.
    private mutating func charge(_ sweep: Int) {
        lastPass = max(lastPass, sweeps[sweep].pass)
        let seconds = sweeps[sweep].meanSeconds ?? sweeps.lazy.compactMap(\.meanSeconds).max() ?? 1
        sweeps[sweep].advance(by: seconds)
    }

    /// What is alike in all stages of its lane.
    func kind(of stage: Stage) -> Lane.Kind {
        guard let seat = stage.seats.first else { preconditionFailure("stage \(stage.key.short) is of no sweep") }
        return lanes[Int(seat.lane)].kind
    }

    func source(of stage: Stage) -> Source { sources[kind(of: stage).source] }

    private mutating func sendAssignment(_ index: StageIndex, to worker: WorkerID) {
        let stage = stages[index]
        let inputs = stage.inputs.map { input in
            guard let artifact = stages[known: input.from].record.result?.artifact(input.kind) else {
                preconditionFailure("stage \(stage.key.short) runs without its \(input.kind)")
            }
            return artifact
        }
        let source = source(of: stage)
        let assignment = Assignment(
            planned: stage.planned, attempt: stage.record.attempt, model: source.model, task: source.task,
            dataDirectory: source.dataDirectory, inputs: inputs + stage.planned.specification.given,
            batchParts: stage.trials.batchParts)
        send(.assign(assignment), to: worker)
    }
}

/// Of what follows a stage, so many stages are looked at for one that a worker has the inputs of. Where more follow, many
/// workers have them.
let mostFollowers = 16
