import Experiments

extension Scheduler {
    /// Adds a plan's stages and takes up those that are not done: what ended without a verdict, what the store has not
    /// all of, and what ran when an earlier life of the coordinator ended.
    mutating func begin(_ plan: SweepPlan, known: [StageKey: StageRecord], at now: Timestamp) {
        for planned in add(plan, known: known) { reopenUnlessVerdict(planned.key) }
        letGoOfUnchosen(plan, at: now)
        for planned in plan.stages {
            reopenUnlessWhole(planned.key)
            adopt(planned.key, at: now)
        }
        settleGraph(at: now)
    }

    /// Adds a plan's stages, each where the ledger left it.
    /// - Returns: those that are new.
    @discardableResult
    mutating func add(_ plan: SweepPlan, known: [StageKey: StageRecord]) -> [PlannedStage] {
        let new = plan.stages.filter { stages.named($0.key) == nil }
        for planned in new { insert(planned, of: plan, known[planned.key] ?? StageRecord(key: planned.key)) }
        for planned in plan.stages { ask(planned) }
        bestSeeds.add(plan)
        for (key, roles) in plan.roles { stages[key].roles.formUnion(roles) }
        order(plan.rows)
        linkFollowers()
        return new
    }

    /// Brings every stage into line with those it starts from. The order makes one pass enough.
    mutating func settleGraph(at now: Timestamp) {
        for key in stages.keys {
            if stages[key].state == .running, !hasInputs(stages[key]) {
                endAttempt(key, StageFailure(.stopped, "a stage it starts from runs again"), at: now)
            }
            let stage = stages[key]
            switch stage.standing {
            case .waiting:
                if let obstacle = obstacle(of: stage) {
                    move(key) { $0.standing = .blocked(reason: "it starts from \(obstacle)") }
                }
            case .blocked:
                if obstacle(of: stage) == nil { move(key) { $0.standing = .waiting } }
            case .running, .finished, .failed, .setAside, .cancelled: break
            }
        }
    }

    func hasInputs(_ stage: Stage) -> Bool {
        stage.inputs.allSatisfy { stages[$0.from].state == .finished }
    }

    /// The first stage without which this one will never run, and how it stands.
    private func obstacle(of stage: Stage) -> String? {
        let source = stage.inputs.lazy.map { stages[$0.from] }.first { $0.state.isFinal && $0.state != .finished }
        return source.map { "\($0.planned.label) (\($0.planned.key.short)), which is \($0.state.rawValue)" }
    }

    private mutating func insert(_ planned: PlannedStage, of plan: SweepPlan, _ known: StageRecord) {
        guard let task = plan.task(named: planned.task) else {
            preconditionFailure("the plan '\(plan.name)' has no task '\(planned.task)'")
        }
        for input in planned.specification.inputs {
            precondition(stages.named(input.from) != nil, "the plan '\(plan.name)' lists a stage before its inputs")
        }
        var record = known
        // The limits may have been lowered since.
        record.losses = min(record.losses, settings.lossLimit - 1)
        record.nodeFailures = min(record.nodeFailures, settings.nodeFailureLimit - 1)
        given.formUnion(planned.specification.given.map(\.id))
        noteMaker(of: record)
        stages.append(
            Stage(
                planned: planned, task: task.definition, model: plan.model, dataDirectory: plan.dataDirectory,
                record: record))
        openCount += record.state.isFinal ? 0 : 1
        knowsNothingIsReady = false
    }

    /// A stage owes what any plan wants of it and what any edge carries.
    private mutating func ask(_ planned: PlannedStage) {
        stages[planned.key].planned.owe(planned)
        for input in stages[planned.key].inputs { stages[input.from].planned.outputs.insert(input.kind) }
    }

