import Experiments
import Searches

/// What a place says about searching: a sweep, a task or a method. The most specific place that says anything counts.
enum SearchChoice: Sendable {
    /// The settings stand as they are.
    case none
    case search(SearchRequest)
}

/// A search as a file asks for it, not yet joined with a method.
struct SearchRequest: Sendable {
    let place: Place
    let axes: [Axis]
    let basis: SearchBasis
    /// The seeds to search on; nil for what goes with the basis.
    let seeds: [UInt64]?
    let candidates: Search.Candidates
    let halving: Int?

    /// A setting and the values it may have.
    struct Axis: Sendable {
        let setting: Setting
        /// The number or the name of the one stage that is meant; nil for every stage that does not give the setting
        /// itself.
        let stage: String?
        let place: Place
        let searched: SearchAxis
    }
}

extension SearchChoice {
    static let key = "search"

    /// - Returns: nil after noting what is wrong, and where the entries say nothing.
    init?(in entries: [YAMLEntry], of owner: String, _ findings: inout Findings) {
        guard let entry = entries.first(where: { $0.key == Self.key }) else { return nil }
        let choice = findings.collect(try SearchChoice(entry.value, name: "'search' of \(owner)", at: entry.place))
        guard let choice else { return nil }
        self = choice
    }

    init?(in value: YAMLValue, of owner: String, _ findings: inout Findings) {
        guard case .mapping(let entries) = value.content else { return nil }
        self.init(in: entries, of: owner, &findings)
    }

    /// `none`, or a mapping of settings to values with what the search is to be like.
    private init(_ value: YAMLValue, name: String, at place: Place) throws(ConfigurationError) {
        if case .scalar("none", _) = value.content {
            self = .none
        } else {
            self = .search(try SearchRequest(Section(value, name: name, at: place)))
        }
    }
}

extension SearchRequest {
    static let options = ["on", "seeds", "grow", "random", "random-seed", "halving"]
    /// The most points that a search may begin with.
    private static let pointLimit = 1000

    fileprivate init(_ section: Section) throws(ConfigurationError) {
        let count = try section.whole("random", in: 1...Self.pointLimit)
        var findings = Findings()
        var axes: [Axis] = []
        for entry in section.entries where !Self.options.contains(entry.key) {
            guard let axis = findings.collect(try Axis(entry, of: section, isDrawn: count != nil)) else { continue }
            axes.append(axis)
        }
        try findings.check()
        guard !axes.isEmpty else {
            throw ConfigurationError(
                "\(section.name) names no setting; write one with its values, as lr: 1e-5..1e-3", at: section.place)
        }
        place = section.place
        self.axes = axes
        basis = try section.basis()
        seeds = try section["seeds"]?.seedList("'seeds' of the search")
        halving = try section.whole("halving", in: 2...Self.pointLimit)
        candidates = try Self.candidates(section, count: count, isHalved: halving != nil)
        try checkSize(at: section.place)
    }

    private static func candidates(
        _ section: Section, count: Int?, isHalved: Bool
    ) throws(ConfigurationError) -> Search.Candidates {
        let seed = try section.whole("random-seed", in: 0...Int.max)
        let growths = try section.whole("grow", in: 0...100)
        if let growths = section["grow"], count != nil || isHalved {
            throw ConfigurationError("'grow' is for a grid that is tried whole; leave it out here", at: growths.place)
        }
        if let seed = section["random-seed"], count == nil {
            throw ConfigurationError("'random-seed' goes with random: COUNT", at: seed.place)
        }
        return count.map { .drawn(count: $0, seed: UInt64(seed ?? 1)) } ?? .grid(growths: growths ?? 4)
    }

    private func checkSize(at place: Place) throws(ConfigurationError) {
        guard case .grid = candidates else { return }
        let size = axes.map { Double($0.searched.count) }.reduce(1, *)
        guard size > Double(Self.pointLimit) else { return }
        throw ConfigurationError(
            "the grid has more than \(Self.pointLimit) points; give fewer values, or draw some with random: COUNT",
            at: place)
    }
}

