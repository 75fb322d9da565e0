import Collectives
import Experiments
import Tasks

/// Scores a model on held-out examples: each rank computes a contiguous part, and every rank gets the whole.
struct Evaluator {
    private let communicator: any Communicator

    init(_ communicator: any Communicator) { self.communicator = communicator }

    /// The task's metrics on the validation split, where there is one, and on the dev set; of this the confusion of
    /// classes, too.
    func scores(of stage: PreparedStage) throws -> (scores: [Score], confusion: Confusion?) {
        var scores: [Score] = []
        if let validation = stage.validation {
            scores += try score(stage, on: .validation, validation.examples, in: validation.file)
        }
        let examples = Array(stage.data.dev.indices)
        let predicted = try predictions(of: stage, examples, in: .dev)
        scores += score(stage, on: .dev, predicted, examples, in: .dev)
        return (scores, stage.task.confusion(predicted: predicted, expected: stage.data.dev.map(\.labels)))
    }

    /// The task's metrics on the test set, where there is one: once, at a stage's end, since nothing is selected on them.
    func testScores(of stage: PreparedStage) throws -> [Score] {
        guard !stage.data.test.isEmpty else { return [] }
        return try score(stage, on: .test, Array(stage.data.test.indices), in: .test)
    }

    /// The task's metrics on some examples of a file.
    func score(
        _ stage: PreparedStage, on split: Split, _ examples: [Int], in file: DataFile
    ) throws -> [Score] {
        score(stage, on: split, try predictions(of: stage, examples, in: file), examples, in: file)
    }

    private func score(
        _ stage: PreparedStage, on split: Split, _ predicted: Predictions, _ examples: [Int], in file: DataFile
    ) -> [Score] {
        stage.task.scores(
            predicted: predicted, expected: examples.map { stage.data[file][$0].labels }, on: split)
    }

    /// What the model says about some examples of a file, on every rank: of each of their labels a class, with the
    /// probabilities of all where one of the task's metrics takes them, or a value.
    func predictions(of stage: PreparedStage, _ examples: [Int], in file: DataFile) throws -> Predictions {
        let part = Array(examples[DataOrder.part(of: examples.count, rank: communicator.rank, of: communicator.size)])
        guard stage.task.metrics.contains(where: \.takesProbabilities) else {
            let said = try shared(stage, stage.learner.predictions(of: part, in: file))
            return stage.task.isRegression ? .values(said) : .categories(said.map { Int($0) })
        }
        let outputs = try shared(stage, stage.learner.outputs(of: part, in: file))
        let classes = outputs.count / max(1, stage.data[file].labelCount(of: examples))
        let rows = stride(from: 0, to: outputs.count, by: max(1, classes)).map { outputs[$0..<$0 + classes] }
        return .distributions(rows.map(likeliest), probabilities: rows.flatMap(softmax))
    }

    /// What each rank has of a part of the examples, as one on every rank.
    private func shared(_ stage: PreparedStage, _ values: [Float]) throws -> [Float] {
        let all = try communicator.gatherFloats(values)
        guard all.allSatisfy(\.isFinite) else {
            throw try stage.divergence("the model's outputs are no numbers any more")
        }
        return all
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
