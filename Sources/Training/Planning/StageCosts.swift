import Collectives
import Encoders
import Experiments
import Tasks

/// What one stage takes.
struct StageCosts {
    let stage: PlannedStage
    let recipe: Recipe
    var network: NetworkCosts
    let lengths: TaskLengths
    let weightBytes: Int
    let ranks: Int
    /// In how many times more parts than the recipe says a batch is worked off.
    private(set) var batchParts = 1
    let computesFeatures: Bool
    let dropsAttention: Bool
    /// Whether nothing drops out below the head, and no tokens are hidden anew in each step.
    let sparesBackbone: Bool
    /// Whether the head alone is trained, on features that were computed before.
    let readsFeatures: Bool
    let dropsAdapter: Bool
    /// Whether what layers make of an example has the same bits whatever else is in its batch.
    let isExactInAnyBatch: Bool
    /// Examples that are trained on, and those of the training file that are held out.
    let trained: Int
    let heldOut: Int

    /// - Parameters:
    ///   - counts: how many entries of each parameter of the table move.
    ///   - computesFeatures: whether no stage before it has made the features that it reads.
    ///   - rowsAreIndependent: whether products have the same bits in each row whatever the others are.
    init(
        _ stage: PlannedStage, _ table: ParameterTable, moving counts: [Int], _ lengths: TaskLengths,
        weightBytes: Int, ranks: Int, computesFeatures: Bool, rowsAreIndependent: Bool
    ) {
        self.stage = stage
        self.weightBytes = weightBytes
        recipe = stage.specification.recipe
        self.lengths = lengths
        self.ranks = ranks
        network = NetworkCosts(table, moving: counts, precision: recipe.precision, recomputes: stage.recomputes)
        dropsAttention = (recipe.dropout ?? table.configuration.attentionDropout) > 0 && recipe.estimate?.mode != .eval
        let hiddenDropout = recipe.dropout ?? table.configuration.hiddenDropout
        let isMasked = table.head == .hf && table.readout == .tokens
        sparesBackbone = !isMasked && (recipe.tune == .head || !dropsAttention && hiddenDropout == 0)
        readsFeatures =
            recipe.readsFeatures && !isMasked
            && FeatureStore.holds(rows: lengths.rowCount, width: table.readout.vectors * table.configuration.hidden)
        self.computesFeatures = readsFeatures && computesFeatures
        isExactInAnyBatch = rowsAreIndependent && table.adapter == nil
        dropsAdapter = (table.adapter?.dropout ?? 0) > 0
        let count = lengths[.train]?.count ?? 0
        let base = recipe.validationBase == .samples ? recipe.used(of: count) : count
        heldOut = Recipe.heldOut(recipe.validation, of: base)
        trained = max(1, recipe.used(of: base - heldOut))
    }

    /// - Parameters:
    ///   - speed: of a rank; nil where it is not known.
    ///   - reduction: what sums over ranks cost.
    ///   - fits: whether the stage can be trained in the memory that there is.
    func forecast(_ speed: HostSpeed?, _ reduction: ReductionCost, fits: Bool) -> StageForecast {
        StageForecast(
            seconds: speed.map { seconds($0, reduction) }, fixedSeconds: speed.map(fixedSeconds) ?? 0,
            peakBytes: peakBytes, batchParts: batchParts, recomputes: recomputes, fits: fits)
    }

    /// From the beginning to the end, but for the texts that a group reads once for all of its stages.
    func wholeSeconds(_ speed: HostSpeed, _ reduction: ReductionCost) -> Double {
        seconds(speed, reduction) + fixedSeconds(speed)
    }

    var recomputes: Bool { network.recomputes }

    /// Works batches off in as few parts as fit into so much memory; where even single examples do not, layers compute
    /// their activations again.
    /// - Returns: whether it fits then.
    @discardableResult mutating func fit(into bytes: Int) -> Bool {
        while peakBytes > bytes {
            if passesOfBatch < recipe.batch, !readsFeatures {
                batchParts *= 2
            } else if !network.recomputes {
                (network.recomputes, batchParts) = (true, 1)
            } else {
                return false
            }
        }
        return true
    }

