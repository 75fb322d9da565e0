package import Experiments
package import Files

/// Stands for any content.
package let anyDigest = Digest(of: Array("test".utf8))

package let anyNode = NodeSettings(ranks: 2, threads: 4, host: "node-3", blasCore: "SkylakeX")

package let anyTask = TaskDefinition(
    name: "rte", train: "train.tsv", dev: "dev.tsv", format: .tsv, text: .name("a"), label: .name("label"),
    labels: ["0", "1"], metrics: [.accuracy])

package func makeSpecification(
    seed: UInt64, _ recipe: Recipe = Recipe(), from inputs: [StageInput] = []
) -> StageSpecification {
    StageSpecification(backbone: anyDigest, task: anyDigest, recipe: recipe, seed: seed, inputs: inputs)
}

/// - Parameter source: the stage whose head it starts from.
package func makeStage(
    label: String, seed: UInt64, from source: StageKey? = nil, outputs: Set<ArtifactKind> = []
) throws -> PlannedStage {
    let specification = makeSpecification(seed: seed, from: source.map { [StageInput(kind: .head, from: $0)] } ?? [])
    return PlannedStage(
        key: try specification.key(), specification: specification, task: anyTask.name, label: label, outputs: outputs)
}

package func makePlan(name: String = "sweep", stages: [PlannedStage], rows: [SweepRow] = []) -> SweepPlan {
    SweepPlan(
        name: name, model: ModelLocation(name: "minilm", path: "/model", content: anyDigest), dataDirectory: "/data",
        tasks: [PlannedTask(definition: anyTask, content: anyDigest, trainCount: 100)], stages: stages, rows: rows)
}

/// A stage that is given artifacts as files.
package func makeStage(label: String, seed: UInt64, given: [ArtifactReference]) throws -> PlannedStage {
    let plain = makeSpecification(seed: seed)
    let specification = StageSpecification(
        backbone: plain.backbone, task: plain.task, recipe: plain.recipe, seed: seed, given: given)
    return PlannedStage(
        key: try specification.key(), specification: specification, task: anyTask.name, label: label, outputs: [])
}

/// A first stage and stages that start from its head, one a seed.
package func makePlan(name: String = "sweep", seeds: [UInt64] = [1]) throws -> SweepPlan {
    let source = try makeStage(label: "eh-ft/1", seed: 1, outputs: [.head])
    let followers = try seeds.map { try makeStage(label: "eh-ft/2", seed: $0, from: source.key) }
    let rows = followers.map { stage in
        SweepRow(task: "rte", method: "eh-ft", seed: stage.specification.seed, stages: [source.key, stage.key])
    }
    return makePlan(name: name, stages: [source] + followers, rows: rows)
}

/// What a stage that yielded these artifacts has come to.
package func makeResult(artifacts: [ArtifactReference] = []) -> StageResult {
    StageResult(
        scores: [Score(split: .dev, metric: .accuracy, value: 0.7148)], steps: 10, finalLoss: 0.7, tokens: 1000,
        seconds: 1.5, tokensPerSecond: 666.6, trainable: 10, parameters: anyDigest, artifacts: artifacts, node: anyNode)
}
