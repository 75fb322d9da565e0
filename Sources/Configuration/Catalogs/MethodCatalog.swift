import Experiments

/// The methods of `configs/methods.yaml`, by name.
package struct MethodCatalog: Sendable {
    private(set) var methods: [MethodDefinition] = []

    package var names: [String] { methods.map(\.name) }

    /// Adds the methods of a file. A name that is known already keeps its meaning: nearer files are read first.
    mutating func add(file: String) throws(ConfigurationError) {
        var findings = Findings()
        let section = try Section(YAMLValue.read(file), name: "the file")
        // A method may be like one of its own file, whatever a nearer file calls so.
        var here = MethodCatalog()
        for entry in section.entries {
            guard let method = here.method(entry, &findings) else { continue }
            here.methods.append(method)
            if self[entry.key] == nil { methods.append(method) }
        }
        try findings.check()
    }

    subscript(name: String) -> MethodDefinition? { methods.first { $0.name == name } }

    func method(named name: String, at place: Place?) throws(ConfigurationError) -> MethodDefinition {
        guard let method = self[name] else {
            throw ConfigurationError("unknown method '\(name)'\(hint(for: name, among: names))", at: place)
        }
        return method
    }
}

extension MethodCatalog {
    /// Reads a sweep's `methods`: a list of known names, or a mapping of names to what they do.
    ///
    /// A mapping entry stands on its own if it is a list of stages or says what to `tune`. Otherwise it refines its own
    /// `stages`, the method that it is named after, or the one that it is `like`: a known one, or one further up in the
    /// sweep. With `then` it goes on with more stages.
    func read(methods value: YAMLValue, _ findings: inout Findings) -> [MethodDefinition] {
        guard case .mapping(let entries) = value.content else {
            let names = findings.collect(try value.uniqueTexts("'methods'")) ?? []
            var methods: [MethodDefinition] = []
            for name in names where !findings.isFull {
                guard let method = findings.collect(try method(named: name.text, at: name.place)) else { continue }
                methods.append(method)
            }
            return methods
        }
        guard entries.count <= Self.methodLimit else {
            findings.note("'methods' has \(entries.count) entries; \(Self.methodLimit) are the most", at: value.place)
            return []
        }
        var known = self
        var methods: [MethodDefinition] = []
        for entry in entries where !findings.isFull {
            guard let method = known.method(entry, &findings) else { continue }
            methods.append(method)
            known.methods = [method] + known.methods
        }
        return methods
    }

    private static let ownKeys = ["like", "stages", "then"] + MethodRemarks.keys
    private static let methodLimit = 1000

    private func method(_ entry: YAMLEntry, _ findings: inout Findings) -> MethodDefinition? {
        var method = defined(entry, &findings)
        method?.remarks = findings.collect(try MethodRemarks(entry))
        return method
    }

    private func defined(_ entry: YAMLEntry, _ findings: inout Findings) -> MethodDefinition? {
        if case .list = entry.value.content { return MethodDefinition(entry, &findings) }
        do throws(ConfigurationError) {
            let name = "method '\(entry.key)'"
            let section = try Section(entry.value, name: name, at: entry.place, isOptional: true)
            if section["like"] == nil, section["tune"] != nil { return MethodDefinition(entry, &findings) }
            guard let base = try base(of: entry, section, &findings) else { return nil }
            var method = base.refined(as: entry.key, by: section, besides: Self.ownKeys, &findings)
            // What is only followed by more is still the method that it is like, and shares its search.
            let isRefined = section.entries.contains { !(["like", "then"] + MethodRemarks.keys).contains($0.key) }
            if isRefined { method.beginning?.method = entry.key }
            guard let more = section["then"] else { return method }
            let like = try section["like"]?.text("'like'")
            return method.followed(
                by: try more.list("'then' of \(name)"), beginning: isRefined ? entry.key : like ?? entry.key, &findings)
        } catch {
            findings.note(error)
            return nil
        }
    }

    /// The method that an entry refines.
    /// - Returns: nil after noting what is wrong with its own stages.
    private func base(
        of entry: YAMLEntry, _ section: Section, _ findings: inout Findings
    ) throws(ConfigurationError) -> MethodDefinition? {
        if let stages = section["stages"] {
            guard section["like"] == nil else {
                throw ConfigurationError(
                    "\(section.name) has 'stages' and is 'like' another; give one", at: stages.place)
            }
            return MethodDefinition(YAMLEntry(key: entry.key, place: entry.place, value: stages), &findings)
        }
        if let like = section["like"] {
            return try method(named: try like.text("'like'"), at: like.place)
        }
        guard let method = self[entry.key] else {
            let sentence = "method '\(entry.key)' does not say what to tune, and no known method has its name"
            throw ConfigurationError(sentence + hint(for: entry.key, among: names), at: entry.place)
        }
        return method
    }
}

/// How a method trains: its stages, each with its own settings over those that hold for all of them.
struct MethodDefinition: Sendable {
    let name: String
    let place: Place
    /// What holds for every stage; later layers win.
    var shared: [SettingLayer]
    var stages: [SettingLayer]
    /// What the method itself says about searching.
    var search: SearchChoice?
    /// The method that the first stages are, where more follow `then`: a search concerns those stages alone.
    var beginning: Beginning?
    /// What its entry says for people; nil for a method of the command line.
    var remarks: MethodRemarks?

