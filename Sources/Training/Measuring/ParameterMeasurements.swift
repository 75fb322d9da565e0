import Experiments
import Foundation

/// EH-FT, Figure 5: ‖θ - θ0‖₂ over the steps; and at the end how many entries have moved by how much (Optimal subset,
/// Figure 5). θ0 are the values that the stage began with, and only what moves counts.
final class WeightDistanceMeasurement: Measurement {
    private var initial: [Float] = []

    func begin(_ context: MeasuredStage, _ log: inout StageLog) throws {
        initial = Array(context.stage.store.arena.values)
        log.weightDistance = [.init(step: 0, backbone: 0, head: 0)]
    }

    func finishedStep(_ context: MeasuredStage, step: Int, _ log: inout StageLog) {
        guard context.samples(after: step) else { return }
        var (backbone, head) = (0.0, 0.0)
        context.forEachSegment { range, isHead in
            let square = squaredDistance(range, context)
            if isHead { head += square } else { backbone += square }
        }
        log.weightDistance?.append(.init(step: step, backbone: backbone.squareRoot(), head: head.squareRoot()))
    }

    func end(_ context: MeasuredStage, _ scores: [Score], _ log: inout StageLog) throws {
        let values = context.stage.store.arena.values
        let last = Int(-StageLog.Magnitudes.firstExponent / StageLog.Magnitudes.exponentStep)
        var magnitudes = StageLog.Magnitudes(below: 0, counts: [Int](repeating: 0, count: last + 1))
        context.forEachSegment { range, isHead in
            guard !isHead else { return }
            for entry in range {
                let exponent = log10(abs(Double(values[entry]) - Double(initial[entry])))
                let place = (exponent - StageLog.Magnitudes.firstExponent) / StageLog.Magnitudes.exponentStep
                if place < 0 { magnitudes.below += 1 } else { magnitudes.counts[min(last, Int(place))] += 1 }
            }
        }
        log.weightMagnitudes = magnitudes
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
