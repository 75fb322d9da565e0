package import Encoders
package import Experiments
package import Numerics
import Tasks

/// Measures how fast this host trains models of one shape: real steps of a model that has two of its layers, with short
/// and with long sequences.
package struct Calibration {
    private let backbone: Backbone
    private let precision: Precision
    private let compute: Compute
    /// With fewer layers.
    private let configuration: EncoderConfiguration

    package init(_ backbone: Backbone, _ precision: Precision, _ compute: Compute) {
        self.backbone = backbone
        self.precision = precision
        self.compute = compute
        var configuration = backbone.configuration
        configuration.layers = min(2, configuration.layers)
        self.configuration = configuration
    }

    /// Takes some seconds. A clock that counts is put aside meanwhile.
    package func run() throws(ModelError) -> HostSpeed {
        let clock = compute.clock
        defer { compute.clock = clock }
        let begin = ContinuousClock.now
        // Not the word embedding, of which a step takes but some rows.
        let whole = try Subject(backbone, table(), precision, compute) {
            $0.name != ParameterTable.wordEmbeddings
        }
        let secondsOfBeginning = begin.duration(to: .now).inSeconds
        let lora = try Subject(backbone, table(.lora(LoRASettings(rank: 8))), precision, compute) {
            $0.isAdapter || $0.place == .head
        }
        let batches = self.batches
        let steps = [whole, lora].flatMap { subject in batches.map { measured(subject, $0, isTrained: true) } }
        let passes = batches.map { measured(whole, $0, isTrained: false) }
        return HostSpeed(
            trained: HostSpeed.rates(steps), read: HostSpeed.rates(passes),
            perTrainedPass: steps.map(\.secondsOfOther).min() ?? 0,
            perReadPass: passes.map(\.secondsOfOther).min() ?? 0,
            perByte: secondsOfBeginning / Double(16 * whole.costs.movingCount))
    }

    /// With a head so wide that what moves is more than caches hold, as it mostly is.
    private func table(_ adapter: AdapterDesign? = nil) -> ParameterTable {
        let hidden = configuration.hidden
        let ofLayers = configuration.layers * hidden * (4 * hidden + 2 * configuration.intermediate)
        let isTiny = hidden < 128
        let width = isTiny ? hidden : max(2048, (Self.leastMoving - ofLayers) / hidden)
        return ParameterTable(
            configuration: configuration, head: .mlp(width: adapter == nil ? width : min(width, 2048)), outputs: 2,
            adapter: adapter)
    }

    private static let leastMoving = 8 << 20

    /// A few short sequences, many, and long ones.
    private var batches: [PackedBatch] {
        let longest = min(128, configuration.longestSequence)
        let short = min(14, longest)
        return [(8, short), (32, short), (max(1, 2048 / longest), longest)].map { count, length in
            var batch = PackedBatch()
            for example in 0..<count {
                let random = CounterRandom(seed: 1, purpose: RandomPurpose.order, example: example)
                let ids = (0..<length).map { Int32(random.below(configuration.vocabulary, $0)) }
                batch.append(ids: ids, example: example)
            }
            return batch
        }
    }

    /// The most that a measurement takes, once its second step is done.
    private static let longest = Duration.seconds(0.4)
    /// More steps tell nothing new.
    private static let mostSteps = 30

    private func measured(_ subject: Subject, _ batch: PackedBatch, isTrained: Bool) -> TimedWork {
        let run = { isTrained ? subject.train(batch) : subject.read(batch) }
        compute.clock = nil
        run()
        let clock = PhaseClock()
        compute.clock = clock
        let begin = ContinuousClock.now
        var steps = 0
        repeat {
            run()
            steps += 1
        } while steps < 2 || steps < Self.mostSteps && begin.duration(to: .now) < Self.longest
        let sizes = BatchSizes(
            lengths: zip(batch.offsets.dropFirst(), batch.offsets).map { $0 - $1 }, headRows: batch.headRows.count)
        var work = subject.costs.pass(sizes, isTrained: isTrained)
        if isTrained { work += subject.costs.update() }
        return TimedWork(work: work, seconds: clock.read().mapValues { $0.seconds / Double(steps) })
    }

    /// A model to be measured.
    private struct Subject {
        let costs: NetworkCosts
        private let model: Model
        private let objective: Objective
        private let dropout: DropoutContext

        init(
            _ backbone: Backbone, _ table: ParameterTable, _ precision: Precision, _ compute: Compute,
            moving: (Parameter) -> Bool
        ) throws(ModelError) {
            let store = try ParameterStore(table: table, backbone: backbone, moving: moving)
            model = Model(store: store, compute: compute, precision: precision)
            store.drawInitialValues(seed: 1)
            costs = NetworkCosts(
                table, moving: table.parameters.map { moving($0) ? $0.count : 0 }, precision: precision)
            objective = Objective(compute)
            let configuration = table.configuration
            dropout = DropoutContext(
                seed: 1, step: 0, hidden: configuration.hiddenDropout, attention: configuration.attentionDropout,
                classifier: configuration.classifierDropout)
        }

        func train(_ batch: PackedBatch) {
            let labels = batch.examples.map { Label.category(Int($0) % 2) }
            let outputs = model.forward(batch, dropout: dropout)
            model.backward(objective.evaluate(outputs, labels: labels, scale: 1 / Double(labels.count)).gradients)
            let arena = model.store.arena
            let norm = arena.squaredGradientNorm(model.compute).squareRoot()
            // So small a rate that no number runs away, however many steps there are.
            arena.update(AdamW(), number: 1, rate: 1e-9, gradientScale: 1 / max(1, norm), model.compute)
            model.store.publishValues()
        }

        func read(_ batch: PackedBatch) { _ = model.outputs(of: batch) }
    }
}
