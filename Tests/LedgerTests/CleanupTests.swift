import Experiments
import Files
import Foundation
import Ledger
import TestKit
import Testing

struct CleanupTests {
    let store: TemporaryFolder
    let ledger: Ledger
    let artifacts: ContentStore
    let plan: SweepPlan

    init() throws {
        store = try TemporaryFolder()
        ledger = try Ledger(store: store.path)
        artifacts = ContentStore(store: store.path)
        plan = try makePlan(seeds: [1, 2, 3])
        try ledger.commit([.planned(plan, at: at(1))])
    }

    private func keep(_ text: String, _ kind: ArtifactKind) throws -> ArtifactReference {
        let bytes = Array(text.utf8)
        #expect(try artifacts.add(bytes, as: Digest(of: bytes)))
        return ArtifactReference(id: ArtifactID(rawValue: Digest(of: bytes)), kind: kind, byteCount: bytes.count)
    }

    /// A head and a backbone of its own for the stage.
    @discardableResult
    private func finish(
        _ index: Int, score: Double, by metric: Metric = .accuracy, at time: Int64
    ) throws -> [ArtifactReference] {
        let stage = plan.stages[index].key
        let made = try [keep("head \(index)", .head), keep("backbone \(index)", .backbone)]
        var result = makeResult(artifacts: made)
        result.scores = [Score(split: .dev, metric: metric, value: score)]
        try ledger.commit([
            .started(stage, first, on: worker, node: node, at: at(time - 1)),
            .ended(stage, first, failure: nil, at: at(time)),
            .stands(StageRecord(key: stage, standing: .finished(result), attempts: 1)),
        ])
        return made
    }

    private func discarded(_ policy: [ArtifactKind: Retention]) throws -> Set<ArtifactID> {
        Set(try Cleanup(of: ledger.reader, keeping: policy).discarded.map(\.id))
    }

    @Test func `of a kind the best or the last of each method stays, with what it came from`() throws {
        let source = try finish(0, score: 0.9, at: 10)
        let made = try [(1, 0.5, 30), (2, 0.7, 20), (3, 0.7, 25)].map { try finish($0.0, score: $0.1, at: $0.2) }
        #expect(try discarded([:]).isEmpty)
        #expect(try discarded([.backbone: .best]) == [made[0][1].id, made[2][1].id])
        #expect(try discarded([.backbone: .last]) == [made[1][1].id, made[2][1].id])
        #expect(try discarded([.head: .last, .backbone: .all]) == [made[1][0].id, made[2][0].id])
        #expect(try !discarded([.head: .best, .backbone: .best]).contains { source.map(\.id).contains($0) })
    }

    @Test func `where less is better the best has the least`() throws {
        var task = anyTask
        (task.labels, task.metrics) = (nil, [.mae])
        let planned = PlannedTask(definition: task, content: anyDigest, trainCount: 100)
        let errors = SweepPlan(
            name: plan.name, model: plan.model, dataDirectory: plan.dataDirectory, tasks: [planned],
            stages: plan.stages, rows: plan.rows)
        try ledger.commit([.planned(errors, at: at(2))])
        try finish(0, score: 0.9, by: .mae, at: 10)
        let made = try [(1, 0.5, 30), (2, 0.7, 20), (3, 0.6, 25)].map {
            try finish($0.0, score: $0.1, by: .mae, at: Int64($0.2))
        }
        #expect(try discarded([.backbone: .best]) == [made[1][1].id, made[2][1].id])
    }

    @Test func `what a stage still starts from stays`() throws {
        // Its own row has not finished, so no policy would keep it.
        let source = try finish(0, score: 0.9, at: 10)
        #expect(try discarded([.head: .best, .backbone: .best]) == [source[1].id])
    }

    @Test func `what a stage of another sweep was given stays, whoever made it`() throws {
        let made = try [(1, 0.5, 30), (2, 0.7, 20)].map { try finish($0.0, score: $0.1, at: $0.2) }
        #expect(try discarded([.backbone: .best]) == [made[0][1].id])
        let stage = try makeStage(label: "other", seed: 9, given: [made[0][1]])
        try ledger.commit([.planned(makePlan(name: "other", stages: [stage]), at: at(40))])
        #expect(try discarded([.backbone: .best]).isEmpty)
    }

