import Coordinator
import Experiments
import Ledger
import Messages
import Scheduler
import TestKit

/// The coordinator's core with another loop around it, without sockets: turns of several messages, a commit, then sends.
/// It may hear more messages while a commit is under way, and crash before the commit, with it, after all of it, or amid
/// the sends; its memory and its store survive.
struct SimulatedCoordinator {
    /// nil while it is down.
    private var core: CoordinatorCore?
    /// Rises with each life, so that alarms of an earlier one are not heard.
    private(set) var life = 0
    let sweeps: SimulatedSweeps
    private(set) var isGrown = false
    /// Whether this life knows the second sweep.
    private(set) var hasSecond = false
    /// Invariants are checked at every so manieth event; in small worlds at every change, too.
    let checksEvery: Int
    private var decisions = 0
    let model = ModelMemory()
    /// Remembers instead of the model, where the seed asks for it.
    let ledger: LedgerMemory?
    private var stored: Set<ArtifactID> = []
    private var uploads: [ArtifactID: Int] = [:]
    private var announced: [ArtifactID: ArtifactReference] = [:]
    private var frozenSince: Timestamp?
    private var witness: Witness
    private var ownObjections: [String] = []
    private(set) var refusals = 0

    enum Crash: CaseIterable {
        case beforeCommit
        /// What was heard while it was under way is lost.
        case withCommit
        case afterCommit, amidSends
    }

    init(sweeps: SimulatedSweeps, ledger: LedgerMemory?, checksEvery: Int) {
        self.sweeps = sweeps
        self.checksEvery = checksEvery
        self.ledger = ledger
        witness = Witness(
            sweeps.all, settings: SchedulerSettings(), drained: [], priorities: [:], at: Timestamp(rawValue: 0))
    }

    var objections: [String] { ownObjections + witness.objections }

    /// nil while it is down.
    var scheduler: Scheduler? { core?.scheduler }
    var isInTrouble: Bool { core?.trouble != nil }
    var wakesAt: Timestamp? { core?.wakesAt }

    /// Starts, or starts again with what was remembered.
    mutating func start(at now: Timestamp, trace: inout Trace?) throws -> [Effect] {
        life += 1
        (announced, frozenSince) = ([:], nil)
        let memory: any Memory = ledger ?? model
        object(try memory.drained != model.drained, "ledger and model differ about hosts that drain")
        let weights = try memory.weights
        object(weights != model.weights, "ledger and model differ about weights")
        core = CoordinatorCore(
            CoordinatorSettings(listen: .inproc(name: "simulated")), draining: try memory.drained, weights: weights)
        witness = Witness(
            sweeps.all, settings: SchedulerSettings(), drained: model.drained,
            priorities: model.stages.mapValues(\.priority), at: now)
        (isGrown, hasSecond) = (false, false)
        try add(sweeps.beginning, at: now)
        if let second = sweeps.second, try memory.submitted.contains(second.name) { try addSecond(at: now) }
        try growIfDue(at: now)
        return try complete(isFull: false, at: now, trace: &trace)
    }

    /// A person hands in another sweep.
    mutating func handIn(isFull: Bool, at now: Timestamp, trace: inout Trace?) throws -> [Effect] {
        try addSecond(at: now)
        if let second = sweeps.second { core?.note(.submitted(second, arguments: ["second.yaml"])) }
        try growIfDue(at: now)
        return try complete(isFull: isFull, at: now, trace: &trace)
    }

    private mutating func addSecond(at now: Timestamp) throws {
        hasSecond = true
        if let second = sweeps.second { try add(second, at: now) }
    }

    private mutating func add(_ part: SweepPlan, at now: Timestamp) throws {
        let known = try ledger?.known(of: sweeps.all) ?? model.known(of: sweeps.all)
        if ledger != nil { compare(known, with: model.known(of: sweeps.all)) }
        let artifacts = known.values.flatMap { $0.result?.artifacts ?? [] }.map(\.id)
        let held = stored.union(model.discarded).intersection(artifacts)
        decide(.planned(part, askedAt: now, known: known, stored: held), at: now)
    }

    /// Plans the rest as soon as the first stages have ended, before anyone is told that there is nothing more to do.
    private mutating func growIfDue(at now: Timestamp) throws {
        guard !isGrown, let scheduler, scheduler.isFinished else { return }
        isGrown = true
        if sweeps.beginning != sweeps.first { try add(sweeps.first, at: now) }
    }

