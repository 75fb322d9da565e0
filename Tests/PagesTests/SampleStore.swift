import Experiments
import Files
import Foundation
import Ledger
import Pages
import TestKit

/// A store with a sweep of some methods on one task, in a folder of its own.
final class SampleStore {
    let folder: TemporaryFolder
    let plan: SweepPlan
    private let ledger: Ledger

    static let host = "node-7.cluster.example"
    static let worker = WorkerID(rawValue: "node-7.cluster.example-4711")
    private static let node = NodeSettings(ranks: 2, threads: 4, host: host, blasCore: "SkylakeX", program: "0.1.0")

    var url: URL { URL(filePath: folder.path) }

    func pages() throws -> StorePages { try StorePages(store: url) }

    /// - Parameters:
    ///   - methods: each a stage, but for `eh-ft`, which is two.
    ///   - searches: of the plan; their stages are those of the methods.
    init(
        methods: [String] = ["finetune", "bitfit", "eh-ft"], seeds: [UInt64] = [1, 2, 3],
        search: (([PlannedStage]) -> [SweepSearch])? = nil
    ) throws {
        folder = try TemporaryFolder()
        let definition = TaskDefinition(
            name: "cb", train: "train.tsv", dev: "dev.tsv", format: .tsv, text: .name("text"), label: .name("label"),
            labels: ["yes", "no"], metrics: [.accuracy])
        let task = PlannedTask(
            definition: definition, content: Digest(of: Array("cb".utf8)), trainCount: 250, devCount: 56)
        var stages: [PlannedStage] = []
        var rows: [SweepRow] = []
        for (place, method) in methods.enumerated() {
            for seed in seeds {
                let added = try Self.stages(of: method, place, seed, task.content)
                stages += added
                rows.append(SweepRow(task: "cb", method: method, seed: seed, stages: added.map(\.key)))
            }
        }
        plan = SweepPlan(
            name: "small", model: ModelLocation(name: "minilm", path: "/home/ada/models/minilm", content: anyDigest),
            dataDirectory: "/data/of/ada", tasks: [task], stages: stages, rows: rows, searches: search?(stages) ?? [])
        ledger = try Ledger(store: folder.path, isOnNetwork: false)
        try ledger.commit([.planned(plan, at: Timestamp(rawValue: 1_790_000_000_000))])
    }

    private static func stages(
        of method: String, _ place: Int, _ seed: UInt64, _ task: Digest
    ) throws -> [PlannedStage] {
        func stage(_ label: String, from source: StageKey? = nil, _ rate: Double) throws -> PlannedStage {
            var recipe = Recipe()
            recipe.learningRate = rate
            let specification = StageSpecification(
                backbone: anyDigest, task: task, recipe: recipe, seed: seed,
                inputs: source.map { [StageInput(kind: .head, from: $0)] } ?? [])
            return PlannedStage(
                key: try specification.key(), specification: specification, task: "cb", label: label, outputs: [.head])
        }
        // Distinct rates keep methods of different names from being one stage.
        let rate = 1e-5 * Double(place + 1)
        guard method == "eh-ft" else { return [try stage(method, rate)] }
        let first = try stage("eh-ft/1", rate)
        return [first, try stage("eh-ft/2", from: first.key, rate * 1.5)]
    }

    func stages(_ label: String) -> [PlannedStage] { plan.stages.filter { $0.label == label } }

    private func time(_ seconds: Int) -> Timestamp { Timestamp(rawValue: 1_790_000_000_000 + Int64(seconds) * 1000) }

    /// Has stages end with these scores, one after the other.
    func finish(_ stages: [PlannedStage], _ scores: [Double]) throws {
        try ledger.commit(
            zip(stages, scores).enumerated().flatMap { number, finished -> [Change] in
                let (stage, score) = finished
                let attempt = Attempt(rawValue: 1)
                let head = ArtifactReference(
                    id: ArtifactID(rawValue: Digest(of: Array(stage.key.description.utf8))), kind: .head,
                    byteCount: 70_000)
                let result = StageResult(
                    scores: [Score(split: .dev, metric: .accuracy, value: score)], steps: 24, finalLoss: 0.1,
                    tokens: 1000,
                    seconds: 12, tokensPerSecond: 83, trainable: 10, parameters: anyDigest, artifacts: [head],
                    node: Self.node)
                let evaluations = (1...3).map { step in
                    Change.evaluated(
                        stage.key, attempt,
                        Evaluation(
                            step: step * 8, epoch: Double(step), trainingLoss: 1 / Double(step),
                            scores: [Score(split: .dev, metric: .accuracy, value: score * Double(step) / 3)]))
                }
                return [.started(stage.key, attempt, on: Self.worker, node: Self.node, at: time(number * 20))]
                    + evaluations
                    + [
                        .ended(stage.key, attempt, failure: nil, at: time(number * 20 + 15)),
                        .stands(StageRecord(key: stage.key, standing: .finished(result), attempts: 1)),
                    ]
            })
    }

    /// Has a stage end for good by its own fault.
    func fail(_ stage: PlannedStage, _ message: String) throws {
        let failure = StageFailure(.diverged, message)
        let attempt = Attempt(rawValue: 1)
        try ledger.commit([
            .started(stage.key, attempt, on: Self.worker, node: Self.node, at: time(200)),
            .ended(stage.key, attempt, failure: failure, at: time(205)),
            .stands(
                StageRecord(
                    key: stage.key, standing: .failed(failure), attempts: 1,
                    setback: StageRecord.Setback(failure, at: time(205)))),
        ])
    }

    /// Writes what a worker said at a stage's first attempt.
    func say(_ text: String, at stage: PlannedStage) throws {
        try StageLogs(store: folder.path).append(text, at: 0, to: stage.key, Attempt(rawValue: 1))
    }
}