    @Test func `what is let go is noted, gone, and whole again once it was made anew`() throws {
        try finish(0, score: 0.9, at: 10)
        let made = try [(1, 0.5, 30), (2, 0.7, 20), (3, 0.7, 25)].map { try finish($0.0, score: $0.1, at: $0.2) }
        let stray = try store.write("cut off", to: "artifacts/partial/\(anyDigest)")
        let aside = try store.write("altered", to: "artifacts/quarantine/\(anyDigest)")
        let cleanup = try Cleanup(of: ledger.reader, keeping: [.backbone: .best])
        #expect(cleanup.strays.map(\.path) == [stray, aside])
        #expect(FileManager.default.fileExists(atPath: stray), "first it is only shown")
        try cleanup.perform(on: ledger)
        #expect(![stray, aside].contains { FileManager.default.fileExists(atPath: $0) })
        #expect(try ledger.reader.discarded() == [made[0][1].id, made[2][1].id])
        #expect(try artifacts.condition(of: made[0][1].id.rawValue) == .missing)
        #expect(try artifacts.isWhole(made[1][1].id.rawValue))
        #expect(try discarded([.backbone: .best]).isEmpty)
        #expect(try ledger.reader.problems().isEmpty)

        var record = try #require(try ledger.reader.stage(plan.stages[1].key))
        record.isPaused = true
        try ledger.commit([.stands(record)])
        #expect(try ledger.reader.discarded().count == 2, "to pause it makes nothing again")
        try ledger.commit([.stands(StageRecord(key: record.key, attempts: 1)), .stands(record)])
        #expect(try ledger.reader.discarded() == [made[2][1].id])
    }

    @Test func `of other sweeps the store keeps the models that it has`() throws {
        let stages = try (1...3).map { seed in
            let stage = try makeStage(label: "finetune", seed: UInt64(10 + seed))
            return PlannedStage(
                key: stage.key, specification: stage.specification, task: stage.task, label: stage.label, outputs: [],
                keptIfBest: [.backbone])
        }
        let rows = stages.map { SweepRow(task: "rte", method: "a", seed: $0.specification.seed, stages: [$0.key]) }
        try ledger.commit([.planned(makePlan(name: "other", stages: stages, rows: rows), at: at(2))])
        for (stage, score) in zip(stages, [0.75, 0.5]) {
            let model = try keep("model of \(score)", .backbone)
            var result = makeResult(artifacts: [model])
            result.scores = [Score(split: .dev, metric: .accuracy, value: score)]
            let finished = StageRecord(key: stage.key, standing: .finished(result), attempts: 1)
            try ledger.commit([.stands(finished)])
            if score == 0.5 { try ledger.discard([model.id]) }
        }
        #expect(try ledger.reader.keptStages(besides: ["sweep"]) == [stages[0].key])
        #expect(try ledger.reader.keptStages(besides: ["other"]).isEmpty)

        let asking = stages.map {
            PlannedStage(
                key: $0.key, specification: $0.specification, task: $0.task, label: $0.label, outputs: [.backbone])
        }
        #expect(try ledger.reader.modelsLetGo(of: makePlan(name: "all", stages: asking)) == [stages[1].key])
        #expect(try ledger.reader.modelsLetGo(of: makePlan(name: "other", stages: stages)).isEmpty)
        let specification = StageSpecification(
            backbone: anyDigest, task: anyDigest, recipe: Recipe(), seed: 1,
            inputs: [StageInput(kind: .backbone, from: stages[1].key)])
        let next = PlannedStage(
            key: try specification.key(), specification: specification, task: stages[1].task, label: "next", outputs: []
        )
        let again = try ledger.reader.modelsLetGo(of: makePlan(name: "more", stages: asking + [next]))
        #expect(again.isEmpty, "it is made again for what starts from it")
    }
}
