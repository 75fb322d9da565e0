package import Files

/// The files of a model or of a task's data, by name and digest: what a host that has none of them asks its coordinator
/// for. A manifest proves itself, since the digest that stages are planned with follows from it (`content(as:)`), and its
/// names lead nowhere but below the folder that the files are put in.
package struct FileManifest: Hashable, Sendable {
    /// A file, known by the digest of its bytes as artifacts are.
    package struct File: Codable, Hashable, Sendable {
        /// In the folder: `config.json` of a model, `train/1/rte.tsv` of a task's data.
        package let name: String
        package let id: ArtifactID
        package let byteCount: Int

        package init(name: String, id: ArtifactID, byteCount: Int) {
            self.name = name
            self.id = id
            self.byteCount = byteCount
        }
    }

    package let files: [File]

    /// Of no files.
    package static let empty = FileManifest()

    private init() { files = [] }

    /// - Throws: `FileManifestError` for a name that leads elsewhere, and where a name comes twice.
    package init(_ files: [File]) throws(FileManifestError) {
        var names: Set<String> = []
        for file in files {
            let parts = file.name.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
            let isPlain = parts.allSatisfy { part in
                !part.isEmpty && !part.contains(0) && !part.elementsEqual(".".utf8) && !part.elementsEqual("..".utf8)
            }
            guard isPlain, file.byteCount >= 0 else { throw .badName(file.name) }
            guard names.insert(file.name).inserted else { throw .doubled(file.name) }
        }
        self.files = files
    }

    /// The manifest of files that lie here.
    package init(of named: [(name: String, path: String)]) throws {
        try self.init(
            try named.map { name, path in
                let (digest, byteCount) = try KnownDigests.ofProcess.digest(of: path)
                return File(name: name, id: ArtifactID(rawValue: digest), byteCount: byteCount)
            })
    }

    package var byteCount: Int { files.reduce(0) { $0 + $1.byteCount } }

    /// The digest that stages are planned with, if these are the files of such a source; nil where some are not.
    package func content(as source: InputSource) throws -> Digest? {
        switch source {
        case .model: modelContent
        case .data(let definition, _, _): try content(asDataOf: definition)
        }
    }

    // MARK: Models

    /// The digest of a model of these files; nil where one of them is none of a model's.
    package var modelContent: Digest? {
        let byName = Dictionary(files.map { ($0.name, $0) }) { first, _ in first }
        guard byName.keys.allSatisfy(ModelFiles.all.contains) else { return nil }
        var hasher = Digest.Hasher()
        for file in ModelFiles.all.compactMap({ byName[$0] }) { hasher.update(Array("\(file.name) \(file.id)\n".utf8)) }
        return hasher.finish()
    }

    // MARK: Data

    /// What a file of data is called here: the place of its path in the definition, and its last name, by which readers
    /// tell forms apart.
    package static func dataName(_ part: DataFile, _ place: Int, _ path: String) -> String {
        "\(part.name)/\(place + 1)/\(Path.name(of: path))"
    }

    /// For each part of the data its files in their order: one, or two where the labels are in another.
    private func groups(_ part: DataFile) -> [[File]] {
        var groups: [[File]] = []
        while true {
            let prefix = "\(part.name)/\(groups.count + 1)/"
            let group = files.filter { $0.name.hasPrefix(prefix) && !$0.name.dropFirst(prefix.count).contains("/") }
            guard !group.isEmpty else { return groups }
            groups.append(group)
        }
    }

    /// The digest of a task's data of these files; nil where they are not those of its parts.
    package func content(asDataOf definition: TaskDefinition) throws -> Digest? {
        var digests: [DataFile: Digest] = [:]
        var count = 0
        for part in DataFile.allCases where definition[part] != nil {
            let groups = groups(part)
            count += groups.reduce(0) { $0 + $1.count }
            digests[part] = groups.compactMap { $0.map(\.id.rawValue).joinedDigest }.joinedDigest
        }
        guard count == files.count, let train = digests[.train], definition.dev == nil || digests[.dev] != nil
        else { return nil }
        return try definition.contentDigest(
            train: train, dev: digests[.dev], validation: digests[.validation], test: digests[.test])
    }

    /// The definition of a task whose files lie under the names of this manifest.
    package func locating(_ definition: TaskDefinition) -> TaskDefinition {
        var located = definition
        for part in DataFile.allCases where definition[part] != nil {
            located[part] = DataFiles(groups(part).compactMap(\.first?.name))
        }
        return located
    }
}

/// Digests decide about bytes; names are checked where they come from and where they go.
extension FileManifest: Codable {
    package init(from decoder: any Decoder) throws {
        try self.init(try decoder.singleValueContainer().decode([File].self))
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(files)
    }
}

/// Why files are no manifest.
package enum FileManifestError: Error, Equatable, CustomStringConvertible, Sendable {
    case badName(String)
    case doubled(String)

    package var description: String {
        switch self {
        case .badName(let name): "'\(name.prefix(100))' is no name of a file below a folder"
        case .doubled(let name): "'\(name.prefix(100))' is the name of two files"
        }
    }
}

extension [Digest] {
    /// One stands for itself, several for the digest of them all.
    fileprivate var joinedDigest: Digest? {
        count > 1 ? Digest(of: map(\.hex).joined(separator: " ").utf8) : first
    }
}

/// What stages are trained on and no stage has made: where it lay when the sweep was planned, and by which digest it is
/// known everywhere.
package enum InputSource: Codable, Hashable, Sendable {
    case model(ModelLocation)
    /// The files of a task in a directory.
    case data(TaskDefinition, content: Digest, directory: String)

    package var content: Digest {
        switch self {
        case .model(let model): model.content
        case .data(_, let content, _): content
        }
    }

    package var directory: String {
        switch self {
        case .model(let model): model.path
        case .data(_, _, let directory): directory
        }
    }

    /// The same elsewhere.
    package func moved(to directory: String?) -> InputSource {
        guard let directory else { return self }
        return switch self {
        case .model(let model): .model(ModelLocation(name: model.name, path: directory, content: model.content))
        case .data(let definition, let content, _): .data(definition, content: content, directory: directory)
        }
    }

    /// What people call it.
    package var name: String {
        switch self {
        case .model(let model): "model '\(model.name)'"
        case .data(let definition, _, _): "the data of task '\(definition.name)'"
        }
    }
}

extension SweepPlan {
    /// The model and the data that its stages are trained on.
    package var inputSources: [InputSource] {
        [.model(model)] + tasks.map { .data($0.definition, content: $0.content, directory: dataDirectory) }
    }
}