    struct Beginning: Sendable {
        var method: String
        /// With what they give themselves.
        let stages: [SettingLayer]
    }

    /// The settings of each stage in order.
    /// - Parameters:
    ///   - general: layers below the method's own.
    ///   - overrides: the layer above all.
    ///   - automaticPrecision: what `precision: auto` stands for.
    func settings(
        over general: [SettingLayer], overrides: SettingLayer, automaticPrecision: Precision = .fp32
    ) -> [StageSettings] {
        stages.map { stage in
            var settings = StageSettings()
            settings.automaticPrecision = automaticPrecision
            for layer in general + shared + [stage, overrides] { layer.apply(to: &settings) }
            return settings
        }
    }
}

extension MethodDefinition {
    private static let stageLimit = 100

    /// Reads a method that stands on its own: settings for its one stage, or a list of stages.
    /// - Returns: nil after noting what is wrong.
    init?(_ entry: YAMLEntry, _ findings: inout Findings) {
        let what = "method '\(entry.key)'"
        guard isName(entry.key) else {
            findings.note("'\(entry.key)' cannot be a method's name; \(nameRule)", at: entry.place)
            return nil
        }
        if case .list(let values) = entry.value.content {
            guard !values.isEmpty else {
                findings.note("\(what) has no stages", at: entry.place)
                return nil
            }
            guard values.count <= Self.stageLimit else {
                findings.note("\(what) has \(values.count) stages; \(Self.stageLimit) are the most", at: entry.place)
                return nil
            }
            var stages: [SettingLayer] = []
            for (index, value) in values.enumerated() {
                let section = "stage \(index + 1) of \(what)"
                guard let stage = Self.stage(value, section, at: value.place, &findings) else { return nil }
                stages.append(stage)
            }
            self.init(name: entry.key, place: entry.place, shared: [], stages: stages)
        } else {
            guard
                let stage = Self.stage(
                    entry.value, what, at: entry.place, besides: [SearchChoice.key] + MethodRemarks.keys, &findings)
            else { return nil }
            self.init(name: entry.key, place: entry.place, shared: [stage], stages: [SettingLayer()])
            search = SearchChoice(in: entry.value, of: what, &findings)
        }
        checkShares(&findings)
    }

    private static func stage(
        _ value: YAMLValue, _ name: String, at place: Place, besides others: [String] = [], _ findings: inout Findings
    ) -> SettingLayer? {
        let section = findings.collect(try Section(value, name: name, at: place))
        guard let section else { return nil }
        guard (section["tune"] == nil) != (section["estimate"] == nil) else {
            let sentence =
                section["tune"] == nil
                ? "\(name) does not say what to tune: \(oneOf(Tune.spellings))"
                : "\(name) gives both 'tune' and 'estimate'; a stage either trains or gathers statistics"
            findings.note(sentence, at: section.place)
            return nil
        }
        return SettingLayer(section, besides: others, scope: .stage, &findings)
    }

    /// Refuses stages that together get more than the whole budget, where a budget is divided at all: where no stage gives
    /// a share, each has the whole. A stage with epochs or steps of its own is not part of the division.
    private func checkShares(_ findings: inout Findings) {
        guard stages.contains(where: { $0.keys.contains("share") }) else { return }
        let settings = settings(over: [], overrides: SettingLayer())
        let shares = zip(stages, settings).filter { stage, settings in
            settings.recipe.estimate == nil && stage.keys.isDisjoint(with: ["epochs", "max-steps"])
                || stage.keys.contains("share")
        }
        let sum = shares.map(\.1.share).reduce(0, +)
        // Tenths do not add up exactly in binary.
        guard sum > 1 + 1e-9 else { return }
        let total = (sum * 1e6).rounded() / 1e6
        findings.note(
            "the shares of method '\(name)' add up to \(total), more than the whole; give each stage its 'share'",
            at: place)
    }

    /// The method with settings that a sweep gives to all its stages. Where a stage gives a setting itself, that holds.
    func refined(
        as name: String, by section: Section, besides others: [String], _ findings: inout Findings
    ) -> MethodDefinition {
        let scope: Setting.Scope = stages.count == 1 ? .stage : .anywhere
        let layer = SettingLayer(section, besides: others + [SearchChoice.key], scope: scope, &findings)
        let search = SearchChoice(in: section.entries, of: section.name, &findings) ?? search
        return MethodDefinition(
            name: name, place: section.place, shared: shared + [layer], stages: stages, search: search,
            beginning: beginning)
    }

    /// The method with more stages behind its own; what was refined concerns its own alone, and so does a search.
    /// - Parameter beginning: what the method is called without them, unless it is itself one that goes on.
    func followed(
        by values: [YAMLValue], beginning: String, _ findings: inout Findings
    ) -> MethodDefinition? {
        guard stages.count + values.count <= Self.stageLimit else {
            findings.note("method '\(name)' has more than \(Self.stageLimit) stages", at: place)
            return nil
        }
        var method = self
        method.beginning = method.beginning ?? Beginning(method: beginning, stages: stages)
        method.shared = []
        method.stages = stages.map { $0.over(shared) }
        for (index, value) in values.enumerated() {
            let section = "stage \(index + 1) of 'then' of method '\(name)'"
            guard let stage = Self.stage(value, section, at: value.place, &findings) else { return nil }
            method.stages.append(stage)
        }
        return method
    }
}
