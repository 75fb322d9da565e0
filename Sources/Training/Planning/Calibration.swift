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
        let begin = ContinuousClock.now
        // Not the word embedding, of which a step takes but some rows.
        let whole = try MeasuredModel(backbone, table(), precision, compute) {
            $0.name != ParameterTable.wordEmbeddings
        }
        let secondsOfBeginning = begin.duration(to: .now).inSeconds
        let lora = try MeasuredModel(backbone, table(.lora(LoRASettings(rank: 8))), precision, compute) {
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
            .measured(count, of: length, vocabulary: configuration.vocabulary)
        }
    }

    /// The most that a measurement takes, once its second step is done.
    private static let longest = Duration.seconds(0.4)
    /// More steps tell nothing new.
    private static let mostSteps = 30

    private func measured(_ subject: MeasuredModel, _ batch: PackedBatch, isTrained: Bool) -> TimedWork {
        let (readings, steps) = subject.readings(
            batch, isTrained: isTrained, within: Self.longest, most: Self.mostSteps)
        let sizes = BatchSizes(
            lengths: zip(batch.offsets.dropFirst(), batch.offsets).map { $0 - $1 }, headRows: batch.headRows.count)
        var work = subject.costs.pass(sizes, isTrained: isTrained)
        if isTrained { work += subject.costs.update() }
        return TimedWork(work: work, seconds: readings.mapValues { $0.seconds / Double(steps) })
    }
}