    /// One turn over all that came in.
    /// - Returns: what leaves; nothing of it does when the coordinator crashes first.
    /// - Parameters:
    ///   - late: so many of the messages come while what the others led to is being committed.
    ///   - isFull: whether the disk takes nothing.
    ///   - loses: an artifact that turns out damaged, so that the store puts it away.
    mutating func turn(
        _ messages: [FromWorker], late: Int, crash: Crash?, isFull: Bool, corrupts: Bool, loses: ArtifactID?,
        at now: Timestamp, trace: inout Trace?
    ) throws -> [Effect] {
        noticeStandstill(at: now)
        if let loses, stored.remove(loses) != nil {
            uploads[loses] = 0
            model.lose(loses)
            decide(.gone(loses), at: now)
        }
        // Nothing is under way to a store that refuses.
        let late = messages.suffix(isInTrouble ? 0 : late)
        try hear(messages.dropLast(late.count)[...], corrupts: corrupts, at: now)
        if let effects = core?.tickIfDue(hasHeardAll: true, at: now) { check(.tick, effects, at: now) }
        try growIfDue(at: now)
        if crash == .beforeCommit { core = nil }
        var outgoing = try complete(
            isFull: isFull, at: now, trace: &trace, hearing: late, corrupts: corrupts, crashes: crash == .withCommit)
        if crash != nil { core = nil }
        if crash == .afterCommit { outgoing = [] }
        if crash == .amidSends { outgoing = Array(outgoing.prefix(outgoing.count / 2)) }
        return outgoing
    }

    private mutating func hear(_ messages: ArraySlice<FromWorker>, corrupts: Bool, at now: Timestamp) throws {
        for message in messages where core?.admit(message) == .heard {
            transfer(message, corrupts: corrupts, at: now)
            decide(.message(message), at: now)
            try growIfDue(at: now)
        }
    }

    private mutating func noticeStandstill(at now: Timestamp) {
        guard let since = frozenSince else { return }
        frozenSince = nil
        let gap = now.milliseconds(since: since)
        if core?.beginTurn(afterGap: gap, at: now) == true { check(.resumed(afterMilliseconds: gap), [], at: now) }
    }

    /// Ends the turn: what was decided is on the disk before anyone hears of it.
    ///
    /// - Parameters:
    ///   - late: comes while the changes are on their way to the disk.
    ///   - crashes: the coordinator does, once they are there.
    private mutating func complete(
        isFull: Bool, at now: Timestamp, trace: inout Trace?, hearing late: ArraySlice<FromWorker> = [],
        corrupts: Bool = false, crashes: Bool = false
    ) throws -> [Effect] {
        guard let (said, changes) = core?.endTurn(at: now) else { return [] }
        var outgoing = perform(said, at: now, trace: &trace)
        try hear(late, corrupts: corrupts, at: now)
        guard let changes else { return outgoing }
        if isFull, isInTrouble || !changes.isEmpty {
            core?.refused(.diskFull(path: "store"), at: now)
            return outgoing
        }
        for change in changes { trace?.note(.record(change)) }
        model.commit(changes)
        try ledger?.commit(changes)
        if crashes { core = nil }
        guard let (kept, farewells, _) = core?.committed() else { return outgoing }
        for case .discarded(let artifacts, _) in kept.changes {
            stored.subtract(artifacts)
            for artifact in artifacts {
                uploads[artifact] = 0
                decide(.gone(artifact), at: now)
            }
        }
        outgoing += perform(kept.outgoing, at: now, trace: &trace)
        for message in farewells { decide(.message(message), at: now) }
        // What follows from that, and what was heard meanwhile, is the next turn's.
        let isAnswered = kept.outgoing.contains { if case .request = $0 { true } else { false } }
        guard isAnswered || !farewells.isEmpty || !late.isEmpty else { return outgoing }
        return try outgoing + complete(isFull: isFull, at: now, trace: &trace)
    }

    /// One turn over what a person wants.
    mutating func obey(
        _ command: Command, isFull: Bool, at now: Timestamp, trace: inout Trace?
    ) throws -> [Effect] {
        decide(.command(command), at: now)
        try growIfDue(at: now)
        return try complete(isFull: isFull, at: now, trace: &trace)
    }

    mutating func standsStill(since now: Timestamp) { frozenSince = now }

