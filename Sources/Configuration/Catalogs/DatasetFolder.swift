import Experiments
import Files
import Foundation

/// A folder of tables or JSON lines as Hugging Face's `datasets` reads it: which files each split has, by the card's `configs`
/// or else by their names, and the names of classes that the files have by their numbers.
struct DatasetFolder {
    let format: TaskDefinition.FileFormat
    /// Relative to the data directory, in the order of their names.
    private let splits: [Split: [String]]
    /// Of the features that are classes, by their columns.
    private let classes: [String: [String]]
    private let place: Place

    enum Split: String, CaseIterable {
        case train, validation, test

        /// What names of files and folders have for it.
        fileprivate var words: Set<String> {
            switch self {
            case .train: ["train", "training"]
            case .validation: ["validation", "valid", "val", "dev"]
            case .test: ["test", "testing", "eval", "evaluation"]
            }
        }
    }

    /// - Parameters:
    ///   - folder: its path, relative to the data directory.
    ///   - subset: which of the card's `configs` is meant, where there are several.
    init(_ folder: YAMLValue, subset: YAMLValue?, in directory: String?) throws(ConfigurationError) {
        let name = try folder.text("'folder'")
        place = folder.place
        guard let directory else {
            throw ConfigurationError("'folder' takes a data directory to look in", at: folder.place)
        }
        let root = "\(directory)/\(name)"
        guard Directory.isThere(root) else {
            throw ConfigurationError("'folder': there is no directory \(root)", at: folder.place)
        }
        let card = try DatasetCard(root)
        let config = try card.config(subset, at: folder.place)
        let files = Directory.files(under: root).map { String($0.dropFirst(root.count + 1)) }
            .filter { DataFileName($0).isData }.sorted()
        let found = config?.files.map { Self.matching($0, files) } ?? Self.bySplitWords(files)
        guard let first = found[.train]?.first else {
            throw ConfigurationError(
                "'folder': \(root) has no files to train on; name them in 'train'", at: folder.place)
        }
        let names = found.values.joined().map { DataFileName($0) }
        guard let format = DataFileName(first).format, names.allSatisfy({ $0.format == format }) else {
            let kinds = Set(names.map(\.ending)).sorted().map { ".\($0)" }
            throw ConfigurationError(
                "'folder': \(root) has \(oneOf(kinds)) files, and all must be .csv, .tsv or .jsonl; `datasets` writes those "
                    + "by to_csv and to_json", at: folder.place)
        }
        self.format = format
        splits = found.mapValues { $0.map { "\(name)/\($0)" } }
        classes = try card.classes(config?.name)
    }

    func files(of split: Split) -> DataFiles? { splits[split].map(DataFiles.init) }

    /// What scores are reported on: the validation split or, where there is none, the test split.
    func dev() throws(ConfigurationError) -> DataFiles {
        guard let files = files(of: .validation) ?? files(of: .test) else {
            throw ConfigurationError(
                "'folder' has neither a validation nor a test split; set rows of train apart, as 'dev: 20%' or 'folds: 5'",
                at: place)
        }
        return files
    }

    /// The classes of a column that has them by their numbers; nil where the folder says of none.
    func labels(of column: Column?) -> [String]? { column.flatMap { classes[$0.description] } }

    private static func matching(_ patterns: [Split: [String]], _ files: [String]) -> [Split: [String]] {
        patterns.mapValues { patterns in
            files.filter { file in patterns.contains { fits($0, file) || $0 == file } }
        }.filter { !$0.value.isEmpty }
    }

    /// Whether a pattern is of the file: `*` stays within a name, and `**` is any number of folders, also none.
    private static func fits(_ pattern: String, _ file: String) -> Bool {
        let names = file.split(separator: "/").map(String.init)
        // How many of the names the parts so far may be of.
        var counts: Set = [0]
        for part in pattern.split(separator: "/").map(String.init) where part != "." {
            counts =
                part == "**"
                ? counts.min().map { Set($0...names.count) } ?? []
                : Set(counts.filter { $0 < names.count && fnmatch(part, names[$0], 0) == 0 }.map { $0 + 1 })
        }
        return counts.contains(names.count)
    }

