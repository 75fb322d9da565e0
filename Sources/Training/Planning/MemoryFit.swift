import Encoders
import Experiments
import Numerics

/// How a stage is made to fit into the memory that a process may take.
struct MemoryFit {
    /// In how many times more parts than the recipe says a batch is worked off, which changes results by rounding.
    let batchParts: Int
    /// Whether layers compute their activations again, which changes no bit.
    let recomputes: Bool
    /// What was done, as a sentence; nil where nothing was.
    let sentence: String?

    /// - Parameters:
    ///   - ranks: that train it.
    ///   - bytes: what each of them may take.
    init(
        of job: StageJob, _ store: ParameterStore, _ data: EncodedDataset, ranks: Int, into bytes: Int
    ) throws(StageFailure) {
        var moving = [Int](repeating: 0, count: store.table.parameters.count)
        for segment in store.arena.segments { moving[segment.parameter] = segment.range.count }
        var costs = StageCosts(
            job.planned, store.table, moving: moving, TaskLengths(data), weightBytes: store.backbone.weightBytes,
            ranks: ranks, computesFeatures: true,
            rowsAreIndependent: Compute.rowsAreIndependent(job.specification.recipe.precision.format))
        let fits = costs.fit(into: bytes)
        (batchParts, recomputes) = (costs.batchParts, costs.recomputes)
        guard fits else {
            throw StageFailure(
                .tooLarge,
                """
                the stage needs \(costs.peakBytes >> 20) MiB even where single examples go through the network and \
                activations are computed again, and --memory allows \(bytes >> 20) MiB; allow as much, cut the texts \
                (max-length), or tune fewer parameters
                """)
        }
        let parts = batchParts > 1 ? "batches are worked off in \(batchParts) parts" : nil
        let again = recomputes && !job.planned.recomputes ? "activations are computed again" : nil
        let done = [parts, again].compactMap { $0 }.joined(separator: " and ")
        sentence = done.isEmpty ? nil : "\(done), to stay under \(bytes >> 20) MiB"
    }
}