extension Section {
    /// What points are judged on; what no table reports unless the file says otherwise.
    fileprivate func basis() throws(ConfigurationError) -> SearchBasis {
        let value = self["on"]
        let text = try value?.text("'on' of the search") ?? "validation"
        do throws(SpellingError) {
            return try SearchBasis(spelled: text)
        } catch {
            let known = SearchBasis.spellings
            throw ConfigurationError(
                error.sentence
                    ?? "'on' of the search must be \(oneOf(known)), not '\(text)'\(guess(at: text, among: known))",
                at: value?.place ?? place)
        }
    }

    /// A whole number within the bounds; nil where the key is not given.
    fileprivate func whole(_ key: String, in range: ClosedRange<Int>) throws(ConfigurationError) -> Int? {
        guard let value = self[key] else { return nil }
        let text = try value.text("'\(key)'")
        guard let number = wholeNumber(text, in: range) else {
            let bounds =
                range.upperBound == .max
                ? "from \(range.lowerBound)" : "from \(range.lowerBound) to \(range.upperBound)"
            throw ConfigurationError("'\(key)' must be a whole number \(bounds), not '\(text)'", at: value.place)
        }
        return number
    }
}

extension SearchRequest.Axis {
    /// What decides what a stage is, or what it is judged by, is not a value among others.
    private static let fixed: Set<String> = [
        "from", "name", "task", "seed", "estimate", "validation", "validation-of", "validation-seed", "measure",
    ]

    /// Reads `lr: 1e-5..1e-3`, or `2.lr: [1e-4, 1e-3]`.
    /// - Parameter isDrawn: whether points are drawn at random, from all that lies between the ends of a range.
    init(_ entry: YAMLEntry, of section: Section, isDrawn: Bool) throws(ConfigurationError) {
        let parts = entry.key.split(separator: ".", omittingEmptySubsequences: false)
        let (key, stage) = (String(parts[parts.count - 1]), parts.dropLast().joined(separator: "."))
        guard let setting = Settings.named(key), parts.count == 1 || !stage.isEmpty else {
            let guess = Settings.hint(for: key, besides: SearchRequest.options)
            throw ConfigurationError("unknown key '\(entry.key)' in \(section.name)\(guess)", at: entry.place)
        }
        guard !Self.fixed.contains(key) else {
            throw ConfigurationError("'\(key)' cannot be searched; give it in the method", at: entry.place)
        }
        self.setting = setting
        self.stage = parts.count == 1 ? nil : stage
        place = entry.place
        let reader = SearchedValues(setting: setting, key: entry.key, isDrawn: isDrawn)
        searched = SearchAxis(key: entry.key, values: try reader.read(entry.value, at: entry.place))
    }
}

/// Reads the values that a search may give a setting.
private struct SearchedValues {
    let setting: Setting
    let key: String
    let isDrawn: Bool

    func read(_ value: YAMLValue, at place: Place) throws(ConfigurationError) -> SearchAxis.Values {
        switch value.content {
        case .empty: throw emptiness(at: place)
        case .list(let values):
            guard !values.isEmpty else { throw emptiness(at: place) }
            return try list(values)
        case .scalar(let text, _):
            if let ends = text.firstRange(of: "..") {
                return try range(text, low: text[..<ends.lowerBound], high: text[ends.upperBound...], at: value.place)
            }
            return try list([value])
        case .mapping:
            throw ConfigurationError("the values of '\(key)' must be a list, or a range as 1e-5..1e-3", at: value.place)
        }
    }

    private func emptiness(at place: Place) -> ConfigurationError {
        ConfigurationError(
            "the grid of '\(key)' is empty; list the values to try, or give a range as 1e-5..1e-3", at: place)
    }

    private func list(_ values: [YAMLValue]) throws(ConfigurationError) -> SearchAxis.Values {
        var texts: [String] = []
        for value in values {
            let text = value.shown
            try check(text, at: value.place)
            let number = Double(text)
            guard !texts.contains(where: { $0 == text || (number != nil && Double($0) == number) }) else {
                throw ConfigurationError("the values of '\(key)' hold \(text) twice", at: value.place)
            }
            texts.append(text)
        }
        return texts.allSatisfy { Double($0) != nil } ? .numbers(texts) : .words(texts)
    }

