import Experiments
import Files
import Searches

/// A search joined with a method: whose settings it is that change.
struct RunSearch: Hashable, Sendable {
    let search: Search
    let basis: SearchBasis
    let seeds: [UInt64]
    /// The method that is tried, and how many stages it has: the first ones, where the run goes on behind them.
    let method: String
    fileprivate let stageCount: Int
    /// For each axis the stages, by their places, that it sets.
    private let targets: [[Int]]

    /// - Parameters:
    ///   - method: what the run was made of.
    ///   - overridden: settings of the command line; those are not searched.
    ///   - seeds: the sweep's.
    /// - Returns: nil where nothing is left to search.
    init?(
        _ request: SearchRequest, for run: SweepRequest.Run, of method: MethodDefinition,
        besides overridden: Set<String>, seeds: [UInt64]
    ) throws(ConfigurationError) {
        // Either of the two takes back the other.
        let extent: Set<String> = ["epochs", "max-steps"]
        let settled = overridden.isDisjoint(with: extent) ? overridden : overridden.union(extent)
        let axes = request.axes.filter { !settled.contains($0.setting.key) }
        guard !axes.isEmpty else { return nil }
        search = Search(axes: axes.map(\.searched), candidates: request.candidates, halving: request.halving)
        basis = request.basis
        self.seeds = request.seeds ?? request.basis.seeds(besides: seeds)
        self.method = method.beginning?.method ?? method.name
        let own = method.beginning?.stages ?? method.stages
        stageCount = own.count
        let tried = SweepRequest.Run(task: run.task, method: self.method, stages: Array(run.stages.prefix(own.count)))
        targets = try axes.map { axis throws(ConfigurationError) in try tried.stages(meantBy: axis, giving: own) }
    }

    /// The stages with the point's settings and its share of their budgets.
    /// - Throws: why a value is not possible, in a sentence.
    func stages(_ stages: [StageSettings], at point: SearchPoint) throws(Impossible) -> [StageSettings] {
        var stages = stages
        for (chosen, places) in zip(point.settings, targets) {
            let key = String(chosen.key.split(separator: ".").last ?? "")
            guard let setting = Settings.named(key) else { throw Impossible("'\(key)' is no setting") }
            let change = try setting.change(to: chosen.value)
            for place in places { change(&stages[place]) }
        }
        for place in stages.indices.prefix(stageCount) { stages[place].share *= point.share }
        if let contradiction = stages.compactMap(\.contradiction).first { throw Impossible(contradiction) }
        return stages
    }

    /// Whether some setting of the stage at this place is searched.
    func sets(_ place: Int) -> Bool { targets.contains { $0.contains(place) } }
}

extension SearchBasis {
    /// The seed that is searched on where none is given.
    /// - Parameter table: the sweep's seeds.
    fileprivate func seeds(besides table: [UInt64]) -> [UInt64] {
        switch self {
        // The table runs it anyway, so that the point that is chosen need not run again.
        case .dev: Array(table.prefix(1))
        case .validation: Array((0...UInt64(table.count)).filter { !table.contains($0) }.prefix(1))
        }
    }
}

extension MethodDefinition {
    /// Refuses a learning rate that is to be `chosen` by a search that there cannot be.
    /// - Parameter runs: of the whole sweep.
    func checkRateSources(_ runs: [SweepRequest.Run]) throws(ConfigurationError) {
        let sources = runs.filter { $0.method == name }.flatMap(\.stages).compactMap(\.rateSource)
        for source in Set(sources).sorted() {
            let meant = runs.filter { $0.method == source }
            guard !meant.isEmpty else {
                let known = runs.map(\.method).distinct().filter { $0 != name }
                throw ConfigurationError(
                    "method '\(name)' has the 'lr' chosen for '\(source)', which the sweep does not have"
                        + hint(for: source, among: known), at: place)
            }
            guard meant.allSatisfy({ $0.search.map { $0.rateCount == 1 } ?? true }) else {
                let sentence =
                    "method '\(name)' has the 'lr' chosen for '\(source)', whose search tries none, or one for each of "
                    + "several stages"
                throw ConfigurationError(sentence, at: place)
            }
        }
    }
}

extension RunSearch {
    /// How many learning rates are searched.
    fileprivate var rateCount: Int { search.axes.count { isRate($0.key) } }

