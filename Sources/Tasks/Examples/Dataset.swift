package import Experiments
package import Files

/// A task's examples, as its files have them.
package struct Dataset: Sendable {
    package let definition: TaskDefinition
    package let train: [Example]
    package let dev: [Example]
    /// Empty where the task has no third file.
    package let validation: [Example]
    /// Empty where the task has none that nothing is selected on.
    package let test: [Example]
    /// How many rows of each file were left out because they lack something; of those that are drawn for dev none.
    package let skipped: [DataFile: Int]

    /// Reads the files of a task and checks every row; of a task with folds it gives the first one.
    package static func load(_ definition: TaskDefinition, in directory: String) throws(DatasetError) -> Dataset {
        let definition = definition.trained[0]
        let reader = DatasetReader(definition: definition, directory: directory)
        var skipped: [DataFile: Int] = [:]
        var train = try reader.examples(
            definition.train, rows: definition.trainRows, skipped: &skipped[.train, default: 0])
        var dev: [Example] = []
        if let files = definition.dev {
            dev = try reader.examples(files, rows: definition.devRows, skipped: &skipped[.dev, default: 0])
        } else {
            (train, dev) = try definition.drawDev(from: train, of: "\(directory)/\(definition.train)")
        }
        try definition.requireSeveralLabels(train, from: "\(directory)/\(definition.train)")
        var validation: [Example] = []
        if let files = definition.validation {
            validation = try reader.examples(files, skipped: &skipped[.validation, default: 0])
        }
        var test: [Example] = []
        if let files = definition.test {
            test = try reader.examples(files, skipped: &skipped[.test, default: 0])
        }
        return Dataset(
            definition: definition, train: train, dev: dev, validation: validation, test: test, skipped: skipped)
    }

    /// The examples of a file that no part of the task names.
    /// - Parameters:
    ///   - path: where the bytes were read.
    ///   - bytes: the whole file.
    package static func examples(
        of definition: TaskDefinition, _ path: String, bytes: [UInt8]
    ) throws(DatasetError) -> [Example] {
        let file = try DatasetFile(path: path, bytes: bytes, encoding: definition.encoding)
        let reader = ExampleReader(file: file, definition: definition)
        let all = try file.rows(definition)
        guard !all.isEmpty else { throw file.error("the dataset is empty: the file has no rows") }
        let rows = all.filter { !(definition.skipsEmpty == true && definition.lacks($0)) }
        guard !rows.isEmpty else { throw file.error("every row lacks a text or its label") }
        return try readEach(rows) { row throws(DatasetError) in try reader.example(row) }
    }

    /// Those that the task has.
    package var files: [DataFile] { DataFile.allCases.filter { !self[$0].isEmpty } }

    package subscript(file: DataFile) -> [Example] {
        switch file {
        case .train: train
        case .dev: dev
        case .validation: validation
        case .test: test
        }
    }

    /// The digest of what the task is: how it is read, and the bytes of its files.
    package static func contentDigest(
        _ definition: TaskDefinition, in directory: String
    ) throws(DatasetError) -> Digest {
        let manifest = try FileManifest(of: definition, in: directory)
        let content: Digest?
        do {
            content = try manifest.content(asDataOf: definition)
        } catch {
            throw DatasetError(definition.name, "the task's definition cannot be written as JSON: \(error)")
        }
        guard let content else { throw DatasetError(definition.name, "a part of its data has no files") }
        return content
    }

    /// All files that the task is read from, with what they are called in a manifest.
    package static func namedFiles(
        of definition: TaskDefinition, in directory: String
    ) throws(DatasetError) -> [(name: String, path: String)] {
        try DatasetReader(definition: definition, directory: directory).namedFiles()
    }
}

extension FileManifest {
    /// The manifest of a task's data in a directory.
    package init(of definition: TaskDefinition, in directory: String) throws(DatasetError) {
        do {
            try self.init(of: try Dataset.namedFiles(of: definition, in: directory))
        } catch let error as DatasetError {
            throw error
        } catch let error as FileError {
            throw DatasetError(error)
        } catch {
            throw DatasetError(definition.name, "\(error)")
        }
    }
}

/// Reads the files that a task names.
private struct DatasetReader {
    let definition: TaskDefinition
    let directory: String

    /// The paths of all files; a pattern stands for those that match it, in the order of their names.
    private func paths(_ files: DataFiles) throws(DatasetError) -> [String] {
        var paths: [String] = []
        for name in files.paths {
            let path = "\(directory)/\(name)"
            let isPattern = name.contains { "*?".contains($0) } && !Disk.isPlainFile(path)
            let found = isPattern ? Disk.files(matching: path) : [path]
            guard !found.isEmpty else { throw DatasetError(path, "no file matches this pattern") }
            paths += found
        }
        return paths
    }

    /// The rows of all files, one file after the other.
    /// - Parameters:
    ///   - wanted: the first and the last of them, from 1; nil for all.
    ///   - skipped: grows by the rows that are left out because they lack something.
    func examples(
        _ files: DataFiles, rows wanted: ClosedRange<Int>? = nil, skipped: inout Int
    ) throws(DatasetError) -> [Example] {
        var rows: [(reader: ExampleReader, row: Row)] = []
        for path in try paths(files) {
            let file = try DatasetFile(path: path, encoding: definition.encoding)
            let found = try file.rows(definition)
            guard !found.isEmpty else { throw file.error("the dataset is empty: the file has no rows") }
            let reader = ExampleReader(file: file, definition: definition)
            rows += found.map { (reader, $0) }
        }
        let range = wanted ?? 1...rows.count
        guard range.upperBound <= rows.count else {
            throw rows[0].reader.file.error(
                "there are no rows \(range.lowerBound) to \(range.upperBound), the file has \(rows.count)")
        }
        var chosen = rows[(range.lowerBound - 1)..<range.upperBound]
        if definition.skipsEmpty == true {
            chosen.removeAll { definition.lacks($0.row) }
            skipped += range.count - chosen.count
            guard !chosen.isEmpty else {
                throw rows[0].reader.file.error("every row lacks a text or its label")
            }
        }
        return try readEach(chosen) { row throws(DatasetError) in
            try row.reader.example(row.row)
        }
    }

    /// Behind a file whose labels are in another comes that one.
    func namedFiles() throws(DatasetError) -> [(name: String, path: String)] {
        var named: [(name: String, path: String)] = []
        for part in DataFile.allCases {
            for (place, path) in try paths(definition[part] ?? DataFiles([])).enumerated() {
                let gold = definition.format == .wic ? [try DatasetFile.goldPath(of: path)] : []
                named += ([path] + gold).map { (FileManifest.dataName(part, place, $0), $0) }
            }
        }
        return named
    }
}
