import Experiments
import Files

/// The pretrained models of `configs/models.yaml`, by name.
package struct ModelCatalog: Sendable {
    private var entries: [Entry] = []
    private let environment: [String: String]

    private struct Entry: Sendable {
        let name: String
        /// Directories to look in, as written; the first whose variables are all set counts.
        let paths: [String]
        /// The command that brings the model here.
        let fetch: String?
    }

    init(environment: [String: String]) { self.environment = environment }

    package var names: [String] { entries.map(\.name) }

    /// Adds the models of a file. A name that is known already keeps its meaning: nearer files are read first.
    mutating func add(file: String) throws(ConfigurationError) {
        var findings = Findings()
        let section = try Section(YAMLValue.read(file), name: "the file")
        for item in section.entries {
            let entry = findings.collect(try Self.entry(item))
            if let entry, !names.contains(entry.name) { entries.append(entry) }
        }
        try findings.check()
    }

    private static func entry(_ item: YAMLEntry) throws(ConfigurationError) -> Entry {
        let section = try Section(item.value, name: "model '\(item.key)'", at: item.place)
        try section.checkKeys(["path", "fetch"])
        return Entry(
            name: item.key, paths: try section.required("path").uniqueTexts("'path'").map(\.text),
            fetch: try section["fetch"].map { value throws(ConfigurationError) in try value.text("'fetch'") })
    }
}

/// A pretrained model that is on this machine.
package struct ModelChoice: Hashable, Sendable {
    /// As it was asked for.
    package let name: String
    package let directory: String

    package init(name: String, directory: String) {
        self.name = name
        self.directory = directory
    }
}

extension ModelCatalog {
    /// Finds a model by its name in the catalog, or by its directory.
    /// - Throws: what to run where it is not on this machine.
    package func find(_ name: String) throws(ConfigurationError) -> ModelChoice {
        if let entry = entries.first(where: { $0.name == name }) { return try find(entry) }
        if name.contains("/") || Directory.isThere(name) {
            let directory = expanded(name) ?? name
            guard Directory.isThere(directory) else {
                throw ConfigurationError("model '\(name)': there is no such directory")
            }
            return ModelChoice(name: Path.name(of: Path.absolute(directory)), directory: directory)
        }
        throw ConfigurationError(
            "unknown model '\(name)'\(hint(for: name, among: names)) (a directory has a '/' in it)")
    }

    private func find(_ entry: Entry) throws(ConfigurationError) -> ModelChoice {
        guard let directory = entry.paths.lazy.compactMap(expanded).first else {
            throw ConfigurationError(
                "model '\(entry.name)': set \(oneOf(entry.paths)) to the directory that holds it")
        }
        guard Directory.isThere(directory) else {
            let remedy = entry.fetch.map { "; run \($0)" } ?? ""
            throw ConfigurationError("model '\(entry.name)' is not in \(directory)\(remedy)")
        }
        return ModelChoice(name: entry.name, directory: directory)
    }

    /// The path with `~` and `$NAME` replaced; nil where a variable is not set.
    private func expanded(_ path: String) -> String? {
        var parts: [String] = []
        for part in path.split(separator: "/", omittingEmptySubsequences: false) {
            let variable = part == "~" ? "HOME" : part.hasPrefix("$") ? String(part.dropFirst()) : nil
            guard let variable else {
                parts.append(String(part))
                continue
            }
            guard let value = environment[variable], !value.isEmpty else { return nil }
            parts.append(value)
        }
        return parts.joined(separator: "/")
    }
}