    /// By the words in their folders' names or, where none of these has one, in their own names; all are to be trained on
    /// where nothing says otherwise.
    private static func bySplitWords(_ files: [String]) -> [Split: [String]] {
        let parts: [(String) -> Substring] = [
            { $0[..<($0.lastIndex(of: "/") ?? $0.startIndex)] },
            { $0[($0.lastIndex(of: "/").map($0.index(after:)) ?? $0.startIndex)...] },
        ]
        for part in parts {
            let found = Dictionary(grouping: files) { file in
                let words = part(file).split { !$0.isLetter }.map { $0.lowercased() }
                return Split.allCases.first { !$0.words.isDisjoint(with: words) }
            }
            let splits = Split.allCases.compactMap { split in found[split].map { (split, $0) } }
            if !splits.isEmpty { return Dictionary(uniqueKeysWithValues: splits) }
        }
        return files.isEmpty ? [:] : [.train: files]
    }
}

/// What the name of a file says of what is in it.
private struct DataFileName {
    let ending: String
    let isData: Bool

    private static let formats: [String: TaskDefinition.FileFormat] = [
        "csv": .csv, "tsv": .tsv, "jsonl": .jsonl, "json": .jsonl, "ndjson": .jsonl,
    ]

    /// - Parameter path: relative to the folder.
    init(_ path: String) {
        let parts = path.split(separator: "/")
        let name = (parts.last ?? "").lowercased()
        let plain = name.hasSuffix(".gz") ? String(name.dropLast(3)) : name
        ending = plain.lastIndex(of: ".").map { String(plain[plain.index(after: $0)...]) } ?? ""
        let isAbout = ["config.json", "dataset_dict.json", "dataset_info.json", "dataset_infos.json", "state.json"]
            .contains(name)
        let isHidden = parts.contains { $0.hasPrefix(".") || $0.hasPrefix("__") }
        isData = !isAbout && !isHidden && (Self.formats[ending] != nil || ["parquet", "arrow"].contains(ending))
    }

    var format: TaskDefinition.FileFormat? { Self.formats[ending] }
}

/// What a folder says of itself: in the front matter of its README.md, in dataset_infos.json, or in dataset_info.json.
private struct DatasetCard {
    private let root: String
    private let frontMatter: Section?

    struct Config {
        let name: String
        /// Patterns; nil where names of files say what is in them.
        let files: [DatasetFolder.Split: [String]]?
    }

    init(_ root: String) throws(ConfigurationError) {
        self.root = root
        let path = "\(root)/README.md"
        guard Disk.isPlainFile(path) else {
            frontMatter = nil
            return
        }
        let lines = try YAMLValue.text(of: path).split(omittingEmptySubsequences: false) { $0.isNewline }
        guard lines.first == "---", let end = lines.dropFirst().firstIndex(of: "---") else {
            frontMatter = nil
            return
        }
        // With its first line, so that what is wrong is named by its place in the file.
        let value = try YAMLValue.parse(lines[..<end].joined(separator: "\n"), file: path)
        frontMatter = try Section(value, name: "the card's front matter", isOptional: true)
    }

    // MARK: - Files

    /// The one that is meant: the only one, the default, or the one that is named.
    func config(_ subset: YAMLValue?, at place: Place) throws(ConfigurationError) -> Config? {
        var sections: [Section] = []
        for value in try frontMatter?["configs"]?.list("'configs'") ?? [] {
            sections.append(try Section(value, name: "an entry of 'configs'"))
        }
        let names = sections.map { $0["config_name"]?.shown ?? "default" }
        let wanted = try subset?.text("'subset'")
        guard !sections.isEmpty else { return wanted.map { Config(name: $0, files: nil) } }
        let chosen =
            sections.indices.first { names[$0] == wanted ?? names[$0] && (wanted != nil || sections.count == 1) }
            ?? (wanted == nil
                ? sections.indices.first { sections[$0]["default"]?.shown == "true" || names[$0] == "default" } : nil)
        guard let chosen else {
            let mistake = wanted.map { "'subset': the folder has no '\($0)'" } ?? "the folder has several subsets"
            throw ConfigurationError("\(mistake); name one in 'subset': \(oneOf(names))", at: subset?.place ?? place)
        }
        return Config(name: names[chosen], files: try sections[chosen]["data_files"].map(Self.patterns))
    }

