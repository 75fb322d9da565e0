import Collectives
import Encoders
import Experiments
import Tasks

/// Its memory.
extension StageCosts {
    var peakBytes: Int {
        let memory = network.memory(
            trained: readsFeatures ? LargestPass() : largestTrainedPass, read: largestReadPass,
            activeRows: lengths.distinctTokens,
            dropsAttention: dropsAttention, dropsAdapter: dropsAdapter)
        return processBytes + weightBytes + dataBytes + memory.total + keptBytes + featureBytes + frozenBytes
            + artifactBytes + reductionBytes
    }

    /// Of the sums of gradients that are under way between ranks; see `MPICommunicator`.
    private var reductionBytes: Int {
        ranks == 1 ? 0 : 4 * min(Buckets.mostAtOnce * Buckets.count, network.movingCount)
    }

    /// The largest of what goes through the network at once, over the first epoch of one seed.
    private var largestTrainedPass: LargestPass {
        var largest = LargestPass()
        guard let file = lengths[.train], !file.sequences.isEmpty else { return largest }
        let order = DataOrder.order(
            epoch: 0, count: trained, seed: stage.specification.seed, shuffle: recipe.shuffle
        ).map { $0 % file.sequences.count }
        let tokens = file.tokens
        let size = recipe.estimate.map { $0.unit == .example ? 1 : recipe.batch } ?? recipe.batch
        for start in stride(from: 0, to: order.count, by: size) {
            let mine = DataOrder.share(
                of: Array(order[start..<min(start + size, order.count)]), lengths: { tokens[$0] }, rank: 0, of: ranks)
            for part in 0..<passesOfBatch {
                let examples = Array(mine[DataOrder.part(of: mine.count, rank: part, of: passesOfBatch)])
                for pack in packs(of: examples, ofTokens: TextLearner.mostTokens, lengths: { tokens[$0] }) {
                    include(examples[pack], of: file, in: &largest)
                }
            }
        }
        return largest
    }

    /// The largest of what is evaluated at once, or read for features.
    private var largestReadPass: LargestPass {
        var largest = LargestPass()
        guard recipe.estimate == nil else { return largest }
        let read: [DataFile] =
            readsFeatures ? DataFile.allCases : [.dev, .validation, .test] + (heldOut > 0 ? [.train] : [])
        for file in read.compactMap({ lengths[$0] }) {
            let tokens = file.tokens
            let examples = Array(file.sequences.indices)
            for pack in packs(of: examples, lengths: { tokens[$0] }) { include(examples[pack], of: file, in: &largest) }
        }
        return largest
    }

    private func include(_ examples: ArraySlice<Int>, of file: TaskLengths.File, in largest: inout LargestPass) {
        largest.include(
            lengths: examples.lazy.flatMap { file.sequences[$0] }, headRows: examples.reduce(0) { $0 + file.rows[$1] },
            prefix: network.prefixLength)
    }

    /// Texts as tokens.
    private var dataBytes: Int {
        lengths.files.values.reduce(0) { sum, file in
            let bytes = file.tokens.reduce(0) { $0 + bytesOfExample + 8 * $1 }
            return sum + bytes / max(1, file.sequences.count) * file.count
        }
    }

    /// The best values so far, and what rules keep beside the arena.
    private var keptBytes: Int {
        let values = 4 * network.movingCount
        let rules = recipe.regularization
        let copies =
            (recipe.selection == .last ? 0 : 2) + (rules.mixout == nil ? 0 : 1) + (rules.recadam == nil ? 0 : 1)
        return copies * values
    }

    /// A whole model that the stage writes is mapped when its digest is taken; what others leave is small.
    private var artifactBytes: Int {
        stage.outputs.union(stage.keptIfBest).contains(.backbone) ? weightBytes : 0
    }

    /// What frozen layers have made of the files that are read again and again; see `FrozenStates`.
    private var frozenBytes: Int {
        // More is in a file, whose pages the system takes away as it needs them.
        [DataFile.dev, .validation, .train].filter(keepsStates).map(stateBytes).filter { $0 <= FrozenStates.mostBytes }
            .reduce(0, +)
    }

    func stateBytes(of file: DataFile) -> Int {
        guard let file = lengths[file] else { return 0 }
        let tokens = file.tokens.reduce(0, +) / max(1, file.sequences.count) * file.count
        return 4 * tokens * network.table.configuration.hidden
    }

    private var featureBytes: Int {
        guard readsFeatures else { return 0 }
        return 4 * lengths.rowCount * network.table.readout.vectors * network.table.configuration.hidden
    }
}

/// Of a process that trains, before it has read anything.
private let processBytes = 12 << 20
/// Of an example's tokens, besides 4 for each and 4 for what text of a pair it belongs to.
private let bytesOfExample = 250
