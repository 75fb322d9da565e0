import Experiments
import Files
import Foundation

import Configuration
import TestKit

/// A folder with catalogs and sweep files, gone when the test is.
final class Fixture {
    private let folder: TemporaryFolder
    private let environment: [String: String]

    init() throws {
        folder = try TemporaryFolder()
        environment = [
            "HOME": "/nowhere", "HEADSTART_CONFIGS": folder.path, "MODELS": folder.path,
            "HF_HUB_CACHE": folder["hub"],
        ]
        try FileManager.default.createDirectory(atPath: folder["tiny-bert"], withIntermediateDirectories: true)
        try write("models.yaml", Self.models)
        try write("tasks.yaml", Self.tasks)
        try write("methods.yaml", Self.methods)
    }

    var directory: String { folder.path }

    func write(_ name: String, _ text: String) throws {
        try folder.write(text, to: name)
    }

    func catalogs() throws -> Catalogs {
        try Catalogs.read(program: nil, environment: environment)
    }

    func read(_ sweep: String, set overrides: [String] = [], catalogs: Catalogs? = nil) throws -> SweepRequest {
        try write("sweep.yaml", sweep)
        return try SweepFile.read(
            directory + "/sweep.yaml", catalogs: catalogs ?? self.catalogs(),
            overrides: overrides.map { try Override($0) })
    }

    /// What a person is told, with the folder's path left out.
    func complaint(_ sweep: String, set overrides: [String] = []) -> String {
        told { _ = try read(sweep, set: overrides) }
    }

    func told(_ body: () throws -> Void) -> String {
        do {
            try body()
            return "nothing"
        } catch {
            return "\(error)".replacing(directory + "/", with: "")
        }
    }

    func plan(_ request: SweepRequest, knowing known: [StageKey: StageStanding] = [:]) throws -> SweepPlan {
        let tasks = request.datasets.map { task in
            PlannedTask(definition: task, content: Digest(of: Array(task.name.utf8)), trainCount: 100)
        }
        let model = ModelLocation(name: request.model.name, path: "/model", content: Digest(of: [1]))
        return try request.plan(model: model, dataDirectory: "/data", tasks: tasks) { known[$0] }
    }

    static let models = """
        tiny: { path: [$UNSET, $MODELS/tiny-bert], fetch: scripts/fetch-tiny }
        absent: { path: $MODELS/absent, fetch: scripts/fetch-absent }
        """

    static let tasks = """
        cb: { train: cb/train.jsonl, dev: cb/val.jsonl, format: jsonl, text: premise, pair: hypothesis, label: label,
              labels: [entailment, contradiction, neutral], metrics: [accuracy, macro-f1] }
        rte: { train: rte/train.tsv, dev: rte/dev.tsv, format: tsv, text: sentence1, pair: sentence2, label: label,
               labels: [entailment, not_entailment], metrics: accuracy }
        stsb: { train: stsb/train.tsv, dev: stsb/dev.tsv, format: tsv, text: sentence1, pair: sentence2, label: score,
                metrics: pearson }
        """

    static let methods = """
        finetune: { tune: all }
        bitfit: { tune: bitfit, lr: 5e-4 }
        eh-ft-bitfit:
          - { tune: bitfit, lr: 5e-4, share: 0.1 }
          - { tune: all, share: 0.9, from: { head: previous } }
        """
}

/// A sweep that is right but for what the arguments change.
func sweep(
    tasks: String = "[cb, rte]", seeds: String = "1..2", defaults: String = "{ epochs: 10 }",
    methods: String = "[finetune, bitfit, eh-ft-bitfit]", more: String = ""
) -> String {
    """
    sweep: small
    model: tiny
    tasks: \(tasks)
    seeds: \(seeds)
    defaults: \(defaults)
    methods: \(methods)
    \(more)
    """
}
