import Experiments
import Messages
import Scheduler
import Simulation
import TestKit
import Testing

/// The model of a cell's best seed stays in the store, and no other.
struct KeepingTests {
    /// A cell of several seeds, a scheduler that hears how they end, and what lies on the disk meanwhile.
    private final class World {
        let stages: [PlannedStage]
        let script: Script
        private(set) var disk: Set<ArtifactID> = []
        private(set) var uploads = 0
        private var letGo: Set<ArtifactID> = []

        /// - Parameter isGiven: whether another stage was given the first seed's model, to the byte.
        init(
            seeds: Int, keptIfBest: [ArtifactKind] = [.backbone], outputs: Set<ArtifactKind> = [], isGiven: Bool = false
        ) throws {
            stages = try (1...seeds).map { seed in
                let stage = try makeStage(label: "finetune", seed: UInt64(seed), outputs: outputs)
                return PlannedStage(
                    key: stage.key, specification: stage.specification, task: stage.task, label: stage.label,
                    outputs: outputs, keptIfBest: keptIfBest)
            }
            let rows = stages.map {
                SweepRow(task: "rte", method: "finetune", seed: $0.specification.seed, stages: [$0.key])
            }
            let first = Attempt(rawValue: 1)
            let model = makeResult(of: stages[0].key, outputs: [.backbone], attempt: first).artifacts
            let others = isGiven ? [try makeStage(label: "other", seed: 99, given: model)] : []
            script = Script(makePlan(stages: stages + others, rows: rows))
            script.start()
        }

        /// Kills the coordinator, and starts another one on the store.
        func restart() { script.start(stored: disk.union(letGo)) }

        func result(of seed: Int, _ score: Double?, attempt: Attempt) -> StageResult {
            var result = makeResult(of: stages[seed].key, outputs: [.backbone], attempt: attempt)
            result.scores = [Score(split: .dev, metric: .accuracy, value: score)]
            return result
        }

        func model(of seed: Int) -> ArtifactID {
            result(of: seed, 0, attempt: Attempt(rawValue: 1)).artifacts[0].id
        }

        /// Gives every stage to a worker of its own, that which was given a model among them.
        func assign() throws -> [StageKey: (assignment: Assignment, worker: String)] {
            var assigned: [StageKey: (Assignment, String)] = [:]
            for number in 0...stages.count {
                guard let assignment = script.greetAndAsk("w\(number)") else { continue }
                assigned[assignment.stage] = (assignment, "w\(number)")
            }
            return assigned
        }

        /// A worker says that it has finished, and again once it has uploaded what it was asked for.
        func finish(_ seed: Int, _ score: Double?, _ assigned: [StageKey: (assignment: Assignment, worker: String)])
            throws
        {
            let (assignment, worker) = try #require(assigned[stages[seed].key])
            let result = result(of: seed, score, attempt: assignment.attempt)
            let message = FromWorker(
                .finished(claim: assignment.claim, result: result), from: WorkerID(rawValue: worker))
            var effects = script.hear(message)
            let wanted = effects.compactMap { if case .request(let artifact, _, _) = $0 { artifact } else { nil } }
            if !wanted.isEmpty {
                uploads += wanted.count
                disk.formUnion(wanted.map(\.id))
                script.store(wanted)
                effects = script.hear(message)
            }
            #expect(effects.refusal == nil)
            for case .record(.discarded(let ids, _)) in effects {
                disk.subtract(ids)
                letGo.formUnion(ids)
            }
            for artifact in result.artifacts where disk.contains(artifact.id) { letGo.remove(artifact.id) }
        }
    }

    @Test(arguments: [[0, 1, 2, 3], [3, 2, 1, 0], [1, 3, 0, 2], [2, 0, 3, 1]], [false, true])
    func `whatever the order of the results and the deaths of coordinators, the best one's is kept`(
        order: [Int], dies: Bool
    ) throws {
        let world = try World(seeds: 4)
        let assigned = try world.assign()
        let scores = [0.5, 0.75, nil, 0.625]
        for seed in order {
            if dies { world.restart() }
            try world.finish(seed, scores[seed], assigned)
            #expect(world.disk.count == 1)
        }
        #expect(world.disk == [world.model(of: 1)])
    }

    @Test func `a model that is outdone stays where a stage was given it`() throws {
        for isGiven in [false, true] {
            let world = try World(seeds: 2, isGiven: isGiven)
            let assigned = try world.assign()
            try world.finish(0, 0.5, assigned)
            try world.finish(1, 0.75, assigned)
            #expect(world.disk.contains(world.model(of: 0)) == isGiven && world.disk.contains(world.model(of: 1)))
        }
    }

