import Experiments
import Messages
import Scheduler

/// Follows what one life of the coordinator hears and decides, and objects to what no order of faults justifies.
struct Witness {
    private let settings: SchedulerSettings
    private let inputs: [StageKey: [StageKey]]
    /// When this life began; like `heardAt`, later by as long as nobody could be heard.
    private var beganAt: Timestamp
    private var hosts: [WorkerID: String] = [:]
    /// They outlive the coordinator.
    private var drained: Set<String>
    private var priorities: [StageKey: Int]
    /// Stages an attempt at which has ended, so that they may have to pause.
    private var tried: Set<StageKey> = []
    private var changedAt: [StageKey: Timestamp] = [:]
    private var runners: [StageKey: WorkerID] = [:]
    /// When a worker's lease last began anew, at the least; later by as long as nobody could be heard since.
    private var heardAt: [WorkerID: Timestamp] = [:]
    /// Workers that were heard in this life, and since the coordinator last stood still.
    private var confirmed: Set<WorkerID> = []
    private var losses: [StageKey: Int] = [:]
    /// Stages whose attempt ended since a worker was silent that could not have been heard.
    private var excused: Set<StageKey> = []
    /// When an attempt last ended by the host's fault, unless that is made good.
    private var faultAt: [String: Timestamp] = [:]
    private var failedOn: [StageKey: Set<String>] = [:]
    private var rejectedBy: [StageKey: Set<String>] = [:]
    private(set) var objections: [String] = []

    /// - Parameters:
    ///   - drained: the hosts that were told to drain in an earlier life.
    ///   - priorities: those that stages were given in an earlier life.
    init(
        _ plan: SweepPlan, settings: SchedulerSettings, drained: Set<String>, priorities: [StageKey: Int],
        at now: Timestamp
    ) {
        self.settings = settings
        self.drained = drained
        self.priorities = priorities
        beganAt = now
        inputs = Dictionary(uniqueKeysWithValues: plan.stages.map { ($0.key, $0.specification.inputs.map(\.from)) })
    }

    /// - Parameter scheduler: as it is after the event.
    mutating func see(_ event: Event, _ effects: [Effect], _ scheduler: Scheduler, at now: Timestamp) {
        hear(event, scheduler, at: now)
        for effect in effects {
            switch effect {
            case .record(let change): see(change, after: event, scheduler, at: now)
            case .send(.renewed(let claim), let worker):
                let isCurrent = scheduler.explain(claim.stage) == .runs(on: worker, claim.attempt)
                object(!isCurrent, "\(worker) goes on with an attempt that is not the current one")
                (runners[claim.stage], heardAt[worker]) = (worker, now)
            case .send(.idle, let worker): checkIdleness(of: worker, scheduler, at: now)
            case .send, .broadcast, .request, .wakeAt: break
            }
        }
    }

    private mutating func hear(_ event: Event, _ scheduler: Scheduler, at now: Timestamp) {
        switch event {
        case .message(let message):
            confirmed.insert(message.worker)
            if case .hello(_, let node, _) = message.body { hosts[message.worker] = node.host }
        case .planned(_, _, let known, _, _): losses.merge(known.mapValues(\.losses)) { _, new in new }
        case .resumed(let milliseconds):
            confirmed = []
            heardAt = heardAt.mapValues { min(now, $0.advanced(byMilliseconds: milliseconds)) }
            beganAt = min(now, beganAt.advanced(byMilliseconds: milliseconds))
        case .command(.drain(let host)): drained.insert(host)
        case .command(.welcome(let host)): drained.remove(host)
        case .command(.retry): faultAt = [:]
        case .command(.setPriority(let selector, let priority)):
            for key in scheduler.selected(by: selector) { priorities[key] = priority }
        case .command, .tick, .stored, .gone, .recalled: break
        }
    }