    /// A pattern or several for the training files, or patterns by splits as a mapping or as a list.
    private static func patterns(_ value: YAMLValue) throws(ConfigurationError) -> [DatasetFolder.Split: [String]] {
        var patterns: [DatasetFolder.Split: [String]] = [:]
        for (name, value) in try named(value) {
            guard let split = DatasetFolder.Split(rawValue: name) else { continue }
            for path in try value.list("'path'") { patterns[split, default: []].append(try path.text("'path'")) }
        }
        return patterns
    }

    /// The names of splits with what says where their files are.
    private static func named(_ value: YAMLValue) throws(ConfigurationError) -> [(String, YAMLValue)] {
        if case .mapping(let entries) = value.content { return entries.map { ($0.key, $0.value) } }
        var named: [(String, YAMLValue)] = []
        for entry in try value.list("'data_files'") {
            if case .mapping = entry.content {
                let section = try Section(entry, name: "an entry of 'data_files'")
                named.append((try section.required("split").text("'split'"), try section.required("path")))
            } else {
                named.append((DatasetFolder.Split.train.rawValue, entry))
            }
        }
        return named
    }

    // MARK: - Classes

    /// Names of classes by columns.
    func classes(_ config: String?) throws(ConfigurationError) -> [String: [String]] {
        if let info = frontMatter?["dataset_info"] { return try Self.classes(info, config) }
        for name in ["dataset_infos.json", "dataset_info.json"] where Disk.isPlainFile("\(root)/\(name)") {
            return try Self.classes(json("\(root)/\(name)"), config)
        }
        return [:]
    }

    private static func classes(_ info: YAMLValue, _ config: String?) throws(ConfigurationError) -> [String: [String]] {
        var infos: [Section] = []
        for value in info.elements { infos.append(try Section(value, name: "'dataset_info'")) }
        let own = infos.first { $0["config_name"]?.shown == config } ?? (infos.count == 1 ? infos[0] : nil)
        var classes: [String: [String]] = [:]
        for value in own?["features"]?.elements ?? [] {
            let feature = try Section(value, name: "an entry of 'features'")
            // Of tags the class is that of a word.
            let types = [feature["dtype"], feature["sequence"], feature["list"]].compactMap {
                $0?["class_label"]?["names"]
            }
            guard let name = feature["name"]?.shown else { continue }
            switch types.first?.content {
            case .mapping(let entries):
                let numbered = entries.compactMap { entry in Int(entry.key).map { ($0, entry.value.shown) } }
                classes[name] = numbered.sorted { $0.0 < $1.0 }.map(\.1)
            case .list(let values): classes[name] = values.map(\.shown)
            case .scalar, .empty, nil: break
            }
        }
        return classes
    }

    private static func classes(_ file: JSONValue, _ config: String?) -> [String: [String]] {
        // dataset_infos.json has one for each of its configs.
        let infos = file["features"] == nil ? file.members?.map { ($0.name, $0.value) } ?? [] : [("", file)]
        let own = infos.first { $0.0 == config } ?? (infos.count == 1 ? infos[0] : nil)
        let features = own?.1["features"]?.members ?? []
        let named = features.compactMap { feature in
            let type = feature.value["feature"] ?? feature.value
            return type["names"]?.elements.map { (feature.name, $0.map(\.description)) }
        }
        return Dictionary(named) { first, _ in first }
    }

    private func json(_ path: String) throws(ConfigurationError) -> JSONValue {
        do {
            let bytes = try Disk.readToEnd(path, atMost: 16 << 20)
            return try JSONValue(parsing: bytes.span)
        } catch let error as JSONError {
            throw ConfigurationError("\(path): \(error)")
        } catch {
            throw ConfigurationError("\(error)")
        }
    }
}

extension YAMLValue {
    /// The value of a key; nil where there is none.
    fileprivate subscript(key: String) -> YAMLValue? {
        guard case .mapping(let entries) = content else { return nil }
        return entries.first { $0.key == key }?.value
    }

    /// Those of a list, or the one thing that stands in its place.
    fileprivate var elements: [YAMLValue] {
        switch content {
        case .list(let values): values
        case .empty: []
        case .scalar, .mapping: [self]
        }
    }
}
