import Experiments

/// A sweep as people write it.
package enum SweepFile {
    static let keys = ["sweep", "model", "tasks", "seeds", "defaults", "methods", "keep", "search"]

    /// Reads and checks a sweep file; the model's directory must be there, the datasets are not looked at.
    /// - Throws: everything that is wrong with the file, a line each.
    package static func read(
        _ path: String, catalogs: Catalogs, overrides: [Override] = []
    ) throws(ConfigurationError) -> SweepRequest {
        let overrides = try Overrides(overrides, sweepKeys: keys.filter { $0 != "defaults" })
        let sweep = SweepSource(
            section: try Section(YAMLValue.readSweep(path), name: "the sweep"), overrides: overrides.sweep)
        var findings = Findings()
        sweep.checkKeys(&findings)
        let name = findings.collect(try sweep.name())
        let model = findings.collect(try sweep.model(catalogs.models))
        let tasks = findings.collect(try sweep.tasks(catalogs.tasks))
        let seeds = findings.collect(try sweep.seeds())
        let keep = findings.collect(try sweep.keep())
        let defaults = findings.collect(try sweep.defaults())
        let methods = findings.collect(try sweep.methods(catalogs.methods))
        let searches = findings.collect(try sweep.searches())
        try findings.check()
        guard let name, let model, let tasks, let seeds, let keep, let methods, let defaults, let searches else {
            preconditionFailure("a part of the sweep is missing, but nothing was found to be wrong")
        }
        return try SweepRequest(
            name: name, model: model, tasks: tasks, catalogs: catalogs, methods: methods, seeds: seeds, keep: keep,
            defaults: defaults, overrides: overrides.settings, searches: searches)
    }
}

/// The parts of a sweep file, with what the command line says instead.
struct SweepSource {
    let section: Section
    let overrides: [String: Override]

    private func value(_ key: String) throws(ConfigurationError) -> YAMLValue {
        if let override = overrides[key] { return override.yaml }
        return try section.required(key)
    }

    func checkKeys(_ findings: inout Findings) {
        for entry in section.entries where !SweepFile.keys.contains(entry.key) {
            let isSetting = Settings.named(entry.key) != nil
            let known = SweepFile.keys + ["like"]
            let guess = isSetting ? "; settings stand under 'defaults'" : hint(for: entry.key, among: known)
            findings.note("unknown key '\(entry.key)' in the sweep\(guess)", at: entry.place)
        }
    }

    func name() throws(ConfigurationError) -> String {
        let value = try value("sweep")
        let name = try value.text("'sweep'")
        guard isName(name) else {
            throw ConfigurationError("'\(name)' cannot be a sweep's name; \(nameRule)", at: value.place)
        }
        return name
    }

    func model(_ catalog: ModelCatalog) throws(ConfigurationError) -> ModelChoice {
        let value = try value("model")
        let name = try value.text("'model'")
        do throws(ConfigurationError) {
            return try catalog.find(name)
        } catch {
            throw ConfigurationError("\(error)", at: value.place)
        }
    }

    /// The tasks with what the sweep sets for each.
    func tasks(_ catalog: TaskCatalog) throws(ConfigurationError) -> [(TaskDefinition, SettingLayer)] {
        var findings = Findings()
        let layers = try taskLayers(&findings)
        let tasks = try value("tasks")
        let names: [(text: String, place: Place)]
        if case .mapping(let entries) = tasks.content {
            names = entries.map { ($0.key, $0.place) }
        } else {
            names = try tasks.uniqueTexts("'tasks'")
        }
        var chosen: [(TaskDefinition, SettingLayer)] = []
        var trained: Set<String> = []
        for name in names where !findings.isFull {
            guard let task = findings.collect(try catalog.definition(named: name.text, at: name.place)) else {
                continue
            }
            if let twice = task.trained.first(where: { !trained.insert($0.name).inserted }) {
                findings.note("'tasks' lists '\(twice.name)' twice", at: name.place)
            }
            chosen.append((task, layers[name.text] ?? SettingLayer()))
        }
        if names.isEmpty { findings.note("'tasks' is empty", at: tasks.place) }
        try findings.check()
        return chosen
    }