    /// `1e-5..1e-3`, or `log 1e-5..1e-3` where points are drawn.
    private func range(
        _ text: String, low: Substring, high: Substring, at place: Place
    ) throws(ConfigurationError) -> SearchAxis.Values {
        let isLogarithmic = low.hasPrefix("log ")
        let ends = [low.dropFirst(isLogarithmic ? 4 : 0), high].map { $0.filter { $0 != " " } }
        guard let first = Double(ends[0]), let last = Double(ends[1]), first.isFinite, last.isFinite else {
            throw ConfigurationError("'\(text)' is no range of '\(key)'; write it as 1e-5..1e-3", at: place)
        }
        for end in ends { try check(end, at: place) }
        guard first <= last else {
            throw ConfigurationError(
                "the range \(text) of '\(key)' is empty; its smaller number comes first", at: place)
        }
        guard first > 0 || (isDrawn && !isLogarithmic) else {
            throw ConfigurationError(
                "the range \(text) of '\(key)' must begin above 0; list the values to try instead", at: place)
        }
        guard isDrawn else {
            guard !isLogarithmic else {
                throw ConfigurationError(
                    "'log' is for points drawn with random: COUNT; a grid's ranges always go by 1, 2, 5", at: place)
            }
            return try grid(from: ends[0], to: ends[1], at: place)
        }
        return .interval(
            Interval(low: first, high: last, isLogarithmic: isLogarithmic, isWhole: isWhole(first, last)))
    }

    /// Steps of 1, 2 and 5 that the setting takes: the whole ones alone where it must be whole.
    private func grid(from low: String, to high: String, at place: Place) throws(ConfigurationError)
        -> SearchAxis.Values
    {
        let numbers = low == high ? [low] : OneTwoFive.numbers(from: low, to: high)
        guard numbers.count <= 100 else {
            throw ConfigurationError("the range \(low)..\(high) of '\(key)' has \(numbers.count) values", at: place)
        }
        return .numbers(numbers.filter(isTaken))
    }

    /// Whether the setting takes none but whole numbers, seen from one between the ends that is not.
    private func isWhole(_ low: Double, _ high: Double) -> Bool {
        let between = low + (high - low) * 0.381966
        return between != between.rounded() && !isTaken("\(between)")
    }

    private func isTaken(_ text: String) -> Bool {
        do throws(Impossible) {
            _ = try setting.change(to: text)
            return true
        } catch {
            return false
        }
    }

    private func check(_ text: String, at place: Place) throws(ConfigurationError) {
        do throws(Impossible) {
            _ = try setting.change(to: text)
        } catch {
            throw ConfigurationError(error.reason, at: place)
        }
    }
}

/// Which runs of a sweep search.
struct SearchChoices: Sendable {
    var sweep: SearchChoice?
    var tasks: [String: SearchChoice] = [:]
    /// The command line lets nothing be searched.
    var isOff = false

    /// The search of the most specific place that says anything: the method, the task, the sweep.
    func request(task: TaskDefinition, method: MethodDefinition) -> SearchRequest? {
        let choice = method.search ?? tasks[task.name] ?? tasks[task.tableName] ?? sweep
        guard !isOff, case .search(let request)? = choice else { return nil }
        return request
    }
}

extension SweepSource {
    func searches() throws(ConfigurationError) -> SearchChoices {
        var findings = Findings()
        var choices = SearchChoices(sweep: SearchChoice(in: section.entries, of: "the sweep", &findings))
        if case .mapping(let entries)? = section["tasks"]?.content {
            for task in entries {
                choices.tasks[task.key] = SearchChoice(in: task.value, of: "task '\(task.key)'", &findings)
            }
        }
        choices.isOff = findings.collect(try isSearchOff()) ?? false
        try findings.check()
        return choices
    }

    private func isSearchOff() throws(ConfigurationError) -> Bool {
        guard let override = overrides[SearchChoice.key] else { return false }
        guard try override.yaml.text("'search'") == "none" else {
            throw ConfigurationError(
                "searches are written in the sweep file; here 'search' can only be none", at: override.place)
        }
        return true
    }
}
