import Experiments

extension Scheduler {
    /// Adds a plan's stages, each where the ledger left it.
    mutating func add(
        _ plan: SweepPlan, known: [StageKey: KnownStage], stored artifacts: Set<ArtifactID>, at now: Timestamp
    ) {
        stored.formUnion(artifacts)
        record(.planned(plan, at: now))
        for planned in plan.stages where stages[planned.key] == nil {
            insert(planned, of: plan, known[planned.key] ?? KnownStage())
        }
        for planned in plan.stages { ask(planned) }
        linkFollowers()
        for planned in plan.stages {
            reopenUnlessWhole(planned.key)
            adopt(planned.key, worker: known[planned.key]?.worker, at: now)
        }
        settleGraph(at: now)
    }

    /// Brings every stage into line with those it starts from. The order makes one pass enough.
    mutating func settleGraph(at now: Timestamp) {
        for key in order {
            guard let stage = stages[key] else { continue }
            let obstacle = obstacle(of: stage)
            switch stage.standing.state {
            case .waiting:
                if let obstacle {
                    move(key) { ($0.state, $0.reason) = (.blocked, "it starts from \(obstacle)") }
                }
            case .blocked:
                if obstacle == nil { move(key) { ($0.state, $0.reason) = (.waiting, nil) } }
            case .running:
                if !hasInputs(stage) {
                    endAttempt(key, StageFailure(.stopped, "a stage it starts from runs again"), at: now)
                }
            case .finished, .failed, .setAside, .cancelled: break
            }
        }
    }

    func hasInputs(_ stage: Stage) -> Bool {
        stage.inputs.allSatisfy { stages[$0.from]?.standing.state == .finished }
    }

    /// The first stage without which this one will never run, and how it stands.
    private func obstacle(of stage: Stage) -> String? {
        for input in stage.inputs {
            guard let source = stages[input.from], source.standing.state.isFinal, source.standing.state != .finished
            else { continue }
            return "\(source.planned.label) (\(source.planned.key.short)), which is \(source.standing.state.rawValue)"
        }
        return nil
    }

    private mutating func insert(_ planned: PlannedStage, of plan: SweepPlan, _ known: KnownStage) {
        guard let task = plan.task(named: planned.task) else {
            preconditionFailure("the plan '\(plan.name)' has no task '\(planned.task)'")
        }
        for input in planned.specification.inputs {
            precondition(stages[input.from] != nil, "the plan '\(plan.name)' lists a stage before its inputs")
        }
        var standing = known.standing
        if standing.state != .setAside {  // the limits may have been lowered since
            standing.losses = min(standing.losses, settings.lossLimit - 1)
            standing.nodeFailures = min(standing.nodeFailures, settings.nodeFailureLimit - 1)
        }
        stages[planned.key] = Stage(
            planned: planned, task: task.definition, model: plan.model, dataDirectory: plan.dataDirectory,
            standing: standing, attempt: known.attempt)
        order.append(planned.key)
        openCount += standing.state.isFinal ? 0 : 1
        knowsNothingIsReady = false
    }

    /// A stage owes what any plan wants of it and what any edge carries.
    private mutating func ask(_ planned: PlannedStage) {
        stages[planned.key]?.planned.owe(planned.outputs, measures: planned.measures)
        for input in stages[planned.key]?.inputs ?? [] { stages[input.from]?.planned.outputs.insert(input.kind) }
    }

    private mutating func linkFollowers() {
        for key in order { stages[key]?.followers = [] }
        for key in order.reversed() {
            guard let stage = stages[key] else { continue }
            let chain = 1 + (stage.followers.compactMap { stages[$0]?.chain }.max() ?? 0)
            stages[key]?.chain = chain
            for source in Set(stage.inputs.map(\.from)) { stages[source]?.followers.append(key) }
        }
    }

    /// A result counts only while the store has all that is asked of it.
    private mutating func reopenUnlessWhole(_ key: StageKey) {
        guard let stage = stages[key], stage.standing.state == .finished, !isWhole(stage.standing.result, for: stage)
        else { return }
        // What it has measured would be lost with the result, so it is measured again.
        stages[key]?.planned.owe([], measures: stage.standing.result?.measured)
        move(key) { ($0.state, $0.result) = (.waiting, nil) }
    }

    func isWhole(_ result: StageResult?, for stage: Stage) -> Bool {
        let measured = result?.measured ?? []
        return stage.planned.outputs.allSatisfy { kind in
            result?.artifact(kind).map { stored.contains($0.id) } ?? false
        } && (stage.planned.measures ?? []).allSatisfy(measured.contains)
    }

    /// Leaves a running stage to its worker for a while, in case that worker is still at it.
    private mutating func adopt(_ key: StageKey, worker: WorkerID?, at now: Timestamp) {
        guard let stage = stages[key], stage.standing.state == .running, stage.lease == nil else { return }
        guard let worker, stage.attempt != nil, holders[worker] == nil else {
            endAttempt(key, StageFailure(.lost, "the coordinator ended"), isCounted: false, at: now)
            return
        }
        stages[key]?.lease = Lease(
            worker: worker, startedAt: nil, expires: now.advanced(byMilliseconds: settings.adoptionMilliseconds),
            isConfirmed: false)
        holders[worker] = key
    }
}
