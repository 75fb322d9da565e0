import Experiments
import Foundation

extension StageCost {
    /// - Parameter artifactBytes: of all that the stage yields but its log.
    init(of stage: PreparedStage, _ state: TrainingState, artifactBytes: Int) {
        let examples = (0..<state.step).reduce(0) { $0 + stage.timetable.batch(ofStep: $1).count }
        var usage = rusage()
        // It fails for wrong arguments alone.
        _ = getrusage(RUSAGE_SELF.rawValue, &usage)
        self.init(
            seconds: state.seconds, examplesPerSecond: state.stepSeconds > 0 ? Double(examples) / state.stepSeconds : 0,
            tokensPerSecond: state.tokensPerSecond, peakMemoryBytes: usage.ru_maxrss << 10,
            trainable: stage.store.arena.count, artifactBytes: artifactBytes, reducedBytes: state.reducedBytes)
    }
}
