import Experiments

extension Scheduler {
    /// Adds a plan's stages and takes up those that are not done: what ended without a verdict, what the store has not
    /// all of, and what ran when an earlier life of the coordinator ended.
    mutating func begin(
        _ plan: SweepPlan, known: [StageKey: StageRecord], needs: [StageKey: StageNeeds], at now: Timestamp
    ) {
        for index in add(plan, known: known, needs: needs) {
            if !stages[index].inputs.isEmpty { unsettled.insert(index) }
            reopenUnlessVerdict(index)
        }
        letGoOfUnchosen(plan, at: now)
        for planned in plan.stages {
            let index = stages.known(planned.key)
            reopenUnlessWhole(index)
            adopt(index, at: now)
        }
        settleGraph(at: now)
    }

    /// Brings the stages into line with those they start from, where anything has changed about these. The order of the
    /// plan makes one pass enough.
    mutating func settleGraph(at now: Timestamp) {
        while let index = unsettled.removeFirst() {
            visits += 1
            if stages[index].state == .running, stages[index].missing > 0 {
                endAttempt(index, StageFailure(.stopped, "a stage it starts from runs again"), at: now)
            }
            let stage = stages[index]
            switch stage.standing {
            case .waiting:
                if let obstacle = obstacle(of: stage) {
                    move(index) { $0.standing = .blocked(reason: "it starts from \(obstacle)") }
                }
            case .blocked:
                if obstacle(of: stage) == nil { move(index) { $0.standing = .waiting } }
            case .running, .finished, .failed, .setAside, .cancelled: break
            }
        }
    }

    /// The first stage without which this one will never run, and how it stands.
    private func obstacle(of stage: Stage) -> String? {
        guard stage.missing > 0 else { return nil }
        let sources = stage.inputs.map { stages[known: $0.from] }
        return sources.first { $0.state.isFinal && $0.state != .finished }.map {
            "\($0.planned.label) (\($0.key.short)), which is \($0.state.rawValue)"
        }
    }

    /// What ended without a verdict is tried again by a new life of the coordinator: whoever started it may have mended
    /// what was wrong.
    private mutating func reopenUnlessVerdict(_ index: StageIndex) {
        if stages[index].standing.endedWithoutVerdict { giveAnotherChance(index) }
    }

    /// The stage waits again as if nothing had gone wrong.
    mutating func giveAnotherChance(_ index: StageIndex) {
        setPause(of: index, until: nil)
        let trials = stages[index].trials
        stages[index].trials = Trials(batchParts: trials.batchParts, madeBy: trials.madeBy)
        move(index) { ($0.standing, $0.losses, $0.nodeFailures) = (.waiting, 0, 0) }
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
    /// - Returns: what the store need not have any more, since it is looked for anew.
    @discardableResult
    private mutating func reopenUnlessWhole(_ index: StageIndex) -> [ArtifactID] {
        guard case .finished(let result) = stages[index].standing, !isWhole(result, for: stages[index]) else {
            return []
        }
        // What it has measured would be lost with the result, so it is measured again.
        stages[index].planned.owe([], measures: result.measured)
        let forgotten = forgetDispensable(result, of: index)
        move(index) { $0.standing = .waiting }
        return forgotten
    }

    /// Stages whose results had the artifact go back, and so do those that start from them.
    mutating func lose(_ artifact: ArtifactID, at now: Timestamp) {
        guard stored.remove(artifact) != nil else { return }
        var lost = [artifact]
        while let next = lost.popLast() {
            for index in (makers[next] ?? []).sorted() { lost += reopenUnlessWhole(index) }
        }
        settleGraph(at: now)
    }

    func isWhole(_ result: StageResult, for stage: Stage) -> Bool {
        stage.planned.outputs.allSatisfy { result.artifact($0).map { stored.contains($0.id) } ?? false }
            && hasBest(result, of: stage)
            && stage.planned.measures.allSatisfy(result.measured.contains)
    }

    /// Leaves a running stage to its worker for a while, in case that worker is still at it.
    private mutating func adopt(_ index: StageIndex, at now: Timestamp) {
        guard case .running(let worker) = stages[index].standing, leases[worker]?.stage != index else { return }
        guard leases[worker] == nil, departed[worker] == nil else {
            endAttempt(index, StageFailure(.lost, "the coordinator ended"), isCounted: false, at: now)
            return
        }
        leases[worker] = Lease(
            stage: index, expires: now.advanced(byMilliseconds: settings.adoptionMilliseconds), isConfirmed: false)
        resting.removeAll { $0 == worker }
        watch(worker)
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
