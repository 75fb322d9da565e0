/// What a stage will take, known before it runs.
package struct StageForecast: Codable, Hashable, Sendable {
    /// From the first step to the last evaluation; nil where nobody knows how fast the host is.
    package var seconds: Double?
    /// Before the first step and after the last.
    package var fixedSeconds: Double
    /// The most memory of one of the processes that train it.
    package var peakBytes: Int
    /// In how many times more parts than the recipe says a batch is worked off, so that it fits into memory.
    package var batchParts: Int
    /// Whether layers compute their activations again.
    package var recomputes: Bool
    /// Whether it can be trained in the memory that its processes may take; where not, they refuse it.
    package var fits: Bool

    package init(
        seconds: Double?, fixedSeconds: Double, peakBytes: Int, batchParts: Int = 1, recomputes: Bool = false,
        fits: Bool = true
    ) {
        self.seconds = seconds
        self.fixedSeconds = fixedSeconds
        self.peakBytes = peakBytes
        self.batchParts = batchParts
        self.recomputes = recomputes
        self.fits = fits
    }
}
