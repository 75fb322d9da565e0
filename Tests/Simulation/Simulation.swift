import Experiments
import Messages
import Scheduler
import TestKit
import Worker

/// A world in which everything follows from the seed: worker groups around the real dialogue, a coordinator around the
/// real scheduler, a network that loses, doubles, delays and reorders messages, and hosts and a coordinator that die,
/// freeze and come back. After some minutes the faults stop and everything must come to an end.
package struct Simulation {
    var generator: Generator
    /// The stages of all sweeps.
    let plan: SweepPlan
    let natures: [StageKey: Nature]
    var coordinator: SimulatedCoordinator
    var workers: [WorkerID: SimulatedWorker] = [:]
    /// What workers object to.
    var objections: [String] = []
    var births = 0
    /// Hosts that have not died for good.
    var hosts: Int
    /// Hosts that cannot train anything, and those of another version, as long as there are faults.
    let unfit: Set<String>
    let outdated: Set<String>
    /// Whether people ask for what went wrong again once the faults are over. Where nobody does, all that waits must come
    /// to its end by itself.
    let isRetried: Bool
    var isMended = false
    var isCoordinatorFrozenUntil = Timestamp(rawValue: 0)
    /// Until when the coordinator's disk takes nothing.
    var isStoreFullUntil = Timestamp(rawValue: 0)
    /// When a person hands the second sweep in.
    let handInAt: Timestamp
    /// Whether a worker was told that there is nothing more to do.
    var wasDismissed = false
    var agenda = Agenda<Happening>()
    var inbox: [FromWorker] = []
    var isTurnDue = false
    /// The last time the scheduler asked to be woken at.
    var alarm: Timestamp?
    package internal(set) var trace: Trace?
    package internal(set) var tally = Tally()
    let faultsEnd: Timestamp
    let faults = Faults()
    /// Worlds that work need a fraction of it.
    let mostSteps: Int

    static let fullDisk = StageFailure(.diskFull, "no space")
    static let curve: TrainingCurve = {
        var curve = TrainingCurve()
        curve.add(.init(step: 1, loss: 0.7, learningRate: 1e-3, gradientNorm: 1, tokens: 100, seconds: 1))
        return curve
    }()
    static let nodeFault = StageFailure(.node, "no space")
    static let unfitHost = StageFailure(.badInput, "train.tsv: no such file")

    /// Indirect, since the agenda moves them about.
    indirect enum Happening {
        case reachesCoordinator(FromWorker)
        case reachesWorker(ToWorker, WorkerID)
        case isPublished(ArtifactReference, to: WorkerID)
        case workerWakes(WorkerID)
        /// A step of what the group trains, or the end of it.
        case groupSteps(WorkerID, training: Int)
        case fateStrikes(WorkerID)
        case workerIsBorn(host: String)
        case coordinatorTurns(isAlarm: Bool, life: Int)
        case coordinatorStarts
        case peopleAct
        case sweepIsHandedIn
        case faultsEnd

        var isCoordinators: Bool {
            switch self {
            case .reachesCoordinator, .coordinatorTurns: true
            default: false
            }
        }

        /// The worker that must be awake for it.
        var worker: WorkerID? {
            switch self {
            case .reachesWorker(_, let worker), .isPublished(_, let worker), .workerWakes(let worker),
                .groupSteps(let worker, _), .fateStrikes(let worker):
                worker
            case .reachesCoordinator, .workerIsBorn, .coordinatorTurns, .coordinatorStarts, .peopleAct,
                .sweepIsHandedIn, .faultsEnd:
                nil
            }
        }
    }

    /// How large the world is; without it a few stages and workers, drawn by the seed.
    package struct Size {
        let stages: Int
        let workers: Int

        package init(stages: Int, workers: Int) {
            self.stages = stages
            self.workers = workers
        }
    }

    /// - Parameter grows: whether half of the stages are planned only when the others have ended.
    package init(
        seed: UInt64, size: Size? = nil, grows: Bool = false, usesLedger: Bool = false, traces: Bool = false
    ) throws {
        var generator = Generator(seed: seed)
        let (stages, few) = (Int.random(in: 3...8, using: &generator), Int.random(in: 1...3, using: &generator))
        hosts = size?.workers ?? few
        plan = try SweepPlan.random(stageCount: size?.stages ?? stages, using: &generator)
        var natures: [StageKey: Nature] = [:]
        for stage in plan.stages { natures[stage.key] = Nature.random(using: &generator) }
        self.natures = natures
        let (cannot, isOutdated) = (faults.cannot, faults.isOutdated)
        let names = (0..<hosts).map { "host-\($0)" }
        isRetried = generator.chance(0.5)
        unfit = Set(names.filter { _ in generator.chance(cannot) })
        outdated = Set(names.filter { _ in generator.chance(isOutdated) })
        let sweeps = SimulatedSweeps(of: plan, grows: grows, using: &generator)
        handInAt = Timestamp(rawValue: generator.milliseconds(1_000...200_000))
        self.generator = generator
        coordinator = SimulatedCoordinator(
            sweeps: sweeps, ledger: usesLedger ? try LedgerMemory() : nil, checksEvery: size == nil ? 20 : 500)
        tally[.secondSweeps] = sweeps.second == nil ? 0 : 1
        tally[.unfitHosts] = unfit.count
        tally[.outdatedHosts] = outdated.count
        mostSteps = size == nil ? 200_000 : 10_000_000
        faultsEnd = Timestamp(rawValue: faults.endAfterMilliseconds)
        trace = traces ? Trace(of: plan) : nil
        agenda.add(.coordinatorStarts, at: Timestamp(rawValue: 0))
        agenda.add(.peopleAct, at: Timestamp(rawValue: 30_000))
        agenda.add(.sweepIsHandedIn, at: handInAt)
        agenda.add(.faultsEnd, at: faultsEnd)
        for index in 0..<hosts {
            agenda.add(.workerIsBorn(host: "host-\(index)"), at: Timestamp(rawValue: Int64(index % 8) * 500))
        }
    }

    /// - Returns: what went wrong; nothing in a world that works.
    package mutating func run() throws -> [String] {
        while let (now, happening) = agenda.next() {
            tally.steps += 1
            try happen(happening, at: now)
            let objections = coordinator.objections + coordinator.model.objections + objections
            guard objections.isEmpty else { return objections }
            guard tally.steps < mostSteps else { return ["it does not come to an end"] }
        }
        tally[.refusals] = coordinator.refusals
        for stage in coordinator.model.stages.values { tally.states[stage.state, default: 0] += 1 }
        return checkEnd()
    }

    mutating func happen(_ happening: Happening, at now: Timestamp) throws {
        if let worker = happening.worker {
            guard let thaw = workers[worker]?.isFrozenUntil else { return }
            if thaw > now { return agenda.add(happening, at: thaw) }
        }
        if happening.isCoordinators, isCoordinatorFrozenUntil > now {
            return agenda.add(happening, at: isCoordinatorFrozenUntil)
        }
        switch happening {
        case .reachesCoordinator(let message): hear(message, at: now)
        case .reachesWorker(let message, let id):
            trace?.note("\(id) hears", message, at: now)
            tell(id, .message(message, bytes: bytes(of: message)), at: now)
        case .isPublished(let artifact, let id):
            workers[id]?.keep(artifact)
            tell(id, .stands(artifact.id, .complete), at: now)
        case .workerWakes(let id): wake(id, at: now)
        case .groupSteps(let id, let training): step(id, training, at: now)
        case .fateStrikes(let id): strike(id, at: now)
        case .workerIsBorn(let host): bear(on: host, at: now)
        case .coordinatorTurns(let isAlarm, let life):
            // An alarm may come late where the coordinator was frozen.
            guard life == coordinator.life, !isAlarm || alarm.map({ $0 <= now }) ?? false else { return }
            try turn(at: now)
        case .peopleAct: try act(at: now)
        case .sweepIsHandedIn: try handIn(at: now)
        case .faultsEnd: try mend(at: now)
        case .coordinatorStarts:
            guard isStoreFullUntil <= now else { return agenda.add(happening, at: isStoreFullUntil) }
            trace?.note("coordinator starts", at: now)
            alarm = nil
            perform(try coordinator.start(at: now, trace: &trace), at: now)
            // A sweep that was not kept is handed in again.
            if handInAt < now { agenda.add(.sweepIsHandedIn, at: now.advanced(byMilliseconds: 1_000)) }
        }
    }

    // MARK: The coordinator

    mutating func hear(_ message: FromWorker, at now: Timestamp) {
        trace?.note(message, at: now)
        guard coordinator.scheduler != nil else { return }
        inbox.append(message)
        guard !isTurnDue else { return }
        isTurnDue = true
        let turn = Happening.coordinatorTurns(isAlarm: false, life: coordinator.life)
        agenda.add(turn, at: now.advanced(byMilliseconds: generator.milliseconds(1...20)))
    }

    mutating func turn(at now: Timestamp) throws {
        let crashes = strikes(faults.coordinatorCrashes, at: now)
        let crash = crashes ? SimulatedCoordinator.Crash.allCases.randomElement(using: &generator) : nil
        let corrupts = strikes(faults.corrupts, at: now)
        let messages = inbox
        (inbox, isTurnDue) = ([], false)
        if let time = alarm, time <= now { alarm = nil }
        let loses = strikes(faults.damagesArtifact, at: now)
        fillStoreOrNot(at: now)
        let late = Int.random(in: 0...messages.count, using: &generator)
        let effects = try coordinator.turn(
            messages, late: late, crash: crash, isFull: isStoreFullUntil > now, corrupts: corrupts,
            loses: loses ? coordinator.anyArtifact(using: &generator) : nil, at: now, trace: &trace)
        perform(effects, at: now)
        if loses { tally[.artifactDamages] += 1 }
        if crash == nil, strikes(faults.coordinatorFreezes, at: now) {
            isCoordinatorFrozenUntil = now.advanced(byMilliseconds: generator.milliseconds(2_000...120_000))
            coordinator.standsStill(since: now)
            tally[.coordinatorFreezes] += 1
            trace?.note("coordinator freezes until \(Double(isCoordinatorFrozenUntil.rawValue) / 1000)", at: now)
        }
        if let crash {
            trace?.note("coordinator crashes: \(crash)", at: now)
            tally[.coordinatorCrashes] += 1
            agenda.add(.coordinatorStarts, at: now.advanced(byMilliseconds: generator.milliseconds(100...90_000)))
        }
    }

    mutating func fillStoreOrNot(at now: Timestamp) {
        guard isStoreFullUntil <= now, strikes(faults.fillsStore, at: now) else { return }
        isStoreFullUntil = now.advanced(byMilliseconds: generator.milliseconds(5_000...100_000))
        tally[.fullStores] += 1
        trace?.note("the store is full until \(Double(isStoreFullUntil.rawValue) / 1000)", at: now)
    }

    mutating func perform(_ effects: [Effect], at now: Timestamp) {
        for effect in effects {
            if case .send(.dismissed, _) = effect { wasDismissed = true }
            switch effect {
            case .send(let message, let worker): transmit(.reachesWorker(message, worker), with: worker, at: now)
            case .broadcast(.published(let artifact)): publish(artifact, at: now)
            case .record, .request, .wakeAt, .broadcast(.ended): break
            }
        }
        guard let time = coordinator.wakesAt, time != alarm else { return }
        alarm = time
        agenda.add(.coordinatorTurns(isAlarm: true, life: coordinator.life), at: max(time, now))
    }

    // MARK: The network

    mutating func strikes(_ probability: Double, at now: Timestamp) -> Bool {
        now < faultsEnd && generator.chance(probability)
    }

    mutating func transmit(_ happening: Happening, with worker: WorkerID, at now: Timestamp) {
        guard workers[worker].map({ $0.isCutOffUntil <= now }) ?? true else { return }
        var copies = 1
        if strikes(faults.loses, at: now) {
            copies = 0
            tally[.lost] += 1
        } else if strikes(faults.doubles, at: now) {
            copies = 2
            tally[.doubled] += 1
        }
        for _ in 0..<copies {
            let delay = generator.milliseconds(strikes(faults.delays, at: now) ? 1_000...120_000 : 1...50)
            agenda.add(happening, at: now.advanced(byMilliseconds: delay))
        }
    }

    mutating func publish(_ artifact: ArtifactReference, at now: Timestamp) {
        for id in workers.keys.sorted() where !generator.chance(faults.missesBroadcast) {
            agenda.add(
                .isPublished(artifact, to: id), at: now.advanced(byMilliseconds: generator.milliseconds(1...50)))
        }
    }

    func bytes(of message: ToWorker) -> [UInt8] {
        guard case .chunk(_, let offset, let byteCount) = message else { return [] }
        return (offset..<offset + byteCount).map { UInt8(truncatingIfNeeded: $0) }
    }

    // MARK: The end

    func checkEnd() -> [String] {
        var objections = workers.isEmpty ? [] : ["\(workers.count) workers were never dismissed"]
        for stage in plan.stages {
            guard let known = coordinator.model.stages[stage.key], let nature = natures[stage.key] else { continue }
            let endings = Array((coordinator.model.endings[stage.key] ?? [:]).values)
            if endings.contains(where: { $0.map { $0.cause == .node && !Self.isWorldly($0) } ?? false }) {
                objections.append("\(stage.label) failed in a way that this world does not have")
            }
            let results = endings.filter { $0 == nil }.count - coordinator.model.reopenings[stage.key, default: 0]
            let allowed =
                switch known.standing {
                case .finished: results == 1 && nature != .poison && nature != .faulty
                case .failed(let failure) where failure.cause == .badInput:
                    // What an unfit host said that late was not heard before it was mended.
                    results == 0 && !unfit.isEmpty
                        && (!isRetried || known.setback.map { $0.at >= faultsEnd } ?? false)
                case .failed: results == 0 && nature == .faulty
                case .setAside: results == 0 && (known.losses == 3 || known.nodeFailures == 3)
                case .blocked: results == 0 && stage.specification.inputs.contains { !isFinished($0.from) }
                case .cancelled: results == 0 && !isRetried
                case .waiting, .running: false
                }
            if !allowed {
                objections.append("\(stage.label), \(nature), ended as \(known.state) with \(results) results")
            }
        }
        return objections + checkModels()
    }

    /// Of each cell the best one's model lies in the store, unless it went while a better one stood, and no other.
    private func checkModels() -> [String] {
        // Where the sweep's rows are not all planned, nobody knows the cells.
        let sweeps = coordinator.sweeps
        guard sweeps.second == nil, sweeps.beginning == sweeps.first else { return [] }
        var best = BestSeeds()
        best.add(plan)
        let results = coordinator.model.stages.compactMapValues(\.result)
        return plan.stages.compactMap { stage in
            let model = stage.dispensable.isEmpty ? nil : results[stage.key]?.artifact(.backbone)
            guard let model else { return nil }
            let isBest = best.keeps(stage.key) { results[$0]?.merit(on: anyTask) }
            let (isHeld, isGone) = (coordinator.holds(model.id), coordinator.model.discarded.contains(model.id))
            if isHeld, !isBest { return "the model of \(stage.label) is kept, which is not the best" }
            return isBest && !isHeld && !isGone ? "the model of \(stage.label) is missing" : nil
        }
    }

    /// Whether it is one of the faults above.
    static func isWorldly(_ failure: StageFailure) -> Bool {
        failure.message == nodeFault.message || failure.message.hasSuffix("arrived damaged 3 times")
            || failure.message.contains("from which the stage starts")
    }

    func isFinished(_ key: StageKey) -> Bool { coordinator.model.stages[key]?.state == .finished }
}

extension Nature {
    fileprivate static func random(using generator: inout Generator) -> Nature {
        if generator.chance(0.04) { return .poison }
        if generator.chance(0.04) { return .faulty }
        // Some take so long that whatever waits for their hosts waits long as well.
        let isLong = generator.chance(0.03)
        return .good(milliseconds: generator.milliseconds(isLong ? 400_000...700_000 : 2_000...60_000))
    }
}