    /// The memory that it can do with: single examples go through the network, and layers compute their activations again
    /// where that helps.
    var leastBytes: Int {
        var least = self
        if !readsFeatures { least.batchParts = max(1, recipe.batch) }
        let keeping = least.peakBytes
        least.network.recomputes = true
        return min(keeping, least.peakBytes)
    }

    /// In how many parts a rank works a batch off.
    var passesOfBatch: Int { min(recipe.batch, recipe.accumulation * batchParts) }
}

/// Its time.
extension StageCosts {
    private func seconds(_ speed: HostSpeed, _ reduction: ReductionCost) -> Double {
        recipe.estimate.map { seconds(of: $0, speed) } ?? secondsOfTraining(speed, reduction)
    }

    private func secondsOfTraining(_ speed: HostSpeed, _ reduction: ReductionCost) -> Double {
        let schedule = Schedule(recipe, examples: trained)
        let perStep = Double(trained) / Double(schedule.stepsPerEpoch)
        let first = min(schedule.steps, schedule.stepsPerEpoch)
        let steps =
            Double(first) * secondsOfStep(examples: perStep, isVisited: false, speed)
            + Double(schedule.steps - first)
            * secondsOfStep(examples: perStep, isVisited: keepsStates(of: .train), speed)
            + Double(schedule.steps)
            * reduction.exposedSeconds(of: reductionStep(examples: perStep, speed), ranks: ranks)
        let evaluations = (1...schedule.steps).count { schedule.evaluates(after: $0) }
        return steps + secondsOfEvaluation(isRepeated: false, speed)
            + Double(evaluations - 1) * secondsOfEvaluation(isRepeated: true, speed)
    }

    /// Whether what frozen layers make of the examples of a file is kept from its first visit to the next, as long as there
    /// is not too much of it; see `FrozenStates`. Of the training file that needs, too, that nothing drops out below the head,
    /// that one rank sees all of it, and that it is the same in another batch.
    func keepsStates(of file: DataFile) -> Bool {
        let schedule = Schedule(recipe, examples: trained)
        guard !readsFeatures, recipe.estimate == nil, network.frozenLayers > 0, schedule.steps > schedule.stepsPerEpoch,
            FrozenStates.holds(byteCount: stateBytes(of: file))
        else { return false }
        return file != .train || sparesBackbone && ranks == 1 && isExactInAnyBatch
    }

    /// Of a batch with so many examples, over all ranks.
    private func secondsOfStep(examples: Double, isVisited: Bool, _ speed: HostSpeed) -> Double {
        let batch = sizes(of: .train) * ofLargestShare(examples)
        var work = network.update(touchedRows: touchedRows(examples), activeRows: Double(lengths.distinctTokens))
        if readsFeatures {
            work += network.headPass(rows: batch.headRows, isTrained: true)
            return speed.seconds(work, isTrained: true) + speed.perReadPass
        }
        let parts = min(Double(passesOfBatch), ofLargestShare(examples))
        let passes = parts * max(1, (batch.tokens / parts / Double(TextLearner.mostTokens)).rounded(.up))
        work += passes * network.pass(batch * (1 / passes), isTrained: true, isVisited: isVisited)
        return speed.seconds(work, isTrained: true) + passes * speed.perTrainedPass
    }

    /// Examples of a rank that has the most of so many. The others wait for it.
    private func ofLargestShare(_ examples: Double) -> Double { max(min(1, examples), examples / Double(ranks)) }

    /// What ranks sum in a step with so many examples. Sums begin in the backward pass of a batch's last part, when as much
    /// is there as is late at its end, or a bucket.
    private func reductionStep(examples: Double, _ speed: HostSpeed) -> ReductionCost.Step {
        let width = Double(network.table.configuration.hidden)
        let words = network.wordCount > 0 ? Int(touchedRows(examples) * width) : 0
        let passed = network.movingCount - network.wordCount
        var step = ReductionCost.Step(
            numbers: passed + words, lateNumbers: network.lastCount + words,
            gatheredBytes: network.wordCount > 0 ? network.table.configuration.vocabulary : 0,
            as: recipe.allreduce.wireFormat, hiddenSeconds: 0)
        let before = max(Buckets.count, network.lastCount)
        guard !readsFeatures, before < passed else { return step }
        let batch = sizes(of: .train) * (ofLargestShare(examples) / Double(passesOfBatch))
        let whole = speed.seconds(network.pass(batch, isTrained: true), isTrained: true)
        let forward = speed.seconds(network.pass(batch, isTrained: false), isTrained: true)
        step.hiddenSeconds = max(0, whole - forward) * (1 - Double(before) / Double(passed))
        return step
    }

