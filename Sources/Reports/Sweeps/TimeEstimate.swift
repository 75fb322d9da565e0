package import Experiments

/// How long stages take: what was forecast for this host, corrected by what stages like them have taken since. Without a
/// forecast their steps stand in for it, and only what is like something finished can be told.
///
/// Most alike is the same stage on other seeds, then stages that tune the same on the same task, then those that tune the
/// same; a forecast is corrected by any others, too.
struct TimeEstimate {
    private let plan: SweepPlan
    private let forecasts: [StageKey: StageForecast]
    private let isForecast: Bool
    /// Seconds that stages have taken, and what was expected of them.
    private var taken: [Likeness: (seconds: Double, expected: Double)] = [:]

    private enum Likeness: Hashable {
        case stage(task: String, label: String)
        case task(String, Tune)
        case tune(Tune)
        case any
    }

    /// - Parameter finished: the steps that stages took, and their seconds; of several alike together.
    init(
        _ plan: SweepPlan, _ forecasts: [StageKey: StageForecast],
        finished: [(stage: PlannedStage, steps: Int, seconds: Double)]
    ) {
        self.plan = plan
        self.forecasts = forecasts
        isForecast = plan.stages.allSatisfy { forecasts[$0.key]?.seconds != nil }
        for (stage, steps, seconds) in finished where steps > 0 {
            // What was stopped early took but a part of what was expected.
            let expected = expected(of: stage, steps: steps)
            for likeness in likenesses(of: stage) {
                let known = taken[likeness] ?? (0, 0)
                taken[likeness] = (known.seconds + seconds, known.expected + expected)
            }
        }
    }

    init(_ snapshot: SweepSnapshot) {
        self.init(
            snapshot.plan, snapshot.forecasts,
            finished: snapshot.stages.compactMap { stage, record in
                record.result.map { (stage, $0.steps, $0.seconds) }
            })
    }

    /// - Parameters:
    ///   - steps: of the stage.
    ///   - done: those that are done already.
    /// - Returns: the seconds that are left of a stage; nil where nobody can tell.
    func seconds(of stage: PlannedStage, steps: Int, done: Int = 0) -> Double? {
        let known = likenesses(of: stage).lazy.compactMap { taken[$0] }.first { $0.expected > 0 }
        guard isForecast || known != nil else { return nil }
        let correction = known.map { $0.seconds / $0.expected } ?? 1
        let fixed = forecasts[stage.key]?.fixedSeconds ?? 0
        return max(0, correction * expected(of: stage, steps: max(0, steps - done))) + fixed
    }

    /// Of so many of its steps, evaluations among them: seconds, or the steps themselves.
    private func expected(of stage: PlannedStage, steps: Int) -> Double {
        guard isForecast, let seconds = forecasts[stage.key]?.seconds else { return Double(steps) }
        return seconds * Double(steps) / Double(max(1, plan.steps(of: stage)))
    }

    private func likenesses(of stage: PlannedStage) -> [Likeness] {
        let tune = stage.specification.recipe.tune
        return [.stage(task: stage.task, label: stage.label), .task(stage.task, tune), .tune(tune)]
            + (isForecast ? [.any] : [])
    }
}

extension SweepSnapshot {
    /// Seconds until all stages have ended.
    /// - Parameter groups: worker groups that share them.
    /// - Returns: nil where it is not known of some stage.
    package func secondsLeft(groups: Int = 1) -> Double? {
        let estimate = TimeEstimate(self)
        var left: [(key: StageKey, inputs: [StageKey], seconds: Double)] = []
        for (stage, record) in stages where !record.state.isFinal {
            let steps = record.progress?.steps ?? steps(of: stage)
            guard let seconds = estimate.seconds(of: stage, steps: steps, done: record.progress?.step ?? 0) else {
                return nil
            }
            left.append((stage.key, stage.specification.inputs.map(\.from), seconds))
        }
        return ListSchedule(left).seconds(groups: groups)
    }
}

extension SweepSummary {
    /// Seconds until all stages have ended, for one worker group.
    /// - Returns: nil where it is not known of some stage.
    package func secondsLeft(_ forecasts: [StageKey: StageForecast]) -> Double? {
        let estimate = TimeEstimate(plan, forecasts, finished: groups.map { ($0.last, $0.steps, $0.seconds) })
        var seconds = 0.0
        for group in groups {
            let open = group.states.reduce(0) { $0 + ($1.key.isFinal ? 0 : $1.value) }
            guard open > 0 else { continue }
            let steps = plan.steps(of: group.last)
            guard let first = estimate.seconds(of: group.first, steps: steps),
                let any = estimate.seconds(of: group.last, steps: steps)
            else { return nil }
            // What only the first does of them, as to read the texts, is left where none has ended.
            let isBegun = group.states.keys.contains(where: \.isFinal)
            seconds += isBegun ? any * Double(open) : first + any * Double(open - 1)
        }
        return seconds
    }
}

/// "45 s", "12 min", "3 h 05 min".
package func duration(seconds: Double) -> String {
    let whole = Int(seconds.rounded())
    if whole < 90 { return "\(whole) s" }
    let minutes = (whole + 30) / 60
    if minutes < 90 { return "\(minutes) min" }
    return "\(minutes / 60) h \(minutes % 60 < 10 ? "0" : "")\(minutes % 60) min"
}

/// "512 MiB", "1.4 GiB".
package func memory(bytes: Int) -> String {
    bytes < 1 << 30 ? "\((bytes + (1 << 19)) >> 20) MiB" : "\(decimals(Double(bytes) / Double(1 << 30), 1)) GiB"
}
