/// What is known about a stage at one moment: what reports are made of.
package struct StageRecord: Codable, Hashable, Sendable {
    package var key: StageKey
    package var state: StageState
    /// Assignments so far.
    package var attempts: Int
    /// Who trains it; nil unless it runs.
    package var worker: WorkerID?
    /// How far the current attempt has come, as last heard.
    package var progress: StageProgress?
    /// When the last attempt began.
    package var startedAt: Timestamp?
    /// When the stage came to a state that is final.
    package var endedAt: Timestamp?
    package var result: StageResult?
    /// Why the last attempt that ended without a result did so.
    package var failure: StageFailure?

    package init(
        key: StageKey, state: StageState, attempts: Int = 0, worker: WorkerID? = nil, progress: StageProgress? = nil,
        startedAt: Timestamp? = nil, endedAt: Timestamp? = nil, result: StageResult? = nil,
        failure: StageFailure? = nil
    ) {
        self.key = key
        self.state = state
        self.attempts = attempts
        self.worker = worker
        self.progress = progress
        self.startedAt = startedAt
        self.endedAt = endedAt
        self.result = result
        self.failure = failure
    }
}

/// How far an attempt has come.
package struct StageProgress: Codable, Hashable, Sendable {
    package let step: Int
    package let steps: Int
    package let loss: Double
    package let tokensPerSecond: Double

    package init(step: Int, steps: Int, loss: Double, tokensPerSecond: Double) {
        self.step = step
        self.steps = steps
        self.loss = loss
        self.tokensPerSecond = tokensPerSecond
    }
}
