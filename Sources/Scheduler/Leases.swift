import Experiments
import Messages

/// A worker's right to the current attempt at a stage.
struct Lease: Sendable {
    let stage: StageIndex
    var expires: Timestamp
    /// Whether the worker was heard from in this life of the coordinator, and since it last stood still. Where it was
    /// not, its silence says nothing about the stage.
    var isConfirmed: Bool
    /// The stage as it was given out, and when; nil where an earlier life of the coordinator did that.
    var assigned: PlannedStage?
    var began: Timestamp?
    var progress: StageProgress?
}

extension Scheduler {
    /// The stage that a worker has the lease on, where the claim is to that attempt.
    func current(_ claim: Claim, of worker: WorkerID) -> StageIndex? {
        guard let stage = leases[worker]?.stage, stages[stage].key == claim.stage else { return nil }
        return stages[stage].record.attempt == claim.attempt ? stage : nil
    }

    /// The worker, which has a lease, was heard from.
    mutating func renew(_ worker: WorkerID, _ progress: StageProgress? = nil, at now: Timestamp) {
        guard var lease = leases[worker] else { preconditionFailure("\(worker) has no lease to renew") }
        lease.expires = now.advanced(byMilliseconds: settings.leaseMilliseconds)
        lease.isConfirmed = true
        lease.progress = progress ?? lease.progress
        leases[worker] = lease
    }

    // MARK: Silence

    /// When the worker's lease runs out, or, where it has none, when it is forgotten.
    private func deadline(of worker: WorkerID) -> Timestamp? {
        leases[worker]?.expires ?? workers[worker].map(silenceEnds)
    }

    /// Sees to it that the worker's silence is noticed. To be said wherever its deadline may have come nearer.
    mutating func watch(_ worker: WorkerID) {
        if let deadline = deadline(of: worker) { silences.set(worker, at: deadline) }
    }

    /// The worker whose deadline is the next, and when that is.
    mutating func nextDeadline() -> (worker: WorkerID, time: Timestamp)? {
        while let (worker, time) = silences.first {
            if deadline(of: worker) == time { return (worker, time) }
            silences.removeFirst()
            watch(worker)
        }
        return nil
    }

    /// Takes stages back from workers that fell silent, and forgets idle workers that did.
    mutating func expireLeases(at now: Timestamp) {
        var silent: [WorkerID] = []
        while let (worker, time) = nextDeadline(), time <= now {
            silent.append(worker)
            silences.removeFirst()
        }
        for worker in silent.sorted() {
            // One stage that goes back may end the attempts at others.
            guard let lease = leases[worker], lease.expires <= now else { continue }
            let lost = StageFailure(.lost, "worker \(worker) fell silent")
            sendStop(lease.stage, to: worker, reason: "the lease ran out")
            endAttempt(lease.stage, lost, isCounted: lease.isConfirmed, at: now)
            settleGraph(at: now)
        }
        for worker in silent {
            if let known = workers[worker], isSilent(known, at: now) { forget(worker) } else { watch(worker) }
        }
        while let (worker, time) = departures.first, time <= now {
            departures.removeFirst()
            departed[worker] = nil
        }
    }

    /// While nobody could be heard, nobody's silence counted.
    mutating func extendLeases(byMilliseconds milliseconds: Int64) {
        leases = leases.mapValues { lease in
            var lease = lease
            lease.expires = lease.expires.advanced(byMilliseconds: milliseconds)
            lease.isConfirmed = false
            return lease
        }
        workers = workers.mapValues { worker in
            var worker = worker
            worker.heardAt = worker.heardAt.advanced(byMilliseconds: milliseconds)
            return worker
        }
    }

    // MARK: The ends of attempts

