package import Experiments
import Files
import Numerics

/// A task's examples, as its files have them.
package struct Dataset: Sendable {
    package let definition: TaskDefinition
    package let train: [Example]
    package let dev: [Example]

    package init(definition: TaskDefinition, train: [Example], dev: [Example]) {
        self.definition = definition
        self.train = train
        self.dev = dev
    }

    /// Reads both files of a task and checks every row.
    package static func load(_ definition: TaskDefinition, in directory: String) throws(DatasetError) -> Dataset {
        let trainFile = try file(definition.train, of: definition, in: directory)
        let train = try trainFile.examples(definition)
        try trainFile.requireSeveralLabels(train, definition)
        let dev = try file(definition.dev, of: definition, in: directory).examples(definition)
        return Dataset(definition: definition, train: train, dev: dev)
    }

    private static func file(
        _ path: String, of definition: TaskDefinition, in directory: String
    ) throws(DatasetError) -> DatasetFile {
        try DatasetFile(path: "\(directory)/\(path)", encoding: definition.encoding)
    }

    /// The digest of what the task is: how it is read, and the bytes of its files.
    package static func contentDigest(
        _ definition: TaskDefinition, in directory: String
    ) throws(DatasetError) -> Digest {
        let train = try digest("\(directory)/\(definition.train)", definition.format)
        let dev = try digest("\(directory)/\(definition.dev)", definition.format)
        do {
            return try definition.contentDigest(train: train, dev: dev)
        } catch {
            throw DatasetError(definition.name, "the task's definition cannot be written as JSON: \(error)")
        }
    }

    /// Of a file and, where its labels are in another, of both.
    private static func digest(_ path: String, _ format: TaskDefinition.FileFormat) throws(DatasetError) -> Digest {
        let gold = format == .wic ? try DatasetFile.goldPath(of: path) : nil
        do throws(FileError) {
            let digest = try MappedFile(path: path).digest()
            guard let gold else { return digest }
            return Digest(of: Array("\(digest) \(try MappedFile(path: gold).digest())".utf8))
        } catch {
            throw DatasetError(error)
        }
    }

    /// The training examples without a share of them that is drawn by seed, and that share, both in the file's order.
    /// - Parameter share: of the training examples, rounded to whole ones; at least one must be left on either side.
    package func split(
        validation share: Double, seed: UInt64
    ) throws(DatasetError) -> (train: [Example], validation: [Example]) {
        let count = (Double(train.count) * share).rounded()
        guard count >= 1, count <= Double(train.count - 1) else {
            throw DatasetError(
                definition.name,
                "a validation share of \(share) of \(train.count) training rows leaves no row on one side")
        }
        let drawn = CounterRandom(seed: seed, purpose: .split).permutation(train.count).prefix(Int(count))
        var isHeldOut = [Bool](repeating: false, count: train.count)
        for index in drawn { isHeldOut[index] = true }
        return (
            train.indices.filter { !isHeldOut[$0] }.map { train[$0] },
            train.indices.filter { isHeldOut[$0] }.map { train[$0] }
        )
    }
}
