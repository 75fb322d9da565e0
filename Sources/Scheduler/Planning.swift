import Experiments

/// How the stages of a plan take their places among those that are known.
extension Scheduler {
    /// Adds a plan's stages, each where the ledger left it.
    /// - Returns: those that are new.
    @discardableResult
    mutating func add(
        _ plan: SweepPlan, known: [StageKey: StageRecord], needs: [StageKey: StageNeeds] = [:]
    ) -> [StageIndex] {
        stages.reserve(plan.stages.count)
        var added: [StageIndex] = []
        let places = plan.stages.map { planned in
            if let known = stages.index(of: planned.key) { return known }
            let index = insert(planned, of: plan, known[planned.key])
            added.append(index)
            return index
        }
        for (index, planned) in zip(places, plan.stages) { ask(index, planned) }
        if plan.stages.contains(where: { !$0.keptIfBest.isEmpty }) { bestSeeds.add(plan) }
        let moved = rank(added, plan.rows)
        seat(plan, places, needs, moved)
        for index in added { noteMaker(of: index) }
        return added
    }

    private mutating func insert(_ planned: PlannedStage, of plan: SweepPlan, _ known: StageRecord?) -> StageIndex {
        let sources = Set(planned.specification.inputs.map(\.from))
        var stage = Stage(planned)
        if var known {
            // The limits may have been lowered since.
            known.losses = min(known.losses, settings.lossLimit - 1)
            known.nodeFailures = min(known.nodeFailures, settings.nodeFailureLimit - 1)
            stage.record = known
        }
        stage.missing = UInt32(sources.count { stages.named($0)?.state != .finished })
        given.formUnion(planned.specification.given.map(\.id))
        let index = stages.append(stage)
        for source in sources {
            guard let source = stages.index(of: source), source < index else {
                preconditionFailure("the plan '\(plan.name)' lists a stage before its inputs")
            }
            stages[source].followers.append(index)
        }
        openCount += stage.state.isFinal ? 0 : 1
        return index
    }

    /// A stage owes what any plan wants of it and what any edge carries.
    private mutating func ask(_ index: StageIndex, _ planned: PlannedStage) {
        stages[index].planned.owe(planned)
        for input in planned.specification.inputs {
            stages[stages.known(input.from)].planned.owe([input.kind], measures: [])
        }
    }

    /// Says how long the chains are that begin with each stage, and for which seeds of their cells the stages are: of each
    /// the first, which those that they start from are for, too.
    /// - Returns: the stages for which that has changed.
    private mutating func rank(_ added: [StageIndex], _ rows: [SweepRow]) -> NumberSet {
        var changed = NumberSet(below: stages.count)
        for index in added { changed.insert(Int(index.rawValue)) }
        var seeds: [Cell: UInt32] = [:]
        for row in rows {
            let round = seeds[row.cell, default: 0]
            seeds[row.cell] = round + 1
            for index in row.stages.map(stages.known) where stages[index].round.map({ round < $0 }) ?? true {
                stages[index].round = round
                changed.insert(Int(index.rawValue))
            }
        }
        // The last first, so that all that starts from a stage is known before it.
        var next = changed.last()
        while let number = next {
            let index = StageIndex(rawValue: UInt32(number))
            let (chain, round) = (stages[index].chain, stages[index].round)
            for source in stages[index].inputs.map({ stages.known($0.from) }) {
                let longest = max(stages[source].chain, chain + 1)
                let first = [stages[source].round, round].compactMap(\.self).min()
                guard longest != stages[source].chain || first != stages[source].round else { continue }
                (stages[source].chain, stages[source].round) = (longest, first)
                changed.insert(Int(source.rawValue))
            }
            next = changed.last(below: number)
        }
        return changed
    }

    // MARK: Lanes

    /// Gives each of a plan's stages a seat in its sweep, and those that have moved another one.
    /// - Parameters:
    ///   - places: the stages of the plan, in its order.
    ///   - moved: the numbers of those that have changed places with others.
    private mutating func seat(
        _ plan: SweepPlan, _ places: [StageIndex], _ needs: [StageKey: StageNeeds], _ moved: NumberSet
    ) {
        let sweep = take(plan)
        let sources = plan.tasks.map { task in
            let source = Source(model: plan.model, task: task.definition, dataDirectory: plan.dataDirectory)
            return (task.definition.name, number(of: source))
        }
        let sourceOf = Dictionary(sources) { first, _ in first }
        var new: [Int: [StageIndex]] = [:]
        for (index, planned) in zip(places, plan.stages) {
            let seats = stages[index].seats.map { lanes[Int($0.lane)].kind }
            guard !seats.contains(where: { $0.sweep == sweep }) else { continue }
            guard let source = seats.first?.source ?? sourceOf[planned.task] else {
                preconditionFailure("the plan '\(plan.name)' has no task '\(planned.task)'")
            }
            let kind = Lane.Kind(
                sweep: sweep, source: source, needs: needs[planned.key] ?? seats.first?.needs ?? StageNeeds())
            let lane = lane(of: kind)
            new[lane, default: []].append(index)
            isForetold = isForetold || !kind.needs.secondsByRanks.isEmpty
            lanes[lane].waiting += stages[index].state == .waiting ? 1 : 0
            sweeps[sweep].note(stages[index].state, by: 1)
        }
        division.madeAt = nil
        var disturbed = Set(new.keys)
        for index in places where moved.contains(Int(index.rawValue)) {
            for seat in stages[index].seats { disturbed.insert(Int(seat.lane)) }
        }
        for lane in disturbed.sorted() { arrange(lane, with: new[lane] ?? []) }
    }

    /// - Returns: the sweep's number.
    private mutating func take(_ plan: SweepPlan) -> Int {
        let identity = plan.identity
        if let known = sweeps.firstIndex(where: { $0.identity == identity }) {
            sweeps[known].plan = plan
            return known
        }
        sweeps.append(SweepShare(plan, identity, weight: weights[plan.name] ?? 1))
        return sweeps.count - 1
    }

    private mutating func number(of source: Source) -> Int {
        if let known = sources.firstIndex(of: source) { return known }
        sources.append(source)
        return sources.count - 1
    }

    private mutating func lane(of kind: Lane.Kind) -> Int {
        if let known = laneNumbers[kind] { return known }
        lanes.append(Lane(kind))
        laneNumbers[kind] = lanes.count - 1
        sweeps[kind.sweep].lanes.append(lanes.count - 1)
        return lanes.count - 1
    }

    private mutating func arrange(_ lane: Int, with new: [StageIndex]) {
        let members = lanes[lane].order + new
        for index in members { dequeue(index) }
        let order = members.map(rank).sorted(by: <).map(\.2)
        lanes[lane].arrange(order)
        for (place, index) in order.enumerated() {
            let seat = Seat(lane: UInt32(lane), place: UInt32(place))
            if let known = stages[index].seats.firstIndex(where: { $0.lane == seat.lane }) {
                stages[index].seats[known] = seat
            } else {
                stages[index].seats.append(seat)
            }
        }
        for index in order { enqueue(index) }
    }

    /// Stages of a lower rank come first: those for the first seeds of their cells, so that methods can be compared early;
    /// among those the ones that the longest chain hangs on, and then those planned first.
    func rank(of index: StageIndex) -> (UInt32, Int, StageIndex) {
        (stages[index].round ?? 0, -Int(stages[index].chain), index)
    }
}