    /// Ends the running attempt without a result. The stage waits for another, or has had enough of them.
    ///
    /// - Parameter isCounted: whether a lost worker speaks against the stage.
    mutating func endAttempt(_ index: StageIndex, _ failure: StageFailure, isCounted: Bool = true, at now: Timestamp) {
        let (cause, fault) = (failure.cause, failure.cause.fault)
        let reaction = settings.reactions[cause]
        // It costs no bit, but time.
        if cause == .outOfMemory { stages[index].planned.recomputes = true }
        if reaction == .halve {
            stages[index].trials.batchParts = min(2 * stages[index].trials.batchParts, mostBatchParts)
        }
        // What one host cannot says nothing about the stage for as long as another may try.
        let isHosts = fault == .input || fault == .host
        let hasOther = isHosts ? blame(failure, for: index, at: now) : nil
        let isShared = hasOther != true
        let isConfirmed = hasOther == false || stages[index].trials.rejectedBy.count > 1
        let isVerdict =
            fault == .stage
            || fault == .input && cause != .tooLarge && reaction == nil && hasOther != nil && isConfirmed
        let isHomeless = cause == .tooLarge && hasOther == false
        let settings = settings
        closeAttempt(index, failure, at: now) { record in
            if fault == .worker, isCounted { record.losses += 1 }
            if isHosts, isShared { record.nodeFailures += 1 }
            let isUnwanted = isHomeless || reaction == .setAside && (isCounted || fault != .worker)
            let isSpent =
                isUnwanted || record.losses >= settings.lossLimit || record.nodeFailures >= settings.nodeFailureLimit
            let reason = (isHomeless ? "no connected host is large enough: " : "") + failure.message
            record.standing = isVerdict ? .failed(failure) : isSpent ? .setAside(reason: reason) : .waiting
        }
        let record = stages[index].record
        let pause = settings.backOff(after: record.losses + record.nodeFailures - 1, drawnFrom: record.key)
        setPause(of: index, until: pause > 0 ? now.advanced(byMilliseconds: pause) : nil)
    }

    /// Remembers that an attempt ended by the fault of its host.
    /// - Returns: whether another host is there to try; nil where the worker has not said hello in this life of the
    ///   coordinator, so that nobody knows where it is.
    private mutating func blame(_ failure: StageFailure, for index: StageIndex, at now: Timestamp) -> Bool? {
        guard let worker = stages[index].record.worker.flatMap({ workers[$0] }) else { return nil }
        let host = worker.node.host
        stages[index].trials.failedOn[host] = now
        blamed.insert(index)
        division.madeAt = nil
        guard failure.cause != .tooLarge else {
            // A host that allows less memory than one stage needs has enough for others.
            stages[index].trials.tooLargeFor.insert(host)
            if let bytes = worker.memoryBytes {
                stages[index].trials.exceededBytes = max(bytes, stages[index].trials.exceededBytes ?? 0)
            }
            return hasLargerWorker(stages[index], at: now)
        }
        if failure.cause.fault == .input { stages[index].trials.rejectedBy.insert(host) }
        rest(host, after: failure, at: now)
        return hasOtherHost(stages[index], at: now)
    }

    /// Takes the lease on a running stage back, has the end of its attempt recorded, and moves it on.
    mutating func closeAttempt(
        _ index: StageIndex, _ failure: StageFailure?, at now: Timestamp, _ change: (inout StageRecord) -> Void
    ) {
        let stage = stages[index]
        guard case .running(let worker) = stage.standing else {
            preconditionFailure("stage \(stage.key.short) has no attempt to end")
        }
        // An attempt that is not adopted has no lease, and its worker may have one on another stage.
        if let lease = leases[worker], lease.stage == index {
            if let began = lease.began { noteAttempt(at: stage, milliseconds: now.milliseconds(since: began)) }
            leases[worker] = nil
            watch(worker)
        }
        record(.ended(stage.key, stage.record.attempt, failure: failure, at: now))
        move(index) { record in
            if let failure { record.setback = StageRecord.Setback(failure, at: now) }
            change(&record)
        }
    }

    private mutating func noteAttempt(at stage: Stage, milliseconds: Int64) {
        for seat in stage.seats {
            sweeps[lanes[Int(seat.lane)].kind.sweep].noteAttempt(milliseconds: milliseconds)
        }
    }

    mutating func sendStop(_ index: StageIndex, to worker: WorkerID, reason: String) {
        let stage = stages[index]
        send(.stop(claim: Claim(stage.key, stage.record.attempt), reason: reason), to: worker)
    }
}

/// More than any batch has examples.
private let mostBatchParts = 1 << 20
