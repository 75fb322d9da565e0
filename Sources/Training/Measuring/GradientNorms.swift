import Experiments

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
