package import Experiments
import Files
import Foundation
import Safetensors

/// A `log` artifact: what a stage has measured as JSON in the metadata of a safetensors file, whose tensors are the
/// head's features.
package struct StageLogFile {
    package let log: StageLog
    /// [labels, width]; with choices a row is the hidden layers of all choices side by side. nil where they were not
    /// measured.
    package let headFeatures: Rows?
    package let headFeaturesAtStart: Rows?
    /// [rows, width]: what the head sees of the examples trained on.
    package let features: (width: Int, rows: [Float])?

    package typealias Rows = (width: Int, train: [Float], dev: [Float])

    private static let headName = "head-features"
    private static let headAtStartName = "head-features-at-start"
    private static let featuresName = "features"
    private static let logKey = "log"

    package init(path: String) throws(StageFailure) {
        do {
            let file = try SafetensorsFile(path: path)
            guard let text = file.metadata[Self.logKey] else {
                throw StageFailure(.badInput, "\(path): no log of a stage: its metadata has no 'log'")
            }
            log = try CanonicalJSON.decode(StageLog.self, from: Data(text.utf8))
            headFeatures = Self.rows(Self.headName, in: file)
            headFeaturesAtStart = Self.rows(Self.headAtStartName, in: file)
            features = file.tensor(named: Self.featuresName).flatMap { tensor in
                tensor.shape.count == 2 ? tensor.floats().map { (width: tensor.shape[1], rows: $0) } : nil
            }
        } catch {
            throw StageFailure(classifying: error)
        }
    }

    private static func rows(_ name: String, in file: SafetensorsFile) -> Rows? {
        guard let train = file.tensor(named: "\(name).train"), let dev = file.tensor(named: "\(name).dev"),
            train.shape.count == 2, dev.shape.count == 2, let trainRows = train.floats(), let devRows = dev.floats()
        else { return nil }
        return (train.shape[1], trainRows, devRows)
    }

    static func write(_ log: StageLog, of stage: PreparedStage, backbone: Digest, to path: String) throws {
        var tensors: [TensorSource] = []
        let add = { (name: String, rows: [Float], count: Int) in
            guard count > 0 else { return }
            tensors.append(TensorSource(name: name, shape: [count, rows.count / count], floats: rows))
        }
        for (name, rows, counts) in [
            (headName, stage.headFeatures, log.headFeatures),
            (headAtStartName, stage.headFeaturesAtStart, log.headFeaturesAtStart),
        ] {
            guard let rows, let counts else { continue }
            add("\(name).train", rows.train, counts.train.count)
            add("\(name).dev", rows.dev, counts.dev.count)
        }
        if let features = stage.features { add(featuresName, features, features.count / stage.model.featureWidth) }
        let text = String(decoding: try CanonicalJSON.encode(log), as: UTF8.self)
        let metadata = [
            "format": "headstart", "kind": ArtifactKind.log.rawValue, "backbone": backbone.hex, logKey: text,
        ]
        try SafetensorsWriter.write(tensors, metadata: metadata, to: path)
    }
}
