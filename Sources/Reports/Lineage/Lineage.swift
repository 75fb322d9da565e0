package import Configuration
package import Experiments
package import Files

/// Where a stage's numbers come from: the digest of everything that went into it, and the same of the stages that it
/// starts from.
package struct Lineage: Sendable {
    package let key: StageKey
    package let task: String
    /// Its label, as "eh-ft/2".
    package let stage: String
    package let seed: UInt64
    package let model: ModelLocation
    package let data: Data
    /// The digest of the whole recipe.
    package let recipe: Digest
    /// The recipe's settings that are not those of a stage of which nothing is said.
    package let settings: [WrittenSetting]
    /// The version of what training computes.
    package let semantics: Int
    package let state: StageState
    package let attempts: Int
    package let endedAt: Timestamp?
    package let result: StageResult?
    package let inputs: [Input]
    /// Artifacts that it starts from and that no stage made: they were given as files.
    package let given: [ArtifactReference]

    /// The examples that it trains and is scored on.
    package struct Data: Encodable, Hashable, Sendable {
        /// Of the task's definition and all bytes of its files.
        package let content: Digest
        /// The folder on the machine that planned the sweep.
        package let directory: String
        /// The files, by what they are.
        package let files: [String: [String]]
        package let trainCount: Int
        package let devCount: Int?
    }

    /// What an edge of the stage graph brought.
    package struct Input: Sendable {
        package let kind: ArtifactKind
        /// The digest of its bytes; nil where the stage that makes it has not finished.
        package let artifact: ArtifactID?
        package let from: Lineage
    }

    /// What is known of a stage.
    package struct Known: Sendable {
        let stage: StageDifferences.Known
        let record: StageRecord
        let endedAt: Timestamp?

        package init(_ stage: StageDifferences.Known, _ record: StageRecord, endedAt: Timestamp?) {
            self.stage = stage
            self.record = record
            self.endedAt = endedAt
        }
    }

    /// - Parameter known: finds the stages that it starts from.
    package init(_ own: Known, known: (StageKey) throws -> Known) throws {
        let (plan, planned) = (own.stage.plan, own.stage.stage)
        let specification = planned.specification
        key = planned.key
        task = planned.task
        stage = planned.label
        seed = specification.seed
        model = plan.model
        data = Data(plan.task(named: planned.task), specification.task, plan.dataDirectory)
        recipe = try Digest(ofCanonicalJSON: specification.recipe)
        settings = Settings.written(specification.recipe).filter { !$0.isDefault }
        semantics = specification.semantics
        state = own.record.state
        attempts = own.record.attempts
        endedAt = own.endedAt
        result = own.record.result
        given = specification.given
        inputs = try specification.inputs.map { input in
            let source = try known(input.from)
            return Input(
                kind: input.kind, artifact: source.record.result?.artifact(input.kind)?.id,
                from: try Lineage(source, known: known))
        }
    }
}

extension Lineage.Data {
    fileprivate init(_ task: PlannedTask?, _ content: Digest, _ directory: String) {
        let definition = task?.definition
        let files = [
            ("train", definition?.train), ("dev", definition?.dev), ("validation", definition?.validation),
            ("test", definition?.test),
        ].compactMap { name, files in files.map { (name, $0.paths) } }
        self.init(
            content: content, directory: directory, files: Dictionary(files) { $1 }, trainCount: task?.trainCount ?? 0,
            devCount: task?.devCount)
    }
}

extension Lineage: Encodable {
    package func encode(to encoder: any Encoder) throws {
        let settings = Dictionary(settings.map { ($0.key, $0.value) }) { $1 }
        try encoder.encode([
            "key": key, "task": task, "stage": stage, "seed": seed, "model": model, "data": data, "recipe": recipe,
            "settings": settings, "semantics": semantics, "program": result?.node.program, "state": state,
            "attempts": attempts, "endedAt": endedAt, "scores": result?.scores.filter { $0.split != .test },
            "parameters": result?.parameters,
            "artifacts": result?.artifacts, "node": result?.node, "inputs": inputs,
            "given": given,
        ])
    }
}

extension Lineage.Input: Encodable {
    package func encode(to encoder: any Encoder) throws {
        try encoder.encode(["kind": kind, "artifact": artifact, "from": from])
    }
}