    /// Whether the artifact lies in the store.
    func holds(_ artifact: ArtifactID) -> Bool { stored.contains(artifact) }

    func anyArtifact(using generator: inout Generator) -> ArtifactID? {
        stored.sorted().randomElement(using: &generator)
    }

    private mutating func decide(_ event: Event, at now: Timestamp) {
        guard let effects = core?.decide(event, at: now) else { return }
        check(event, effects, at: now)
    }

    private mutating func check(_ event: Event, _ effects: [Effect], at now: Timestamp) {
        guard let scheduler else { return }
        decisions += 1
        let isRecord = effects.map { if case .record = $0 { true } else { false } }
        // Most events only renew a lease.
        if decisions % checksEvery == 0 || (checksEvery < 100 && isRecord.contains(true)) {
            ownObjections += scheduler.checkInvariants()
        }
        if checksEvery < 100 { witness.see(event, effects, scheduler, at: now) }
        object(isRecord.drop { $0 }.contains(true), "a record comes after something that is said")
    }

    /// - Returns: what leaves.
    private mutating func perform(_ outgoing: [Turn.Outgoing], at now: Timestamp, trace: inout Trace?) -> [Effect] {
        var effects: [Effect] = []
        for outgoing in outgoing {
            switch outgoing {
            case .send(let message, _, let worker): effects.append(.send(message, to: worker))
            case .publish(let broadcast): effects.append(.broadcast(broadcast))
            case .request(let artifact, _, let worker): answer(artifact, by: worker, at: now)
            }
        }
        for effect in effects {
            trace?.note(effect)
            checkAgainstMemory(effect)
        }
        return effects
    }

    // MARK: The store

    private mutating func transfer(_ message: FromWorker, corrupts: Bool, at now: Timestamp) {
        let worker = message.worker
        switch message.body {
        case .offer(_, let artifact): answer(artifact, by: worker, at: now)
        case .upload(let id, let offset):
            guard let artifact = announced[id] else { return say(.missing(artifact: id), to: worker) }
            if offset == uploads[id, default: 0] { uploads[id] = offset + 1 }
            if corrupts, uploads[id] == artifact.byteCount { uploads[id] = 0 }
            answer(artifact, by: worker, at: now)
        case .fetch(let id, let offset):
            guard stored.contains(id) else { return say(.missing(artifact: id), to: worker) }
            say(.chunk(artifact: id, offset: offset, byteCount: 1), to: worker)
        case .hello, .ready, .list, .heartbeat, .evaluated, .curve, .log, .finished, .failed, .goodbye: break
        }
    }

    /// Says from which byte on the store needs the artifact.
    private mutating func answer(_ artifact: ArtifactReference, by worker: WorkerID, at now: Timestamp) {
        announced[artifact.id] = artifact
        let upTo = stored.contains(artifact.id) ? artifact.byteCount : uploads[artifact.id, default: 0]
        if upTo == artifact.byteCount {
            stored.insert(artifact.id)
            decide(.stored(artifact.id), at: now)
        }
        say(.received(artifact: artifact.id, upTo: upTo), to: worker)
    }

    private mutating func say(_ message: ToWorker, to worker: WorkerID) { core?.say(message, to: worker) }

    // MARK: What must hold

    /// Whatever workers are told must be remembered already.
    private mutating func checkAgainstMemory(_ effect: Effect) {
        switch effect {
        case .send(.assign(let assignment), let worker):
            let running = model.running[assignment.stage]
            let isRunning = running?.attempt == assignment.attempt && running?.worker == worker
            // The worker may have said goodbye in the same turn.
            let isOver = model.endings[assignment.stage]?[assignment.attempt] != nil
            object(!isRunning && !isOver, "an assignment was sent that is not remembered")
        case .send(.settled(let claim, nil), _):
            object(
                model.endings[claim.stage]?[claim.attempt] == nil, "an attempt was settled whose end is not remembered")
        case .send(.settled, _): refusals += 1
        default: break
        }
    }

    private mutating func compare(_ real: [StageKey: StageRecord], with model: [StageKey: StageRecord]) {
        for stage in sweeps.all.stages where real[stage.key] != model[stage.key] {
            object(true, "ledger and model differ about \(stage.label)")
        }
    }

    private mutating func object(_ isWrong: Bool, _ objection: String) {
        if isWrong { ownObjections.append(objection) }
    }
}
