import Experiments
import Messages

/// A worker's right to the current attempt at a stage.
struct Lease: Sendable {
    let stage: StageKey
    var expires: Timestamp
    /// Whether the worker was heard from in this life of the coordinator, and since it last stood still. Where it was
    /// not, its silence says nothing about the stage.
    var isConfirmed: Bool
    /// The stage as it was given out; nil where an earlier life of the coordinator did that.
    var assigned: PlannedStage?
    var progress: StageProgress?
}

extension Scheduler {
    func isCurrent(_ key: StageKey, _ attempt: Attempt, of worker: WorkerID) -> Bool {
        leases[worker]?.stage == key && stages[key].record.attempt == attempt
    }

    /// The worker, which has a lease, was heard from.
    mutating func renew(_ worker: WorkerID, _ progress: StageProgress? = nil, at now: Timestamp) {
        guard var lease = leases[worker] else { preconditionFailure("\(worker) has no lease to renew") }
        lease.expires = now.advanced(byMilliseconds: settings.leaseMilliseconds)
        lease.isConfirmed = true
        lease.progress = progress ?? lease.progress
        leases[worker] = lease
    }

    /// Takes stages back from workers that fell silent, and forgets idle workers that did.
    mutating func expireLeases(at now: Timestamp) {
        for worker in leases.keys.sorted() {
            // One stage that goes back may end the attempts at others.
            guard let lease = leases[worker], lease.expires <= now else { continue }
            let lost = StageFailure(.lost, "worker \(worker) fell silent")
            sendStop(lease.stage, to: worker, reason: "the lease ran out")
            endAttempt(lease.stage, lost, isCounted: lease.isConfirmed, at: now)
            settleGraph(at: now)
        }
        workers = workers.filter { !isSilent($0.value, at: now) || leases[$0.key] != nil }
        departed = departed.filter { now.milliseconds(since: $0.value) < settings.leaseMilliseconds }
    }

    func isSilent(_ worker: KnownWorker, at now: Timestamp) -> Bool { silenceEnds(worker) <= now }

    func silenceEnds(_ worker: KnownWorker) -> Timestamp {
        worker.heardAt.advanced(byMilliseconds: settings.leaseMilliseconds)
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
            KnownWorker(node: worker.node, heardAt: worker.heardAt.advanced(byMilliseconds: milliseconds))
        }
    }

    /// Ends the running attempt without a result. The stage waits for another, or has had enough of them.
    ///
    /// - Parameter isCounted: whether a lost worker speaks against the stage.
    mutating func endAttempt(_ key: StageKey, _ failure: StageFailure, isCounted: Bool = true, at now: Timestamp) {
        let fault = failure.cause.fault
        let reaction = settings.reactions[failure.cause]
        // It costs no bit, but time.
        if failure.cause == .outOfMemory { stages[key].planned.recomputes = true }
        if reaction == .halve { stages[key].batchParts = min(2 * stages[key].batchParts, mostBatchParts) }
        var isVerdict = fault == .stage
        var isShared = true
        if fault == .input || fault == .host, let host = host(of: stages[key]) {
            stages[key].failedOn[host] = now
            if fault == .input { stages[key].rejectedBy.insert(host) }
            // A host that allows less memory than one stage needs has enough for others.
            if failure.cause != .tooLarge { rest(host, after: failure, at: now) }
            isShared = !hasOtherHost(stages[key], at: now)
            isVerdict = fault == .input && reaction == nil && (isShared || stages[key].rejectedBy.count > 1)
        }
        let settings = settings
        closeAttempt(key, failure, at: now) { record in
            if fault == .worker, isCounted { record.losses += 1 }
            // What one host cannot says nothing about the stage for as long as another may try.
            if fault == .input || fault == .host, isShared { record.nodeFailures += 1 }
            let isUnwanted = reaction == .setAside && (isCounted || fault != .worker)
            let isSpent =
                isUnwanted || record.losses >= settings.lossLimit || record.nodeFailures >= settings.nodeFailureLimit
            record.standing = isVerdict ? .failed(failure) : isSpent ? .setAside(reason: failure.message) : .waiting
        }
        let record = stages[key].record
        stages[key].notBefore = now.advanced(
            byMilliseconds: settings.backOff(after: record.losses + record.nodeFailures - 1, drawnFrom: key))
    }

    /// Takes the lease on a running stage back, has the end of its attempt recorded, and moves it on.
    mutating func closeAttempt(
        _ key: StageKey, _ failure: StageFailure?, at now: Timestamp, _ change: (inout StageRecord) -> Void
    ) {
        guard case .running(let worker) = stages[key].standing else {
            preconditionFailure("stage \(key.short) has no attempt to end")
        }
        // An attempt that is not adopted has no lease, and its worker may have one on another stage.
        if leases[worker]?.stage == key { leases[worker] = nil }
        record(.ended(key, stages[key].record.attempt, failure: failure, at: now))
        move(key) { record in
            if let failure { record.setback = StageRecord.Setback(failure, at: now) }
            change(&record)
        }
    }

    mutating func sendStop(_ key: StageKey, to worker: WorkerID, reason: String) {
        send(.stop(claim: Claim(key, stages[key].record.attempt), reason: reason), to: worker)
    }
}

/// More than any batch has examples.
private let mostBatchParts = 1 << 20