    @Test func `of equal scores the first seed's is kept, even if it comes last`() throws {
        let world = try World(seeds: 3)
        let assigned = try world.assign()
        for seed in [2, 1, 0] { try world.finish(seed, 0.5, assigned) }
        #expect(world.disk == [world.model(of: 0)] && world.uploads == 3)
        let other = try World(seeds: 3)
        let again = try other.assign()
        for seed in [0, 1, 2] { try other.finish(seed, 0.5, again) }
        #expect(other.disk == [other.model(of: 0)] && other.uploads == 1, "what loses is not uploaded")
    }

    @Test func `a best model that the store has lost is made again, and no other seed is`() throws {
        let world = try World(seeds: 3)
        let assigned = try world.assign()
        for seed in [0, 1, 2] { try world.finish(seed, [0.5, 0.75, 0.625][seed], assigned) }
        world.script.lose(world.model(of: 1))
        #expect(world.stages.map { world.script.state($0.key) } == [.finished, .waiting, .finished])
        let again = try #require(world.script.ask("w0"))
        try world.finish(1, 0.75, [again.stage: (again, "w0")])
        #expect(world.disk.contains(world.model(of: 1)) && world.uploads == 3)
    }

    @Test func `a store of a time when nobody asked for models stays as it is`() throws {
        let world = try World(seeds: 2, keptIfBest: [])
        let assigned = try world.assign()
        for seed in [0, 1] {
            let (assignment, worker) = try #require(assigned[world.stages[seed].key])
            world.script.finish(assignment, by: worker)
        }
        let asking = world.stages.map { stage in
            PlannedStage(
                key: stage.key, specification: stage.specification, task: stage.task, label: stage.label, outputs: [],
                keptIfBest: [.backbone])
        }
        world.script.start(makePlan(stages: asking, rows: world.script.plan.rows))
        #expect(world.stages.allSatisfy { world.script.state($0.key) == .finished })
    }

    @Test func `what was let go and came again with another result is made again where the store loses it`() throws {
        let world = try World(seeds: 3)
        let assigned = try world.assign()
        try world.finish(0, 0.5, assigned)
        try world.finish(1, 0.75, assigned)
        let (last, worker) = try #require(assigned[world.stages[2].key])
        let result = world.result(of: 0, 0.875, attempt: last.attempt)
        let message = FromWorker(.finished(claim: last.claim, result: result), from: WorkerID(rawValue: worker))
        #expect(world.script.hear(message).contains { if case .request = $0 { true } else { false } })
        world.script.store(result.artifacts)
        #expect(world.script.hear(message).refusal == nil)
        world.script.lose(world.model(of: 0))
        #expect(world.stages.map { world.script.state($0.key) } == [.finished, .finished, .waiting])
    }

    @Test func `what searches left goes when the last of them has ended, whichever sweep's they were`() throws {
        let points = try (1...4).map { seed in
            let stage = try makeStage(label: "point", seed: UInt64(seed))
            return PlannedStage(
                key: stage.key, specification: stage.specification, task: stage.task, label: stage.label, outputs: [],
                keptIfBest: [.backbone])
        }
        func plan(_ name: String, _ places: ClosedRange<Int>, _ state: SearchState) -> SweepPlan {
            let stages = Array(points[places])
            let search = SweepSearch(
                task: "rte", method: "a", asked: anyDigest, seeds: [1], split: .dev, trials: [], state: state,
                remarks: [])
            let chosen = search.isOpen ? [] : [stages[0].key]
            let plain = makePlan(name: name, stages: stages)
            return SweepPlan(
                name: name, model: plain.model, dataDirectory: plain.dataDirectory, tasks: plain.tasks, stages: stages,
                rows: [SweepRow(task: "rte", method: "a", seed: 1, stages: chosen, searches: [0])], searches: [search])
        }
        let chosen = SearchState.chosen(point: SearchPoint([]))
        let script = Script(plan("first", 0...1, .open))
        script.start()
        script.plan(plan("second", 2...3, .open))
        for number in 1...4 {
            let assignment = try #require(script.greetAndAsk("w\(number)"))
            let result = makeResult(of: assignment.stage, outputs: [.backbone], attempt: assignment.attempt)
            script.store(result.artifacts)
            script.hear(
                FromWorker(
                    .finished(claim: assignment.claim, result: result), from: WorkerID(rawValue: "w\(number)")))
        }
        script.plan(plan("first", 0...1, chosen))
        #expect(script.memory.discarded.isEmpty, "the other search may yet choose any")
        script.plan(plan("second", 2...3, chosen))
        let gone = [points[1], points[3]].compactMap { script.memory.stages[$0.key]?.result?.artifacts.first?.id }
        #expect(gone.count == 2 && script.memory.discarded == Set(gone))
    }

    @Test func `where all are asked for, all are kept`() throws {
        let world = try World(seeds: 2, outputs: [.backbone])
        let assigned = try world.assign()
        for seed in [0, 1] { try world.finish(seed, [0.75, 0.5][seed], assigned) }
        #expect(world.disk.count == 2)
    }
}