    /// Of the examples that scores are computed on.
    private func secondsOfEvaluation(isRepeated: Bool, _ speed: HostSpeed) -> Double {
        var examples = [DataFile.dev: count(of: .dev)]
        if heldOut > 0 { examples[.train] = heldOut } else { examples[.validation] = count(of: .validation) }
        return examples.reduce(0) { sum, part in
            let isVisited = isRepeated && keepsStates(of: part.key)
            return sum + secondsOfReading(part.key, examples: part.value, isVisited: isVisited, speed)
        }
    }

    private func secondsOfReading(_ file: DataFile, examples: Int, isVisited: Bool = false, _ speed: HostSpeed)
        -> Double
    {
        guard examples > 0 else { return 0 }
        let all = sizes(of: file) * (Double(examples) / Double(ranks))
        let passes = max(1, (all.tokens / Double(tokensOfReadPass)).rounded(.up))
        let pass = all * (1 / passes)
        let work =
            readsFeatures
            ? network.headPass(rows: pass.headRows, isTrained: false)
            : network.pass(pass, isTrained: false, isVisited: isVisited)
        return passes * (speed.seconds(work, isTrained: false) + speed.perReadPass)
    }

    /// Features, the test set, and what is laid out at the beginning. The dataset is read once for all stages of a group.
    private func fixedSeconds(_ speed: HostSpeed) -> Double {
        let begin =
            speed.seconds(network.beginning, isTrained: true)
            + Double(16 * network.movingCount + 8 * network.partialCount) * speed.perByte
        let test = secondsOfReading(.test, examples: count(of: .test), speed)
        guard computesFeatures else { return begin + test }
        return DataFile.allCases.reduce(begin + test) { sum, file in
            let all = sizes(of: file) * (Double(count(of: file)) / Double(ranks))
            let passes = (all.tokens / Double(tokensOfReadPass)).rounded(.up)
            guard passes > 0 else { return sum }
            let work = network.pass(all * (1 / passes), isTrained: false)
            return sum + passes * (speed.seconds(work, isTrained: false) + speed.perReadPass)
        }
    }

    /// Of one pass and one addition of squares for each example or batch, or for each class of each example.
    private func seconds(of estimate: Estimate, _ speed: HostSpeed) -> Double {
        let isSingle = estimate.unit == .example || estimate.label == .expected
        let examples = isSingle ? 1 : Double(min(recipe.batch, trained))
        let units = Double(trained) / examples / Double(ranks)
        let batch = sizes(of: .train) * examples
        var work = network.pass(batch, isTrained: true)
        work.add(.optimizer, bytes: Double(network.movingCount - network.wordCount) * 16, rounds: 1)
        let unit = speed.seconds(work, isTrained: true) + speed.perTrainedPass
        guard estimate.label == .expected else { return units * unit }
        let read = speed.seconds(network.pass(batch, isTrained: false), isTrained: false) + speed.perReadPass
        return units * (Double(network.table.outputs) * unit + read)
    }

    /// Different tokens of so many examples: of n draws among k equally frequent ones.
    private func touchedRows(_ examples: Double) -> Double {
        let (tokens, distinct) = (sizes(of: .train).tokens * examples, Double(max(1, lengths.distinctTokens)))
        return min(tokens, distinct * (1 - power(1 - 1 / distinct, tokens)))
    }

    private func power(_ base: Double, _ exponent: Double) -> Double {
        (0..<Int(exponent)).reduce(1) { product, _ in product * base }
    }

    func count(of file: DataFile) -> Int { lengths[file]?.count ?? 0 }

    /// Of a mean example of a file.
    private func sizes(of file: DataFile) -> BatchSizes {
        lengths[file]?.mean ?? BatchSizes(sequences: 0, tokens: 0, squares: 0, headRows: 0)
    }
}

/// See `packs`.
let tokensOfReadPass = 2048
