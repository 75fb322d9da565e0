import Encoders
package import Experiments
import Files
import Foundation
package import Tasks
package import Tokenizers

/// How long the examples of a task are, as one model reads them: what the work and the memory of its stages grow with.
package struct TaskLengths: Codable, Equatable, Sendable {
    package struct File: Codable, Equatable, Sendable {
        /// All of the file's examples.
        let count: Int
        /// Of some of them, evenly spread, the tokens of each sequence.
        let sequences: [[Int]]
        /// Rows that the head sees of those.
        let rows: [Int]
        /// Of a mean one of those.
        let mean: BatchSizes

        private enum CodingKeys: String, CodingKey {
            case count, sequences, rows
        }

        private init(count: Int, sequences: [[Int]], rows: [Int]) {
            (self.count, self.sequences, self.rows) = (count, sequences, rows)
            let sum = BatchSizes(lengths: sequences.flatMap(\.self), headRows: rows.reduce(0, +))
            mean = sum * (1 / Double(max(1, sequences.count)))
        }

        /// - Parameter count: of all examples of the file.
        fileprivate init(_ examples: [EncodedExample], of count: Int) {
            self.init(
                count: count, sequences: examples.map { $0.sequences.map(\.tokens.ids.count) },
                rows: examples.map(\.rowCount))
        }

        package init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: CodingKeys.self)
            self.init(
                count: try container.decode(Int.self, forKey: .count),
                sequences: try container.decode([[Int]].self, forKey: .sequences),
                rows: try container.decode([Int].self, forKey: .rows))
        }

        var tokens: [Int] { sequences.map { $0.reduce(0, +) } }
    }

    /// By name; those that the task has.
    let files: [String: File]
    /// Different tokens among the training examples that were looked at.
    let distinctTokens: Int
    /// What reading all files took.
    let secondsToRead: Double

    subscript(file: DataFile) -> File? { files[file.name] }

    /// Rows that the head sees of all examples.
    var rowCount: Int {
        files.values.reduce(0) { $0 + $1.rows.reduce(0, +) * $1.count / max(1, $1.rows.count) }
    }

    /// So many examples of a file are enough to know how long they are.
    private static let mostLooked = 20_000

    /// - Parameters:
    ///   - recipe: says how texts are cut.
    ///   - secondsToLoad: what it took to read the dataset.
    package init(
        _ dataset: Dataset, with tokenizer: any Tokenizer, _ recipe: Recipe, secondsToLoad: Double = 0
    ) throws(TokenizerError) {
        let encoding = try ExampleEncoding(dataset.definition, with: tokenizer, recipe)
        var files: [String: File] = [:]
        var tokens: Set<Int32> = []
        var seconds = secondsToLoad
        for file in dataset.files {
            let examples = dataset[file]
            let stride = (examples.count + Self.mostLooked - 1) / Self.mostLooked
            let looked = stride == 1 ? examples : examples.indices.filter { $0 % stride == 0 }.map { examples[$0] }
            let begin = ContinuousClock.now
            let encoded = try encoding.encode(looked, file)
            let share = Double(examples.count) / Double(looked.count)
            seconds += begin.duration(to: .now).inSeconds * share
            files[file.name] = File(encoded, of: Int((Double(encoded.count) * share).rounded()))
            guard file == .train else { continue }
            for sequence in encoded.lazy.flatMap(\.sequences) { tokens.formUnion(sequence.tokens.ids) }
        }
        self.files = files
        distinctTokens = tokens.count
        secondsToRead = seconds
    }

    /// Of examples that have been read.
    init(_ data: EncodedDataset) {
        var files: [String: File] = [:]
        for file in data.files {
            files[file.name] = File(data[file], of: data[file].count)
        }
        self.files = files
        distinctTokens = data.distinctTokens
        secondsToRead = 0
    }
}

extension EncodedDataset {
    fileprivate var distinctTokens: Int {
        train.lazy.flatMap(\.sequences).reduce(into: Set<Int32>()) { $0.formUnion($1.tokens.ids) }.count
    }
}

/// The lengths of tasks, kept as files: those that were asked for last.
package struct KeptLengths {
    private let folder: String
    private let mostFiles: Int

    package init(folder: String, mostFiles: Int = 100) {
        self.folder = "\(folder)/lengths"
        self.mostFiles = mostFiles
    }

    /// - Returns: nil where nobody has looked, or the file is none that can be read.
    package func lengths(_ identity: TextIdentity) throws -> TaskLengths? {
        let path = try path(identity)
        do {
            let lengths = try CanonicalJSON.decode(TaskLengths.self, from: Data(try Disk.read(path)))
            Disk.touch(path)
            return lengths
        } catch {
            return nil
        }
    }

    package func keep(_ lengths: TaskLengths, _ identity: TextIdentity) throws {
        try Directory.make(folder)
        try AtomicFile.write(try CanonicalJSON.encode(lengths), to: try path(identity), isDurable: false)
        let uses = Disk.files(matching: "\(folder)/*.json").compactMap { path in
            Disk.use(of: path).map { (path: path, at: $0.at) }
        }
        for old in uses.sorted(by: { $0.at > $1.at }).dropFirst(mostFiles) { try Disk.remove(old.path) }
    }

    private func path(_ identity: TextIdentity) throws -> String {
        "\(folder)/\(try Digest(ofCanonicalJSON: identity)).json"
    }
}