    /// Whether the learning rate of the stage at this place is searched.
    func findsRate(ofStage place: Int) -> Bool {
        zip(search.axes, targets).contains { axis, stages in isRate(axis.key) && stages.contains(place) }
    }
}

extension SearchPoint {
    /// The learning rate among the settings, whichever stage's it is.
    var learningRate: Double? { settings.first { isRate($0.key) }.flatMap { Double($0.value) } }
}

/// Whether a searched setting is a learning rate, of one stage or of all.
private func isRate(_ key: String) -> Bool { key == "lr" || key.hasSuffix(".lr") }

extension SweepRequest.Run {
    /// The places of the stages whose setting an axis searches.
    /// - Parameter own: what each stage gives itself.
    fileprivate func stages(
        meantBy axis: SearchRequest.Axis, giving own: [SettingLayer]
    ) throws(ConfigurationError) -> [Int] {
        let key = axis.setting.key
        if let stage = axis.stage { return [try place(ofStage: stage, for: axis)] }
        guard stages.count > 1 else { return [0] }
        let free = stages.indices.filter { !own[$0].keys.contains(key) }
        guard !free.isEmpty else {
            let sentence =
                "every stage of method '\(method)' gives its own '\(key)'; search that of one, as 2.\(key), or give the "
                + "method search: none"
            throw ConfigurationError(sentence, at: axis.place)
        }
        return free
    }

    /// - Parameter word: the stage's name, or its number from 1.
    private func place(ofStage word: String, for axis: SearchRequest.Axis) throws(ConfigurationError) -> Int {
        if let place = stages.firstIndex(where: { $0.name == word }) { return place }
        if let number = Int(word), stages.indices.contains(number - 1) { return number - 1 }
        let known = stages.count == 1 ? "it has one stage" : "its stages are 1 to \(stages.count)"
        throw ConfigurationError(
            "method '\(method)' has no stage '\(word)' for '\(axis.searched.key)'; \(known)", at: axis.place)
    }

    /// What a search tries: the run, as far as the search concerns it.
    func tried(by search: RunSearch) -> SweepRequest.Run {
        SweepRequest.Run(
            task: task, method: search.method, stages: Array(stages.prefix(search.stageCount)), search: search)
    }

    /// The run with the settings that its search chose. Nil only where they are impossible, and then none was chosen.
    func settled(on point: SearchPoint, of search: RunSearch) -> SweepRequest.Run? {
        do throws(Impossible) {
            return SweepRequest.Run(task: task, method: method, stages: try search.stages(stages, at: point))
        } catch {
            return nil
        }
    }

    /// Refuses a search that begins with points that are not possible.
    func checkSearch(_ tasks: [TaskDefinition], at place: Place) throws(ConfigurationError) {
        guard let search else { return }
        for point in search.search.firstPoints {
            let tried: SweepRequest.Run
            do throws(Impossible) {
                tried = try self.tried(by: search).trying(point, of: search)
            } catch {
                throw ConfigurationError(
                    "the search of method '\(method)' cannot try \(point): \(error.reason)", at: place)
            }
            try tried.check(tasks, at: place)
        }
    }
}

/// Follows the search of one cell of the table, and adds the stages that it asks for to the graph.
struct SearchPlanning {
    let run: SweepRequest.Run
    let search: RunSearch
    let task: PlannedTask
    /// Every task that a stage may train on.
    let tasks: [PlannedTask]
    /// The seeds of the table: what is kept of their stages is kept of points that are tried on them, too, so that the
    /// point that is chosen need not run again.
    let seeds: [UInt64]
    let keep: SweepRequest.Keep

    /// - Parameter standing: how stages stand; the search goes as far as that leads it.
    func follow(
        _ graph: inout StageGraph, knowing standing: (StageKey) -> StageStanding?
    ) throws(ConfigurationError) -> SweepSearch {
        var trials: [SweepSearch.Trial] = []
        let course = try search.search.course { point throws(ConfigurationError) in
            let tried: SweepRequest.Run
            do throws(Impossible) {
                tried = try run.trying(point, of: search).holdingOut(heldOut, seed: search.seeds.first ?? 0)
            } catch {
                return .refused(error.reason)
            }
            var stages: [StageKey] = []
            var all: [StageKey] = []
            for seed in search.seeds {
                let keys = try graph.add(tried, task, seed, seeds.contains(seed) ? keep : .none, tasks)
                all += keys
                stages += keys.suffix(1)
            }
            let verdict = verdict(stages.map(standing), diverged: all.contains { standing($0)?.hasDiverged ?? false })
            let score = verdict.score.map { scored?.metrics.first?.merit($0) ?? $0 }
            trials.append(SweepSearch.Trial(point: point, stages: stages, score: score))
            return verdict
        }
        return SweepSearch(
            task: run.task, method: run.method, asked: try digest(trials), seeds: search.seeds, split: split,
            trials: trials, state: course.state, remarks: course.remarks)
    }

