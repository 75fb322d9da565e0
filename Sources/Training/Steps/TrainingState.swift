import Experiments

/// Where a stage stands between two steps, beside its arena.
struct TrainingState: Codable, Equatable {
    /// Steps done.
    var step = 0
    /// Σ of the steps' mean losses since the last evaluation, and how many they are.
    var lossSum = 0.0
    var lossCount = 0
    /// The mean loss of the last step.
    var lastLoss = 0.0
    /// Real tokens trained on so far, over all ranks.
    var tokens = 0
    /// Seconds spent in all, and in training steps alone, over all attempts.
    var seconds = 0.0
    var stepSeconds = 0.0
    /// Those of the tokens and steps whose seconds no longer count as spent in steps.
    @Implied<Zero<Int>> private(set) var uncountedTokens: Int
    @Implied<Zero<Int>> private(set) var uncountedSteps: Int
    /// Goes on where the checkpoint ends, so that no step is in it twice.
    @Implied<Plain<TrainingCurve>> var curve: TrainingCurve
    /// The last evaluation, and the best one where the recipe selects it.
    var latest: Evaluation?
    var best: Evaluation?
    /// Evaluations since the score was last better than ever before.
    @Implied<Zero<Int>> var evaluationsWithoutGain: Int
    /// Bytes of gradients of one rank that went into sums over the ranks.
    var reducedBytes = 0
    /// What the measurements have noted; nil where none was asked for.
    var log: StageLog?

    mutating func add(loss: Double, tokens: Int) {
        step += 1
        lossSum += loss
        lossCount += 1
        lastLoss = loss
        self.tokens += tokens
    }

    /// Evaluations and checkpoints left out.
    var tokensPerSecond: Double { stepSeconds > 0 ? Double(tokens - uncountedTokens) / stepSeconds : 0 }

    /// From here on `tokensPerSecond` is that of later steps alone.
    mutating func countAnew() { (uncountedTokens, uncountedSteps, stepSeconds) = (tokens, step, 0) }

    /// - Returns: the mean loss since the last evaluation, and begins a new mean.
    mutating func takeMeanLoss() -> Double {
        defer { (lossSum, lossCount) = (0, 0) }
        return lossCount == 0 ? lastLoss : lossSum / Double(lossCount)
    }
}
