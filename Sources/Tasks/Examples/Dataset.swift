package import Experiments
package import Files

/// A task's examples, as its files have them.
package struct Dataset: Sendable {
    package let definition: TaskDefinition
    package let train: [Example]
    package let dev: [Example]
    /// Empty where the task has no third file.
    package let validation: [Example]

    /// Reads the files of a task and checks every row.
    package static func load(_ definition: TaskDefinition, in directory: String) throws(DatasetError) -> Dataset {
        let trainFile = try file(definition.train, of: definition, in: directory)
        let train = try trainFile.examples(definition, rows: definition.trainRows)
        try trainFile.requireSeveralLabels(train, definition)
        let dev = try file(definition.dev, of: definition, in: directory)
            .examples(definition, rows: definition.devRows)
        let validation = try definition.validation.map { path throws(DatasetError) in
            try file(path, of: definition, in: directory).examples(definition)
        }
        return Dataset(definition: definition, train: train, dev: dev, validation: validation ?? [])
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
        let validation = try definition.validation.map { path throws(DatasetError) in
            try digest("\(directory)/\(path)", definition.format)
        }
        do {
            return try definition.contentDigest(train: train, dev: dev, validation: validation)
        } catch {
            throw DatasetError(definition.name, "the task's definition cannot be written as JSON: \(error)")
        }
    }

    /// The digest of a file and, where its labels are in another, of both.
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
}
