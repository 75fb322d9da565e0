package import Downloads
import Experiments
import Files

/// The pretrained models of `configs/models.yaml`, by name.
package struct ModelCatalog: Sendable {
    private var entries: [Entry] = []
    private let environment: [String: String]
    private let cache: HubCache

    private struct Entry: Sendable {
        let name: String
        /// Directories to look in, as written; the first whose variables are all set counts.
        let paths: [String]
        /// The command that brings the model here.
        let fetch: String?
        /// What the hub calls it; the first is its name today.
        let hub: [HubModel]
    }

    init(environment: [String: String]) {
        self.environment = environment
        cache = HubCache(environment: environment)
    }

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
        try section.checkKeys(["path", "fetch", "hub", "revision", "subfolder"])
        let hub = try hubModels(section)
        return Entry(
            name: item.key,
            paths: hub.isEmpty || section["path"] != nil
                ? try section.required("path").uniqueTexts("'path'").map(\.text) : [],
            fetch: try section["fetch"].map { value throws(ConfigurationError) in try value.text("'fetch'") },
            hub: hub)
    }

    private static func hubModels(_ section: Section) throws(ConfigurationError) -> [HubModel] {
        let revision = try section["revision"]?.text("'revision'")
        let subfolder = try section["subfolder"]?.text("'subfolder'")
        guard let ids = section["hub"] else {
            guard let value = section["revision"] ?? section["subfolder"] else { return [] }
            throw ConfigurationError(
                "'revision' and 'subfolder' are of a model on the hub; name it as 'hub'", at: value.place)
        }
        return try ids.uniqueTexts("'hub'").map { id throws(ConfigurationError) in
            do throws(DownloadError) {
                return try HubModel(id.text, revision: revision, subfolder: subfolder)
            } catch {
                throw ConfigurationError("\(error)", at: id.place)
            }
        }
    }
}

/// A pretrained model as it was asked for.
package struct ModelChoice: Hashable, Sendable {
    package enum Place: Hashable, Sendable {
        case directory(String)
        /// It would have to be fetched.
        case hub(HubModel)
    }

    package let name: String
    package let place: Place

    package init(name: String, place: Place) {
        self.name = name
        self.place = place
    }
}

extension ModelCatalog {
    /// Finds a model by its name in the catalog, its directory, or its name on the hub.
    /// - Throws: what to do where it can be none of these.
    package func find(_ name: String) throws(ConfigurationError) -> ModelChoice {
        if let entry = entries.first(where: { $0.name == name }) { return try find(entry) }
        let isPath = name.contains("/")
        if isPath || Directory.isThere(name) {
            let directory = expanded(name) ?? name
            if Directory.isThere(directory) {
                return ModelChoice(name: Path.name(of: Path.absolute(directory)), place: .directory(directory))
            }
        }
        if HubModel.isID(name) {
            let model = try hubModel(name)
            let place = try here([model])
            // What looks like a slip is not asked for on the network.
            if place != nil || isPath || hint(for: name, among: names).isEmpty {
                return ModelChoice(name: name, place: place ?? .hub(model))
            }
        }
        if isPath { throw ConfigurationError("model '\(name)': there is no such directory") }
        throw ConfigurationError(
            "unknown model '\(name)'\(hint(for: name, among: names)) (a directory has a '/' in it, and "
                + "`headstart model fetch \(name)` asks the hub for it)")
    }

    /// What the hub calls a model of the catalog, or the model that it calls so.
    package func onHub(_ name: String, revision: String?, subfolder: String?) throws -> HubModel {
        guard let entry = entries.first(where: { $0.name == name }) else {
            return try HubModel(name, revision: revision, subfolder: subfolder)
        }
        guard let model = entry.hub.first else {
            let remedy = entry.fetch.map { "; run \($0)" } ?? ""
            throw ConfigurationError("model '\(name)' of models.yaml is not on the hub\(remedy)")
        }
        guard revision != nil || subfolder != nil else { return model }
        return try HubModel(model.id, revision: revision, subfolder: subfolder)
    }

    /// The catalog's models that are here, with their directories.
    package var present: [(name: String, directory: String)] {
        entries.compactMap { entry in
            guard let directory = entry.paths.lazy.compactMap(expanded).first, Directory.isThere(directory) else {
                return nil
            }
            return (entry.name, directory)
        }
    }

    private func find(_ entry: Entry) throws(ConfigurationError) -> ModelChoice {
        let directory = entry.paths.lazy.compactMap(expanded).first
        if let directory, Directory.isThere(directory) {
            return ModelChoice(name: entry.name, place: .directory(directory))
        }
        if let model = entry.hub.first {
            return ModelChoice(name: entry.name, place: try here(entry.hub) ?? .hub(model))
        }
        guard let directory else {
            throw ConfigurationError(
                "model '\(entry.name)': set \(oneOf(entry.paths)) to the directory that holds it")
        }
        let remedy = entry.fetch.map { "; run \($0)" } ?? ""
        throw ConfigurationError("model '\(entry.name)' is not in \(directory)\(remedy)")
    }

    /// The first of the models that the hub's cache has; nil where it has none.
    private func here(_ models: [HubModel]) throws(ConfigurationError) -> ModelChoice.Place? {
        for model in models {
            do throws(FileError) {
                if let directory = try cache.directory(of: model) { return .directory(directory) }
            } catch {
                throw ConfigurationError("\(error)")
            }
        }
        return nil
    }

    private func hubModel(_ id: String) throws(ConfigurationError) -> HubModel {
        do throws(DownloadError) {
            return try HubModel(id)
        } catch {
            throw ConfigurationError("\(error)")
        }
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
