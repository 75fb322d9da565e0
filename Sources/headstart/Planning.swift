import Configuration
import Experiments
import Ledger
import Tasks
import Training

extension SweepRequest {
    /// Reads the model and the datasets that the request names, so that what is wrong with them is known before
    /// anything trains.
    func prepare(dataDirectory: String) throws -> PreparedSweep {
        let pretrained = try PretrainedModel(directory: model.directory)
        let location = ModelLocation(
            name: model.name, path: pretrained.backbone.directory, content: try pretrained.backbone.contentDigest())
        let planned = try datasets.map { definition in
            let dataset = try Dataset.load(definition, in: dataDirectory)
            let content = try Dataset.contentDigest(definition, in: dataDirectory)
            return PlannedTask(definition: definition, content: content, trainCount: dataset.train.count)
        }
        let sweep = PreparedSweep(self, model: location, dataDirectory: dataDirectory, tasks: planned)
        for stage in try sweep.plan().stages { try checkFit(stage.specification.recipe, pretrained.backbone) }
        return sweep
    }
}

extension GrowingPlan {
    /// The plan before anything has run.
    func plan() throws -> SweepPlan { try plan { _ in nil } }

    /// The plan as far as a store's results lead.
    func plan(knowing ledger: LedgerReader) throws -> SweepPlan {
        var plan = try plan()
        while true {
            let known = try ledger.known(of: plan)
            let next = try self.plan { known[$0]?.standing }
            guard next != plan else { return plan }
            plan = next
        }
    }
}
