import Experiments
import Files
import Reports

/// A sweep of two methods, one of them in two stages, on two tasks.
struct Sample {
    let plan: SweepPlan

    /// - Parameters:
    ///   - counted: whether the plan knows how many examples scores are of.
    ///   - tasks: others than CB and CoLA.
    init(
        methods: [String] = ["finetune", "eh_ft"], seeds: [UInt64] = [1, 2], counted: Bool = true,
        tasks others: [PlannedTask]? = nil
    ) throws {
        let tasks =
            others ?? [
                Self.task("cb", trainCount: 250, devCount: counted ? 56 : nil, metrics: [.accuracy, .macroF1]),
                Self.task("cola", trainCount: 8551, devCount: counted ? 1043 : nil, metrics: [.matthews]),
            ]
        var stages: [PlannedStage] = []
        var rows: [SweepRow] = []
        for task in tasks {
            for method in methods {
                for seed in seeds {
                    let added = try Self.stages(of: method, on: task, seed)
                    stages += added
                    rows.append(
                        SweepRow(
                            task: task.definition.tableName, fold: task.definition.fold, method: method, seed: seed,
                            stages: added.map(\.key)))
                }
            }
        }
        plan = SweepPlan(
            name: "small", model: ModelLocation(name: "tiny", path: "/tiny", content: Digest(of: [1])),
            dataDirectory: "/data", tasks: tasks, stages: stages, rows: rows)
    }

    static func task(
        _ name: String, trainCount: Int = 100, devCount: Int? = 50, metrics: [Metric], labels: [String]? = ["a", "b"],
        constant: ConstantPrediction? = nil
    ) -> PlannedTask {
        let definition = TaskDefinition(
            name: name, train: "train", dev: "dev", format: .tsv, text: .name("text"), label: .name("label"),
            labels: labels, metrics: metrics)
        return PlannedTask(
            definition: definition, content: Digest(of: Array(name.utf8)), trainCount: trainCount, devCount: devCount,
            constant: constant)
    }

    private static func stages(of method: String, on task: PlannedTask, _ seed: UInt64) throws -> [PlannedStage] {
        let stage = { (label: String, inputs: [StageInput], change: (inout Recipe) -> Void) in
            var recipe = Recipe()
            change(&recipe)
            let specification = StageSpecification(
                backbone: Digest(of: [1]), task: task.content, recipe: recipe, seed: seed, inputs: inputs)
            return PlannedStage(
                key: try specification.key(), specification: specification, task: task.definition.name, label: label,
                outputs: [.head])
        }
        guard method == "eh_ft" else {
            // Distinct rates keep methods of different names from being one stage.
            return [try stage(method, []) { $0.learningRate = Double(method.count) * 1e-5 }]
        }
        let first = try stage("eh_ft/1", []) {
            $0.tune = .bitfit
            $0.learningRate = 5e-4
            $0.budget = .epochs(0.3)
        }
        let second = try stage("eh_ft/2", [StageInput(kind: .head, from: first.key)]) { $0.budget = .epochs(2.7) }
        return [first, second]
    }

    /// Stages of a task with a label, by seed.
    func keys(_ task: String, _ label: String) -> [StageKey] {
        plan.stages.filter { $0.task == task && $0.label == label }.map(\.key)
    }

    static func finished(
        _ key: StageKey, _ scores: [Score], steps: Int = 24, seconds: Double = 12, confusion: Confusion? = nil
    ) -> StageRecord {
        let node = NodeSettings(ranks: 1, threads: 2, host: "here", blasCore: "SkylakeX")
        let head = ArtifactReference(
            id: ArtifactID(rawValue: Digest(of: Array(key.rawValue.hex.utf8))), kind: .head, byteCount: 3_158_016)
        let result = StageResult(
            scores: scores, confusion: confusion, steps: steps, finalLoss: 0.1, tokens: 1000, seconds: seconds,
            tokensPerSecond: 83,
            trainable: 10, parameters: Digest(of: [2]), artifacts: [head], node: node)
        return StageRecord(key: key, standing: .finished(result), attempts: 1)
    }

    static func accuracy(_ value: Double) -> Score { Score(split: .dev, metric: .accuracy, value: value) }

    /// Some of everything: scores on cb, one failure, one stage that runs, one that was set back, the rest waits.
    var underWay: SweepSnapshot {
        let finetune = keys("cb", "finetune")
        let first = keys("cb", "eh_ft/1")
        let second = keys("cb", "eh_ft/2")
        let lost = StageRecord.Setback(
            StageFailure(.lost, "worker node7 was not heard of for 30 s"), at: Timestamp(rawValue: 5))
        let diverged = StageRecord.Setback(
            StageFailure(.diverged, "the loss is not finite at step 3"), at: Timestamp(rawValue: 9))
        return SweepSnapshot(
            plan,
            [
                Self.finished(finetune[0], [Self.accuracy(0.8), Score(split: .dev, metric: .macroF1, value: 0.5)]),
                Self.finished(finetune[1], [Self.accuracy(0.9), Score(split: .train, metric: .macroF1, value: 1)]),
                Self.finished(first[0], [Self.accuracy(0.7)], steps: 2, seconds: 1),
                Self.finished(first[1], [Self.accuracy(0.6)], steps: 2, seconds: 1),
                Self.finished(second[0], [Self.accuracy(0.75)], steps: 22, seconds: 11),
                StageRecord(
                    key: second[1],
                    standing: .failed(diverged.failure), attempts: 1, setback: diverged),
                StageRecord(
                    key: keys("cola", "finetune")[0], standing: .running(on: WorkerID(rawValue: "node3-1")),
                    attempts: 2,
                    progress: StageProgress(step: 100, steps: 804, loss: 0.61234, tokensPerSecond: 1912.6)),
                StageRecord(
                    key: keys("cola", "finetune")[1], standing: .waiting, attempts: 1, setback: lost),
            ])
    }
}