    private var split: Split { search.basis == .dev ? .dev : .validation }

    /// The task that the last stage trains on, most often the run's.
    private var scored: TaskDefinition? {
        let name = run.stages.last?.task ?? run.task
        return tasks.first { $0.definition.name == name }?.definition
    }

    /// The share of the training set that points leave out to be judged on it; nil where there are validation examples
    /// without that, or none are asked for.
    private var heldOut: Double? {
        guard case .validation(let share) = search.basis, scored?.validation == nil,
            run.stages.last?.recipe.validation == nil
        else { return nil }
        return share
    }

    /// A point is worth the mean of its scores, or its opposite where less is better. What only went wrong says nothing
    /// about it.
    ///
    /// - Parameter diverged: whether one of its stages did, be it the last or one before.
    private func verdict(_ standings: [StageStanding?], diverged: Bool) -> Verdict {
        let ended = standings.compactMap(\.self).filter(\.state.isFinal)
        guard ended.count == standings.count, let metric = scored?.metrics.first else { return .open }
        if diverged { return .failed }
        if let reason = ended.compactMap(\.reason).first { return .missing(reason) }
        let scores = ended.compactMap { $0.result?.score(metric, on: split) }.filter(\.isFinite)
        guard scores.count == standings.count else { return .failed }
        return .score(metric.merit(scores.reduce(0, +) / Double(scores.count)))
    }

    private struct Asked: Encodable {
        let search: Search
        /// nil where that is what the table reports.
        let on: SearchBasis?
        let first: [SweepSearch.Trial]
    }

    /// What was asked for, and the stages it begins with.
    private func digest(_ trials: [SweepSearch.Trial]) throws(ConfigurationError) -> Digest {
        let first = trials.prefix(search.search.firstPoints.count).map {
            SweepSearch.Trial(point: $0.point, stages: $0.stages, score: nil)
        }
        do {
            return try Digest(
                ofCanonicalJSON: Asked(
                    search: search.search, on: search.basis == .dev ? nil : search.basis, first: first))
        } catch {
            throw ConfigurationError("a search has no canonical form: \(error)")
        }
    }
}

extension StageStanding {
    fileprivate var hasDiverged: Bool {
        if case .failed(let failure) = self { failure.cause.fault == .stage } else { false }
    }
}

extension Verdict {
    fileprivate var score: Double? { if case .score(let score) = self { score } else { nil } }
}

extension SweepRequest.Run {
    /// The run with the settings of a point, which the names of the stages that it changes tell.
    func trying(_ point: SearchPoint, of search: RunSearch) throws(Impossible) -> SweepRequest.Run {
        let settings = try search.stages(stages, at: point)
        let share = point.share == 1 ? [] : ["share=1/\(Int((1 / point.share).rounded()))"]
        let suffix = " " + (point.settings.map { "\($0.key)=\($0.value)" } + share).joined(separator: " ")
        return SweepRequest.Run(
            task: task, method: method, stages: settings,
            suffixes: settings.indices.map { place in
                // A point that is what the method is anyway is a point all the same.
                let isTried = search.sets(place) && settings[place].recipe.estimate == nil
                return isTried || settings[place].finished != stages[place].finished ? suffix : ""
            })
    }

    /// The run with every stage on the scored task leaving out the same examples: those that an earlier stage has seen
    /// would flatter the points that make most of it.
    /// - Parameter share: nil to leave nothing out.
    fileprivate func holdingOut(_ share: Double?, seed: UInt64) -> SweepRequest.Run {
        guard let share, let scored = stages.last else { return self }
        var run = self
        for place in stages.indices where stages[place].task ?? task == scored.task ?? task {
            run.stages[place].recipe.validation = share
            run.stages[place].recipe.validationSeed = seed
            run.suffixes[place] += " validation=\(share)"
        }
        return run
    }
}
