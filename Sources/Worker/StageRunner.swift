package import Experiments
package import Training

/// Trains the stages that a worker group is handed. `StageTrainer` does; tests have runners of their own.
package protocol StageRunner: AnyObject {
    /// Called on every rank with the same job, on the main thread.
    /// - Parameter observer: for rank 0; the other ranks' calls to it are ignored.
    func run(_ job: StageJob, observer: any StageObserver) throws(StageFailure) -> StageOutcome
}

extension StageTrainer: StageRunner {}