    /// What the file sets for single tasks, whichever of them are run.
    private func taskLayers(_ findings: inout Findings) throws(ConfigurationError) -> [String: SettingLayer] {
        guard case .mapping(let entries)? = section["tasks"]?.content else { return [:] }
        var layers: [String: SettingLayer] = [:]
        for entry in entries {
            let section = try Section(entry.value, name: "task '\(entry.key)'", at: entry.place, isOptional: true)
            layers[entry.key] = SettingLayer(
                section, besides: [SearchChoice.key], scope: .anywhere, &findings)
        }
        return layers
    }

    func seeds() throws(ConfigurationError) -> [UInt64] { try value("seeds").seedList("'seeds'") }

    func keep() throws(ConfigurationError) -> SweepRequest.Keep {
        guard let value = overrides["keep"]?.yaml ?? section["keep"] else { return .best }
        // What sweep files said before there was a best.
        switch try value.text("'keep'") {
        case "model": return .all
        case "head": return .none
        default: return try value.choice("'keep'")
        }
    }

    func methods(_ catalog: MethodCatalog) throws(ConfigurationError) -> [MethodDefinition] {
        var findings = Findings()
        let value = try section.required("methods")
        var methods = catalog.read(methods: value, &findings)
        if let override = overrides["methods"] {
            methods = try chosen(override.yaml.uniqueTexts("'methods'"), of: methods, catalog)
        }
        try findings.check()
        guard !methods.isEmpty else { throw ConfigurationError("'methods' is empty", at: value.place) }
        return methods
    }

    /// The methods that the command line names; or all of the sweep's but those named with a `-` before them.
    private func chosen(
        _ names: [(text: String, place: Place)], of methods: [MethodDefinition], _ catalog: MethodCatalog
    ) throws(ConfigurationError) -> [MethodDefinition] {
        let excluded = names.filter { $0.text.hasPrefix("-") }
        guard !excluded.isEmpty else {
            return try names.map { name throws(ConfigurationError) in
                if let method = methods.first(where: { $0.name == name.text }) { return method }
                return try catalog.method(named: name.text, at: name.place)
            }
        }
        var left = methods
        for name in names {
            guard excluded.count == names.count else {
                throw ConfigurationError("name the methods to run, or with '-' those to leave out", at: name.place)
            }
            let word = String(name.text.dropFirst())
            guard let place = left.firstIndex(where: { $0.name == word }) else {
                throw ConfigurationError(
                    "the sweep has no method '\(word)' to leave out\(hint(for: word, among: methods.map(\.name)))",
                    at: name.place)
            }
            left.remove(at: place)
        }
        return left
    }

    func defaults() throws(ConfigurationError) -> SettingLayer {
        guard let value = section["defaults"] else { return SettingLayer() }
        var findings = Findings()
        let section = try Section(value, name: "'defaults'", isOptional: true)
        let layer = SettingLayer(section, scope: .anywhere, &findings)
        try findings.check()
        return layer
    }
}

extension YAMLValue {
    /// Seeds of which none comes twice.
    func seedList(_ what: String) throws(ConfigurationError) -> [UInt64] {
        var seeds: [UInt64] = []
        var seen: Set<UInt64> = []
        for item in try list(what) {
            for seed in try item.seeds() {
                guard seen.insert(seed).inserted else {
                    throw ConfigurationError("\(what) lists \(seed) twice", at: item.place)
                }
                seeds.append(seed)
            }
            guard seeds.count <= Self.seedLimit else {
                throw ConfigurationError("\(what) lists more than \(Self.seedLimit) seeds", at: item.place)
            }
        }
        return seeds
    }

    private static let seedLimit = 10_000

    /// One seed, or `1..4`, which is 1, 2, 3 and 4.
    private func seeds() throws(ConfigurationError) -> ClosedRange<UInt64> {
        let text = try text("an entry of 'seeds'")
        let bounds = text.split(separator: ".", omittingEmptySubsequences: false)
        let isRange = bounds.count == 3 && bounds[1].isEmpty
        guard let first = UInt64(bounds[0]), isRange || bounds.count == 1, let last = UInt64(bounds[isRange ? 2 : 0])
        else {
            throw ConfigurationError(
                "a seed must be a whole number from 0, or a range as 1..4, not '\(text)'", at: place)
        }
        guard first <= last else { throw ConfigurationError("the range of seeds '\(text)' is empty", at: place) }
        guard last - first < UInt64(Self.seedLimit) else {
            throw ConfigurationError("the range of seeds '\(text)' has more than \(Self.seedLimit)", at: place)
        }
        return first...last
    }
}
