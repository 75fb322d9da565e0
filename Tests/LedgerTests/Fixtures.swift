import Experiments
import Files
import Foundation
import GRDB
import Ledger
import TestKit

extension TemporaryFolder {
    var ledgerFile: String { self["ledger.sqlite"] }

    /// The first column of what the ledger answers, as text.
    func query(_ sql: String) throws -> [String] {
        try DatabaseQueue(path: ledgerFile).read { try String.fetchAll($0, sql: sql) }
    }

    func execute(_ sql: String) throws {
        try DatabaseQueue(path: ledgerFile).write { try $0.execute(sql: sql) }
    }
}

let anyDigest = Digest(of: Array("any".utf8))
let worker = WorkerID(rawValue: "worker-1")
let node = NodeSettings(ranks: 2, threads: 4, host: "node-3", blasCore: "SkylakeX")
let first = Attempt(rawValue: 1)
let second = Attempt(rawValue: 2)

func at(_ milliseconds: Int64) -> Timestamp { Timestamp(rawValue: milliseconds) }

/// A first stage and stages that start from its head, one a seed.
func makePlan(name: String = "sweep", seeds: [UInt64] = [1, 2]) throws -> SweepPlan {
    let task = TaskDefinition(
        name: "rte", train: "train.tsv", dev: "dev.tsv", format: .tsv, text: .name("a"), label: .name("label"),
        labels: ["0", "1"], metrics: [.accuracy])
    let source = try makeStage(label: "eh-ft/1", seed: 1, from: nil, outputs: [.head])
    let followers = try seeds.map { try makeStage(label: "eh-ft/2", seed: $0, from: source.key, outputs: []) }
    let rows = followers.map { stage in
        SweepRow(task: "rte", method: "eh-ft", seed: stage.specification.seed, stages: [source.key, stage.key])
    }
    return SweepPlan(
        name: name, model: ModelLocation(name: "minilm", path: "/model", content: anyDigest), dataDirectory: "/data",
        tasks: [PlannedTask(definition: task, content: anyDigest, trainCount: 100)], stages: [source] + followers,
        rows: rows)
}

private func makeStage(
    label: String, seed: UInt64, from source: StageKey?, outputs: Set<ArtifactKind>
) throws -> PlannedStage {
    let specification = StageSpecification(
        backbone: anyDigest, task: anyDigest, recipe: Recipe(), seed: seed,
        inputs: source.map { [StageInput(kind: .head, from: $0)] } ?? [])
    return PlannedStage(
        key: try specification.key(), specification: specification, task: "rte", label: label, outputs: outputs)
}

func makeResult(artifacts: [ArtifactReference] = []) -> StageResult {
    StageResult(
        scores: [Score(split: .dev, metric: .accuracy, value: 0.7148)], steps: 10, finalLoss: 0.7, tokens: 1000,
        seconds: 1.5, tokensPerSecond: 666.6, trainable: 10, parameters: anyDigest, artifacts: artifacts, node: node)
}

let head = ArtifactReference(id: ArtifactID(rawValue: anyDigest), kind: .head, byteCount: 7)
