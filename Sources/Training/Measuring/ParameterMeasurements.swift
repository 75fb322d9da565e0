import Encoders
import Experiments
import Foundation
import Numerics
import Tuning

/// EH-FT, Figure 5: ‖θ - θ0‖₂ over the steps; and at the end how many entries are how far away (Optimal subset, Figure
/// 5). Only what moves counts, and what earlier stages have moved in the same parameters.
final class WeightDistanceMeasurement: Measurement {
    private let origin: Origin
    /// In the arena's order.
    private var initial: [Float] = []
    /// Where the pretrained values are what counts: the weights that LoRA is added to.
    private var adapted: [AdaptedWeight] = []

    init(from origin: Origin) { self.origin = origin }

    func begin(_ context: MeasuredStage, _ log: inout StageLog) throws {
        initial = Array(context.stage.store.arena.values)
        if origin == .pretrained { try takePretrained(context.stage) }
        // Before the first step nothing of the stage has moved, but what it starts from may have.
        let distance = distance(context)
        note(.init(step: 0, backbone: distance.backbone, head: distance.head), in: &log)
    }

    func finishedStep(_ context: MeasuredStage, step: Int, _ log: inout StageLog) {
        guard context.samples(after: step) else { return }
        let distance = distance(context)
        note(.init(step: step, backbone: distance.backbone, head: distance.head), in: &log)
    }

    func end(_ context: MeasuredStage, _ scores: [Score], _ log: inout StageLog) throws {
        let values = context.stage.store.arena.values
        let last = Int(-StageLog.Magnitudes.firstExponent / StageLog.Magnitudes.exponentStep)
        var magnitudes = StageLog.Magnitudes(below: 0, counts: [Int](repeating: 0, count: last + 1))
        let add = { (difference: Double) in
            let place = (log10(abs(difference)) - StageLog.Magnitudes.firstExponent) / StageLog.Magnitudes.exponentStep
            // Of weights that are no numbers any more the next evaluation tells.
            if place >= 0 { magnitudes.counts[Int(min(place, Double(last)))] += 1 } else { magnitudes.below += 1 }
        }
        forEachSegment(context) { range, isHead in
            guard !isHead else { return }
            for entry in range { add(Double(values[entry]) - Double(initial[entry])) }
        }
        for weight in adapted { weight.differences(context.stage).forEach { add(Double($0)) } }
        switch origin {
        case .pretrained: log.weightMagnitudes = magnitudes
        case .stageStart: log.weightMagnitudesInStage = magnitudes
        }
    }

    private func note(_ distance: StageLog.WeightDistance, in log: inout StageLog) {
        switch origin {
        case .pretrained: log.weightDistance = (log.weightDistance ?? []) + [distance]
        case .stageStart: log.weightDistanceInStage = (log.weightDistanceInStage ?? []) + [distance]
        }
    }

    private func takePretrained(_ stage: PreparedStage) throws {
        let (store, parameters) = (stage.store, stage.store.table.parameters)
        for segment in store.arena.segments where parameters[segment.parameter].isOfBackbone {
            let pretrained = try store.pretrained(segment.parameter)
            if let entries = segment.entries {
                for (place, entry) in zip(segment.range, entries) { initial[place] = pretrained[Int(entry)] }
            } else {
                initial.replaceSubrange(segment.range, with: pretrained)
            }
        }
        adapted = try parameters.indices.compactMap { index in
            try store.lowRank(of: index).map {
                AdaptedWeight(index: index, lowRank: $0, pretrained: try store.pretrained(index))
            }
        }
    }

    private func distance(_ context: MeasuredStage) -> (backbone: Double, head: Double) {
        var (backbone, head) = (0.0, 0.0)
        forEachSegment(context) { range, isHead in
            let square = squaredDistance(range, context)
            if isHead { head += square } else { backbone += square }
        }
        for weight in adapted {
            backbone += weight.differences(context.stage).reduce(0) { $0 + Double($1) * Double($1) }
        }
        return (backbone.squareRoot(), head.squareRoot())
    }

    /// Those that no adapted weight speaks for.
    private func forEachSegment(_ context: MeasuredStage, _ body: (_ range: Range<Int>, _ isHead: Bool) -> Void) {
        let spokenFor = Set(adapted.flatMap { [$0.index, $0.lowRank.down, $0.lowRank.up] })
        for segment in context.stage.store.arena.segments where !spokenFor.contains(segment.parameter) {
            body(segment.range, context.stage.store.table.parameters[segment.parameter].place == .head)
        }
    }

    private func squaredDistance(_ range: Range<Int>, _ context: MeasuredStage) -> Double {
        let values = context.stage.store.arena.values
        return initial.withUnsafeBufferPointer { initial in
            var sum = 0.0
            for entry in range {
                let difference = Double(values[entry]) - Double(initial[entry])
                sum += difference * difference
            }
            return sum
        }
    }
}

/// A weight matrix W to which LoRA adds its product.
private struct AdaptedWeight {
    let index: Int
    let lowRank: LowRankPlaces
    let pretrained: UnsafeBufferPointer<Float>

    /// W + (alpha / rank) B A - W0
    func differences(_ stage: PreparedStage) -> [Float] {
        let store = stage.store
        let (values, down, up) = (store.values(index), store.values(lowRank.down), store.values(lowRank.up))
        let (outputs, inputs) = (up.count / lowRank.rank, down.count / lowRank.rank)
        var differences = [Float](repeating: 0, count: outputs * inputs)
        differences.withUnsafeMutableBufferPointer { differences in
            stage.model.compute.multiply(
                Matrix(up.baseAddress!, rows: outputs, columns: lowRank.rank),
                Matrix(down.baseAddress!, rows: lowRank.rank, columns: inputs),
                into: MutableMatrix(differences.baseAddress!, rows: outputs, columns: inputs))
            let scale = Float(lowRank.scale)
            for entry in differences.indices {
                differences[entry] = scale * differences[entry] + (values[entry] - pretrained[entry])
            }
        }
        return differences
    }
}

/// The norms of each step's gradient, of the head's part and of the backbone's, before clipping.
final class GradientNormsMeasurement: Measurement {
    func begin(_ context: MeasuredStage, _ log: inout StageLog) throws { log.gradientNorms = [] }

    func gradientsAreReady(_ context: MeasuredStage, step: Int, _ log: inout StageLog) {
        let gradients = context.stage.store.arena.gradients
        var (backbone, head) = (0.0, 0.0)
        context.forEachSegment { range, isHead in
            var sum = 0.0
            for entry in range { sum += Double(gradients[entry]) * Double(gradients[entry]) }
            if isHead { head += sum } else { backbone += sum }
        }
        log.gradientNorms?.append(.init(step: step, backbone: backbone.squareRoot(), head: head.squareRoot()))
    }
}