    /// Says for which seeds of their cells the rows' stages are.
    private mutating func order(_ rows: [SweepRow]) {
        var seeds: [Cell: Int] = [:]
        for row in rows {
            let round = seeds[row.cell, default: 0]
            seeds[row.cell] = round + 1
            for key in row.stages { stages[key].round = min(round, stages[key].round ?? round) }
        }
    }

    /// Followers come after the stages they start from, so that the last stage's chain is known first.
    private mutating func linkFollowers() {
        var followers: [StageKey: [StageKey]] = [:]
        for key in stages.keys.reversed() {
            stages[key].followers = followers[key] ?? []
            stages[key].chain = 1 + (stages[key].followers.map { stages[$0].chain }.max() ?? 0)
            for source in Set(stages[key].inputs.map(\.from)) {
                followers[source, default: []].append(key)
                let rounds = [stages[key].round, stages[source].round].compactMap(\.self)
                stages[source].round = rounds.min()
            }
        }
    }

    /// What ended without a verdict is tried again by a new life of the coordinator: whoever started it may have mended
    /// what was wrong.
    private mutating func reopenUnlessVerdict(_ key: StageKey) {
        if stages[key].standing.endedWithoutVerdict { giveAnotherChance(key) }
    }

    /// The stage waits again as if nothing had gone wrong.
    mutating func giveAnotherChance(_ key: StageKey) {
        (stages[key].failedOn, stages[key].rejectedBy) = ([:], [])
        stages[key].notBefore = Timestamp(rawValue: 0)
        move(key) { ($0.standing, $0.losses, $0.nodeFailures) = (.waiting, 0, 0) }
    }

    /// Whether the store has what the best seed of a cell yields to it, where the stage is that one and it was not let go
    /// when another one was. What was made before anybody asked for it has nothing of the kind.
    private func hasBest(_ result: StageResult, of stage: Stage) -> Bool {
        stage.planned.dispensable.allSatisfy { kind in
            result.artifact(kind).map {
                stored.contains($0.id) || letGone.contains($0.id) || !isBest(stage, with: result)
            } ?? true
        }
    }

    /// A result counts only while the store has all that is asked of it.
    private mutating func reopenUnlessWhole(_ key: StageKey) {
        guard case .finished(let result) = stages[key].standing, !isWhole(result, for: stages[key]) else { return }
        // What it has measured would be lost with the result, so it is measured again.
        stages[key].planned.owe([], measures: result.measured)
        forgetDispensable(result, of: key)
        move(key) { $0.standing = .waiting }
    }

    /// Stages whose results had the artifact go back, and so do those that start from them.
    mutating func lose(_ artifact: ArtifactID, at now: Timestamp) {
        guard stored.remove(artifact) != nil else { return }
        for key in stages.keys { reopenUnlessWhole(key) }
        settleGraph(at: now)
    }

    func isWhole(_ result: StageResult, for stage: Stage) -> Bool {
        stage.planned.outputs.allSatisfy { result.artifact($0).map { stored.contains($0.id) } ?? false }
            && hasBest(result, of: stage)
            && stage.planned.measures.allSatisfy(result.measured.contains)
    }

    /// Leaves a running stage to its worker for a while, in case that worker is still at it.
    private mutating func adopt(_ key: StageKey, at now: Timestamp) {
        guard case .running(let worker) = stages[key].standing, leases[worker]?.stage != key else { return }
        guard leases[worker] == nil, departed[worker] == nil else {
            endAttempt(key, StageFailure(.lost, "the coordinator ended"), isCounted: false, at: now)
            return
        }
        leases[worker] = Lease(
            stage: key, expires: now.advanced(byMilliseconds: settings.adoptionMilliseconds), isConfirmed: false)
    }
}

extension StageStanding {
    /// Whether the stage has failed by a fault that is not its own.
    var endedWithoutVerdict: Bool {
        switch self {
        case .setAside: true
        case .failed(let failure): failure.cause.fault != .stage
        case .waiting, .running, .finished, .blocked, .cancelled: false
        }
    }
}
