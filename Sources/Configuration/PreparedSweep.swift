package import Experiments

/// A sweep with all that it reads known: from here on its plan is a function of results alone.
package struct PreparedSweep: GrowingPlan {
    private let request: SweepRequest
    private let model: ModelLocation
    private let dataDirectory: String
    private let tasks: [PlannedTask]

    /// - Parameters:
    ///   - model: what the request's model turned out to be.
    ///   - tasks: what its datasets turned out to be.
    package init(_ request: SweepRequest, model: ModelLocation, dataDirectory: String, tasks: [PlannedTask]) {
        self.request = request
        self.model = model
        self.dataDirectory = dataDirectory
        self.tasks = tasks
    }

    package func plan(knowing standing: (StageKey) -> StageStanding?) throws -> SweepPlan {
        try request.plan(model: model, dataDirectory: dataDirectory, tasks: tasks, knowing: standing)
    }
}
