import Configuration
import Experiments
import Files
import Testing

/// A search of what the table reports, unless it says what it is on: the seeds of the table are its own.
func onDev(_ search: String) -> String {
    search.contains("on: ") ? search : search.replacing("{ ", with: "{ on: dev, ", maxReplacements: 1)
}

/// A sweep with one task and one method that searches, unless the arguments say otherwise.
func searching(
    _ search: String, tasks: String = "[cb]", seeds: String = "1..2", methods: String = "[finetune]"
) -> String {
    sweep(tasks: tasks, seeds: seeds, methods: methods, more: "search: \(onDev(search))")
}

/// What became of a stage; it diverged without a score.
func ended(_ score: Double?, by metric: Metric = .accuracy, on split: Split = .dev) -> StageStanding {
    guard let score else { return .failed(StageFailure(.diverged, "diverged")) }
    let result = StageResult(
        scores: [Score(split: split, metric: metric, value: score)], steps: 1, finalLoss: 0, tokens: 0,
        seconds: 0, tokensPerSecond: 0, trainable: 0, parameters: Digest(of: []), artifacts: [],
        node: NodeSettings(ranks: 1, threads: 1, host: "", blasCore: ""))
    return .finished(result)
}

extension Fixture {
    /// Plans again and again with the results of all that was planned, until nothing more is.
    func finish(
        _ request: SweepRequest, on split: Split = .dev,
        score: (StageSpecification) -> Double? = { -$0.recipe.learningRate }
    ) throws -> SweepPlan {
        var known: [StageKey: StageStanding] = [:]
        var plan = try self.plan(request, knowing: known)
        while true {
            for stage in plan.stages {
                let metric = plan.task(named: stage.task)?.definition.metrics.first ?? .accuracy
                known[stage.key] = ended(score(stage.specification), by: metric, on: split)
            }
            let next = try self.plan(request, knowing: known)
            #expect(Set(plan.stages.map(\.key)).isSubset(of: next.stages.map(\.key)), "a plan only grows")
            if next == plan { return plan }
            plan = next
        }
    }
}
