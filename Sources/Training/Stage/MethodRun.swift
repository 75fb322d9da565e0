package import Collectives
package import Experiments
import Foundation

/// Runs the stages of one method here, one after another, without a coordinator: what `headstart train` does.
///
/// The last stage's artifacts and `run.json` go into the directory itself, an earlier stage's into `stage-1`,
/// `stage-2`, ... in it. Started again, it continues: finished stages are kept, the one under way resumes.
package struct MethodRun {
    private let plan: SweepPlan
    private let row: SweepRow
    private let directory: String
    private let givenFiles: [ArtifactReference: String]

    /// - Parameters:
    ///   - plan: of exactly one row.
    ///   - givenFiles: where the bytes of what stages were given lie.
    package init(_ plan: SweepPlan, directory: String, givenFiles: [ArtifactReference: String] = [:]) {
        precondition(plan.rows.count == 1, "a method run has one task, one method and one seed")
        self.plan = plan
        row = plan.rows[0]
        self.directory = directory
        self.givenFiles = givenFiles
    }

    /// Called on every rank with the same plan.
    /// - Returns: the last stage.
    package func run(
        _ trainer: StageTrainer, _ communicator: any Communicator, observer: any StageObserver
    ) throws(StageFailure) -> TrainedStage {
        var done: [StageKey: TrainedStage] = [:]
        // The plan lists every stage after those it starts from; the row, as its method does.
        for stage in plan.stages {
            guard let index = row.stages.lastIndex(of: stage.key) else { continue }
            let isLast = index == row.stages.count - 1
            let folder = isLast ? directory : "\(directory)/stage-\(index + 1)"
            done[stage.key] = try train(stage, in: folder, from: done, trainer, communicator, observer)
        }
        guard let last = row.stages.last.flatMap({ done[$0] }) else {
            preconditionFailure("a row's stages are all in its plan")
        }
        return last
    }

    private func train(
        _ stage: PlannedStage, in folder: String, from done: [StageKey: TrainedStage], _ trainer: StageTrainer,
        _ communicator: any Communicator, _ observer: any StageObserver
    ) throws(StageFailure) -> TrainedStage {
        let run = RunDirectory(folder)
        if let finished = try finishedRun(run, of: stage, communicator) { return finished }
        guard let task = plan.task(named: stage.task) else { preconditionFailure("a stage's task is in its plan") }
        var inputs: [ArtifactKind: String] = [:]
        for input in stage.specification.inputs { inputs[input.kind] = done[input.from]?.files[input.kind] }
        for artifact in stage.specification.given { inputs[artifact.kind] = givenFiles[artifact] }
        let job = StageJob(
            planned: stage, task: task.definition, modelDirectory: plan.model.path, dataDirectory: plan.dataDirectory,
            inputs: inputs, workDirectory: "\(directory)/work", outputDirectory: folder)
        if communicator.rank == 0 { observer.noted("\(stage.label): \(stage.key.short)") }
        let outcome = try trainer.run(job, observer: observer)
        let record = TrainedStage.Record(
            label: stage.label, specification: stage.specification, model: plan.model, task: task.definition,
            result: outcome.result)
        try communicator.agree {
            guard communicator.rank == 0 else { return }
            try run.write(record)
            try StageTrainer.removeCheckpoint(of: stage.key, in: job.workDirectory)
        }
        return try communicator.agree { try run.read() }
    }

    /// Every rank of a local run sees the same folder.
    private func finishedRun(
        _ run: RunDirectory, of stage: PlannedStage, _ communicator: any Communicator
    ) throws(StageFailure) -> TrainedStage? {
        let isThere = FileManager.default.fileExists(atPath: "\(run.path)/run.json")
        let trained = try communicator.agree { isThere ? try run.read() : nil }
        guard let trained else { return nil }
        guard trained.record.specification == stage.specification else {
            throw StageFailure(
                .badInput, "\(run.path): holds a run with other settings; name another folder for this one")
        }
        // A run that has not measured all that is asked for now is made again.
        let measured = trained.record.result.measured
        return stage.measures.allSatisfy(measured.contains) ? trained : nil
    }
}
