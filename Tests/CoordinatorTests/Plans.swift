import Experiments
import Files
import Foundation
import TestKit
import Transport

extension TemporaryFolder {
    /// Of a coordinator whose store this is.
    var endpoint: Endpoint { .ipc(path: self["socket"]) }
}

private let digest = Digest(of: Array("any".utf8))

/// A first stage and stages that start from its head, one a seed.
func makePlan(seeds: [UInt64] = [1]) throws -> SweepPlan {
    let task = TaskDefinition(
        name: "rte", train: "train.tsv", dev: "dev.tsv", format: .tsv, text: .name("a"), label: .name("label"),
        labels: ["0", "1"], metrics: [.accuracy])
    let source = try makeStage(label: "eh-ft/1", seed: 1, from: nil, outputs: [.head])
    let followers = try seeds.map { try makeStage(label: "eh-ft/2", seed: $0, from: source.key, outputs: []) }
    let rows = followers.map { stage in
        SweepRow(task: "rte", method: "eh-ft", seed: stage.specification.seed, stages: [source.key, stage.key])
    }
    return SweepPlan(
        name: "sweep", model: ModelLocation(name: "minilm", path: "/model", content: digest), dataDirectory: "/data",
        tasks: [PlannedTask(definition: task, content: digest, trainCount: 100)], stages: [source] + followers,
        rows: rows)
}

/// First stages, and behind each a stage that starts from its head.
func makeChains(_ count: Int) throws -> SweepPlan {
    let single = try makePlan()
    let sources = try (1...count).map { try makeStage(label: "1", seed: UInt64($0), from: nil, outputs: [.head]) }
    let followers = try sources.map { source in
        try makeStage(label: "2", seed: source.specification.seed, from: source.key, outputs: [])
    }
    return SweepPlan(
        name: "chains", model: single.model, dataDirectory: single.dataDirectory, tasks: single.tasks,
        stages: sources + followers, rows: [])
}

private func makeStage(
    label: String, seed: UInt64, from source: StageKey?, outputs: Set<ArtifactKind>
) throws -> PlannedStage {
    let specification = StageSpecification(
        backbone: digest, task: digest, recipe: Recipe(), seed: seed,
        inputs: source.map { [StageInput(kind: .head, from: $0)] } ?? [])
    return PlannedStage(
        key: try specification.key(), specification: specification, task: "rte", label: label, outputs: outputs)
}

func makeResult(_ artifacts: [ArtifactReference]) -> StageResult {
    StageResult(
        scores: [Score(split: .dev, metric: .accuracy, value: 0.5)], steps: 10, finalLoss: 0.7, tokens: 1000,
        seconds: 1.5, tokensPerSecond: 666, trainable: 10, parameters: digest, artifacts: artifacts,
        node: NodeSettings(ranks: 1, threads: 1, host: "here", blasCore: "generic"))
}

/// Bytes of more than two chunks, and what names them.
func makeHead() -> (bytes: [UInt8], reference: ArtifactReference) {
    let bytes = (0..<2_500_000).map { UInt8(truncatingIfNeeded: $0 &* 2_654_435_761 >> 7) }
    let id = ArtifactID(rawValue: Digest(of: bytes))
    return (bytes, ArtifactReference(id: id, kind: .head, byteCount: bytes.count))
}
