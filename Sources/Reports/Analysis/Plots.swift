package import Experiments
import Foundation

extension Plot {
    /// The pictures of what is kept of every stage, two a task.
    package static func training(of runs: [MeasuredRun]) -> [Plot] {
        let methods = MeasuredMethod.grouped(runs.filter { $0.curves != nil })
        return methods.map(\.cell.task).distinct().flatMap { task in
            training(task, methods.filter { $0.cell.task == task })
        }.compactMap(\.self)
    }

    /// The pictures of one measure: one a task, of head features one a task and method.
    /// - Parameter labels: the class names of a task; nil where its labels are values.
    package static func all(
        _ measure: Measure, of runs: [MeasuredRun], labels: (_ task: String) -> [String]?
    ) -> [Plot] {
        let methods = MeasuredMethod.grouped(runs.filter { $0.log.measures.contains(measure) })
        if measure == .headFeatures || measure == .headFeaturesAtStart {
            return methods.compactMap { method in
                method.runs.first.flatMap {
                    headFeatures($0, atStart: measure == .headFeaturesAtStart, labels: labels(method.cell.task))
                }
            }
        }
        return methods.map(\.cell.task).distinct().flatMap { task -> [Plot?] in
            let methods = methods.filter { $0.cell.task == task }
            return switch measure {
            case .featureChange:
                [featureChange("feature-change", "from the pretrained model", task, methods) { $0.featureChange }]
            case .featureChangeInStage:
                [featureChange("feature-change-in-stage", "in the stage", task, methods) { $0.featureChangeInStage }]
            case .features:
                [featureChange("features", "from stage to stage", task, methods) { $0.featureDistance }]
            case .weightDistance:
                [
                    weightDistance("weight-distance", task, methods) { $0.weightDistance },
                    weightMagnitudes("weight-magnitudes", task, methods) { $0.weightMagnitudes },
                ]
            case .weightDistanceInStage:
                [
                    weightDistance("weight-distance-in-stage", task, methods) { $0.weightDistanceInStage },
                    weightMagnitudes("weight-magnitudes-in-stage", task, methods) { $0.weightMagnitudesInStage },
                ]
            case .gradientNorms: [gradientNorms(task, methods)]
            case .convergence: [convergence(task, methods)]
            case .heldOut: heldOut(task, methods)
            case .generalizationGap: [generalizationGap(task, methods)]
            case .cost: [cost(task, methods)]
            case .headFeatures, .headFeaturesAtStart, .predictions: []
            }
        }.compactMap { $0 }
    }
}

/// 10 to the power of x.
func exponential(_ exponent: Double) -> Double { pow(10, exponent) }