    private mutating func see(_ change: Change, after event: Event, _ scheduler: Scheduler, at now: Timestamp) {
        switch change {
        case .started(let key, _, let worker, let node, _):
            object(drained.contains(node.host), "\(key.short) is given to \(node.host), which is drained")
            let rested = faultAt[node.host].map { now.milliseconds(since: $0) } ?? .max
            object(rested < settings.backOffMilliseconds / 2, "\(node.host) is given \(key.short) without a rest")
            checkPriority(of: key, scheduler)
            (runners[key], heardAt[worker]) = (worker, now)
        case .ended(let key, let attempt, let failure, _):
            if case .message(let message) = event, let claim = message.conclusion, claim.stage == key {
                object(claim.attempt != attempt, "what attempt \(claim.attempt) said ended attempt \(attempt)")
            }
            if case .tick = event, failure?.cause == .lost { checkSilence(key, at: now) }
            noteEnd(of: key, failure, by: event, at: now)
            let isExcused = failure?.cause == .lost && runners[key].map { !confirmed.contains($0) } ?? false
            if isExcused { excused.insert(key) } else { excused.remove(key) }
            runners[key] = nil
            tried.insert(key)
        case .stands(let record):
            changedAt[record.key] = now
            let isCounted = record.losses > losses[record.key, default: 0]
            object(
                isCounted && excused.contains(record.key), "\(record.key.short) pays for a time when nobody was heard")
            losses[record.key] = record.losses
            guard case .message(let message) = event, message.conclusion?.stage == record.key else { return }
            if case .failed(let failure) = record.standing, failure.cause == .badInput {
                checkVerdict(on: record.key, scheduler, at: now)
            }
        case .planned, .evaluated, .drawn, .discarded, .drained, .weighed, .submitted: break
        }
    }

    private mutating func noteEnd(of key: StageKey, _ failure: StageFailure?, by event: Event, at now: Timestamp) {
        guard case .message(let message) = event, message.conclusion?.stage == key, let host = hosts[message.worker]
        else { return }
        switch failure?.cause.fault {
        case nil, .stage: faultAt[host] = nil
        case .input, .host:
            faultAt[host] = now
            failedOn[key, default: []].insert(host)
            if failure?.cause.fault == .input { rejectedBy[key, default: []].insert(host) }
        case .worker, .nobody: break
        }
    }

    // MARK: What must hold

    /// Nothing keeps a ready stage from a worker that asks for longer than the longest pause or preference.
    private mutating func checkIdleness(of worker: WorkerID, _ scheduler: Scheduler, at now: Timestamp) {
        let longest = max(settings.longestBackOffMilliseconds, settings.preferenceMilliseconds)
        let fault = hosts[worker].flatMap { faultAt[$0] } ?? beganAt
        for (key, sources) in inputs.sorted(by: { $0.key < $1.key }) {
            let last = ([key] + sources).compactMap { changedAt[$0] }.reduce(max(beganAt, fault), max)
            guard now.milliseconds(since: last) > longest, scheduler.explain(key) == .waitsForWorker else { continue }
            object(true, "\(key.short) is ready, and \(worker) is told that there is nothing to do")
        }
    }

    /// Nothing that could have been given out instead has a higher priority.
    private mutating func checkPriority(of key: StageKey, _ scheduler: Scheduler) {
        let priority = priorities[key, default: 0]
        guard !priorities.isEmpty else { return }
        let first = inputs.keys.sorted().first {
            priorities[$0, default: 0] > priority && !tried.contains($0) && scheduler.explain($0) == .waitsForWorker
        }
        object(first != nil, "\(key.short) is given out before \(first?.short ?? ""), which has a higher priority")
    }

    /// Only who was silent for a whole lease is lost, and no time counts in which nobody could be heard.
    private mutating func checkSilence(_ key: StageKey, at now: Timestamp) {
        let heard = runners[key].flatMap { heardAt[$0] }
        let silence = now.milliseconds(since: heard ?? beganAt)
        let least = heard == nil ? settings.adoptionMilliseconds : settings.leaseMilliseconds
        object(silence < least, "the worker of \(key.short) is taken for lost after \(silence) ms")
    }

    /// Bad input is a verdict once a second host agrees, or where there is no other.
    private mutating func checkVerdict(on key: StageKey, _ scheduler: Scheduler, at now: Timestamp) {
        guard rejectedBy[key, default: []].count < 2 else { return }
        let others = scheduler.workers(at: now).filter {
            $0.secondsSinceHeard * 1000 < Double(settings.leaseMilliseconds)
                && !failedOn[key, default: []].contains($0.node.host)
        }
        object(!others.isEmpty, "\(key.short) failed for good on one host, though others are there")
    }

    private mutating func object(_ isWrong: Bool, _ objection: @autoclosure () -> String) {
        if isWrong { objections.append(objection()) }
    }
}

extension FromWorker {
    /// The attempt that the worker says is over.
    fileprivate var conclusion: Claim? {
        switch body {
        case .finished(let claim, _), .failed(let claim, _): claim
        default: nil
        }
    }
}
