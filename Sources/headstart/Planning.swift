import Configuration
import Experiments
import Tasks
import Training

extension SweepRequest {
    /// Reads the model and the datasets that the request names, so that what is wrong with them is known before
    /// anything trains, and plans its stages.
    func plan(dataDirectory: String) throws -> SweepPlan {
        let pretrained = try PretrainedModel(directory: model.directory)
        let location = ModelLocation(
            name: model.name, path: pretrained.backbone.directory, content: try pretrained.backbone.contentDigest())
        let planned = try datasets.map { definition in
            let dataset = try Dataset.load(definition, in: dataDirectory)
            let content = try Dataset.contentDigest(definition, in: dataDirectory)
            return PlannedTask(definition: definition, content: content, trainCount: dataset.train.count)
        }
        let plan = try plan(model: location, dataDirectory: dataDirectory, tasks: planned)
        for stage in plan.stages { try checkFit(stage.specification.recipe, pretrained.backbone) }
        return plan
    }
}
