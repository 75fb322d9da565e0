import Collectives
import Experiments
import Tasks

/// Scores a model on held-out examples: each rank computes a contiguous part, and every rank gets the whole.
struct Evaluator {
    private let communicator: any Communicator

    init(_ communicator: any Communicator) { self.communicator = communicator }

    /// The task's metrics on the validation split, where there is one, and on the dev set.
    func scores(of stage: PreparedStage) throws -> [Score] {
        var scores: [Score] = []
        if let validation = stage.validation {
            scores += try score(stage, on: .validation, validation.examples, in: validation.file)
        }
        return scores + (try score(stage, on: .dev, Array(stage.data.dev.indices), in: .dev))
    }

    /// The task's metrics on some examples of a file.
    func score(
        _ stage: PreparedStage, on split: Split, _ examples: [Int], in file: DataFile
    ) throws -> [Score] {
        let said = try predictions(of: stage, examples, in: file)
        let predicted = stage.task.isRegression ? Predictions.values(said) : .categories(said.map { Int($0) })
        let expected = examples.map { stage.data[file][$0].labels }
        return stage.task.metrics.map {
            Score(
                split: split, metric: $0, value: stage.task.score($0, predicted: predicted, expected: expected),
                isUndefined: $0.isUndefined(predicted: predicted, expected: expected.flatMap(\.self)))
        }
    }

    /// What the model says about some examples of a file, on every rank: a class or a value for each of their labels.
    func predictions(of stage: PreparedStage, _ examples: [Int], in file: DataFile) throws -> [Float] {
        let part = DataOrder.part(of: examples.count, rank: communicator.rank, of: communicator.size)
        let said = try communicator.gatherFloats(stage.learner.predictions(of: Array(examples[part]), in: file))
        guard said.allSatisfy(\.isFinite) else {
            throw try stage.divergence("the model's outputs are no numbers any more")
        }
        return said
    }
}

extension Communicator {
    /// Every rank's floats, in rank order, on every rank.
    func gatherFloats(_ values: [Float]) throws -> [Float] {
        guard size > 1 else { return values }
        let bytes = values.withUnsafeBytes { [UInt8]($0) }
        return try gather(bytes).flatMap { part in
            part.withUnsafeBytes { Array($0.bindMemory(to: Float.self)) }
        }
    }

    /// Overwrites every rank's floats with those of one rank.
    func broadcast(_ values: UnsafeMutableBufferPointer<Float>, from root: Int) throws {
        guard size > 1 else { return }
        let raw = UnsafeMutableRawBufferPointer(values)
        let bytes = try broadcast(rank == root ? [UInt8](raw) : [], from: root)
        raw.copyBytes(from: bytes)
    }
}
