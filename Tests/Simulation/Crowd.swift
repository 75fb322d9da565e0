package import Experiments
import Files
import Messages
import Scheduler
import TestKit

extension SweepPlan {
    /// A large sweep: chains of two stages, each with a head of its own, ten methods with as many seeds as that takes.
    package static func chains(_ count: Int) throws -> SweepPlan {
        var stages: [PlannedStage] = []
        var rows: [SweepRow] = []
        var sharing = StageSharing()
        stages.reserveCapacity(2 * count)
        rows.reserveCapacity(count)
        for number in 0..<count {
            let (method, seed) = ("eh-ft-\(number % 10)", UInt64(number / 10))
            var recipe = Recipe()
            recipe.learningRate = Double(number % 10 + 1) * 1e-5
            let first = try stage("\(method)/1", seed, recipe, from: [])
            recipe.batch = 16
            let second = try stage("\(method)/2", seed, recipe, from: [StageInput(kind: .head, from: first.key)])
            stages += [sharing.share(first), sharing.share(second)]
            rows.append(SweepRow(task: "rte", method: method, seed: seed, stages: [first.key, second.key]))
        }
        return makePlan(name: "large", stages: stages, rows: rows)
    }

    private static func stage(
        _ label: String, _ seed: UInt64, _ recipe: Recipe, from inputs: [StageInput]
    ) throws -> PlannedStage {
        let specification = makeSpecification(seed: seed, recipe, from: inputs)
        // Any name will do, and the right one takes its time.
        let key = StageKey(rawValue: Digest(of: Array("\(label) \(seed)".utf8)))
        return PlannedStage(key: key, specification: specification, task: "rte", label: label, outputs: [.head])
    }
}

/// A scheduler and workers that finish whatever they are given.
package struct Crowd {
    private var scheduler = Scheduler()
    private var now = Timestamp(rawValue: 0)
    private let workers: [WorkerID]
    private var given: [Assignment?]
    private var turn = 0

    package init(_ plan: SweepPlan, workers count: Int) {
        workers = (0..<count).map { WorkerID(rawValue: "worker-\($0)") }
        given = workers.map { _ in nil }
        _ = scheduler.handle(.planned(plan, askedAt: now, known: [:], stored: []), at: now)
        for (number, worker) in workers.enumerated() {
            var node = NodeSettings.test
            node.host = "host-\(number / 4)"
            let hello = FromWorker(.hello(version: protocolVersion, node: node), from: worker)
            _ = scheduler.handle(.message(hello), at: now)
        }
    }

    /// Each worker in its turn finishes what it has and asks for more.
    /// - Returns: how many stages were handed out, as many as are wanted unless there are no more.
    package mutating func work(_ count: Int) -> Int {
        var done = 0
        for _ in 0..<2 * count where done < count {
            let place = turn % workers.count
            turn += 1
            now = now.advanced(byMilliseconds: 1)
            if let assignment = given[place] { finish(assignment, by: workers[place]) }
            let effects = scheduler.handle(.message(FromWorker(.ready, from: workers[place])), at: now)
            given[place] = nil
            for case .send(.assign(let assignment), _) in effects {
                given[place] = assignment
                done += 1
            }
        }
        return max(1, done)
    }

    private mutating func finish(_ assignment: Assignment, by worker: WorkerID) {
        let result = makeResult(of: assignment.stage, outputs: assignment.planned.outputs, attempt: assignment.attempt)
        for artifact in result.artifacts { _ = scheduler.handle(.stored(artifact.id), at: now) }
        let message = FromWorker(.finished(claim: assignment.claim, result: result), from: worker)
        _ = scheduler.handle(.message(message), at: now)
    }
}
