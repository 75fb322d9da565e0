import Coordinator
import Experiments
import Files
import Reports

/// Shows how a sweep goes on: a block of lines that is drawn over itself on a terminal, else a line for each stage
/// that ends.
final class ProgressDisplay {
    private var last: LiveProgress
    private var drawn: [String] = []
    private let forecast: (SweepPlan) throws -> [StageKey: StageForecast]
    /// Of a plan with so many stages.
    private var known: (stages: Int, forecasts: [StageKey: StageForecast]) = (0, [:])

    /// - Parameter forecast: says what the stages of a plan are to take.
    init(from snapshot: SweepSnapshot, forecast: @escaping (SweepPlan) throws -> [StageKey: StageForecast]) {
        last = LiveProgress(snapshot, workers: 0)
        self.forecast = forecast
    }

    var sweep: String { last.snapshot.plan.name }
    var stageCount: String { PlanListing.stageCount(last.snapshot.plan) }

    func show(_ status: CoordinatorStatus) {
        guard let plan = status.plans.first else { return }
        var snapshot = SweepSnapshot(plan, status.stages)
        snapshot.forecasts = forecasts(of: plan)
        let now = LiveProgress(snapshot, workers: status.workerCount, trouble: status.trouble)
        do throws(FileError) {
            if Screen.isTerminal {
                try draw(now.lines(width: Screen.width))
            } else {
                for line in now.news(since: last) { try Screen.line(line) }
            }
        } catch {
            // What cannot be shown must not end the sweep.
            Screen.complain("\(error)")
        }
        last = now
    }

    /// Anew where a search has led to more stages.
    private func forecasts(of plan: SweepPlan) -> [StageKey: StageForecast] {
        guard plan.stages.count != known.stages else { return known.forecasts }
        known = (plan.stages.count, [:])
        do {
            known.forecasts = try forecast(plan)
        } catch {
            // The sweep goes on without.
            Screen.complain("how long stages take is not known: \(error)")
        }
        return known.forecasts
    }

    /// Goes up to the block's first line, and clears from there to the end of the screen.
    private func draw(_ lines: [String]) throws(FileError) {
        guard lines != drawn else { return }
        let back = drawn.isEmpty ? "" : "\u{1B}[\(drawn.count)A\u{1B}[J"
        try Screen.draw(back + lines.map { $0 + "\n" }.joined())
        drawn = lines
    }
}
