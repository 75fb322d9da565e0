import ArgumentParser
import Experiments
import Training

/// Another task than the one that a model was trained on.
struct FittingOptions: ParsableArguments {
    @Option(
        name: .long,
        help: "The task that says how rows are read, a name in tasks.yaml; the one that was trained on otherwise.",
        completion: .tasks)
    var task: String?

    @OptionGroup var data: DataOptions

    /// - Returns: nil where no task is named.
    func definition(for record: TrainedStage.Record) throws -> TaskDefinition? {
        guard let task else { return nil }
        let definition = try data.task(named: task)
        if let objection = definition.objection(toModelOf: record.task) { throw BadRequest(objection) }
        return definition
    }
}
