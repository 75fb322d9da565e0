package import Experiments
package import Files

/// A sweep with all that it reads known: from here on its plan is a function of results alone.
package struct PreparedSweep: GrowingPlan {
    private let request: SweepRequest
    private let model: ModelLocation
    private let dataDirectory: String
    private let tasks: [PlannedTask]
    private let given: GivenArtifacts

    /// - Parameters:
    ///   - model: what the request's model turned out to be.
    ///   - tasks: what its datasets turned out to be.
    ///   - given: what stages take from files.
    package init(
        _ request: SweepRequest, model: ModelLocation, dataDirectory: String, tasks: [PlannedTask],
        given: GivenArtifacts = GivenArtifacts()
    ) {
        self.request = request
        self.model = model
        self.dataDirectory = dataDirectory
        self.tasks = tasks
        self.given = given
    }

    package var name: String { request.name }

    package func plan(knowing standing: (StageKey) -> StageStanding?) throws -> SweepPlan {
        try request.plan(model: model, dataDirectory: dataDirectory, tasks: tasks, given: given, knowing: standing)
    }

    /// Where the bytes of what stages take from files lie.
    package var givenFiles: [ArtifactReference: String] { given.files }

    /// What the sweep calls them.
    package var givenPaths: [ArtifactReference: String] { given.paths }

    /// Brings what stages take from files into a store, from which workers have it.
    package func give(to store: ContentStore) throws {
        for (artifact, file) in given.files {
            guard try store.addCopy(of: file, as: artifact.id.rawValue) else {
                throw ConfigurationError("\(file): was changed while the sweep was read; run the command again")
            }
        }
    }
}

extension SweepRequest {
    /// The graph of stages that the sweep asks for. It reads nothing: equal requests and equal knowledge have equal plans.
    /// - Parameters:
    ///   - model: what `self.model` turned out to be.
    ///   - dataDirectory: where the datasets are on this machine.
    ///   - tasks: what `self.datasets` turned out to be, in any order.
    ///   - given: what `self.given` turned out to be.
    ///   - standing: how stages stand; searches go as far as that leads them.
    package func plan(
        model: ModelLocation, dataDirectory: String, tasks planned: [PlannedTask],
        given: GivenArtifacts = GivenArtifacts(), knowing standing: (StageKey) -> StageStanding? = { _ in nil }
    ) throws(ConfigurationError) -> SweepPlan {
        var graph = StageGraph(backbone: model.content, given: given)
        var rows: [SweepRow] = []
        var searches = SettledSearches()
        var ordered: [PlannedTask] = []
        for task in datasets {
            guard let found = planned.first(where: { $0.definition.name == task.name }) else {
                throw ConfigurationError("task '\(task.name)' was not read, so the sweep cannot be planned")
            }
            ordered.append(found)
        }
        for run in runs {
            guard let task = ordered.first(where: { $0.definition.name == run.task }) else { continue }
            guard let search = run.search else { continue }
            let planning = SearchPlanning(
                run: run.tried(by: search), search: search, task: task, tasks: ordered, seeds: seeds, keep: keep)
            try searches.add(run, try planning.follow(&graph, knowing: standing))
        }
        for run in runs {
            guard let task = ordered.first(where: { $0.definition.name == run.task }) else { continue }
            let (settled, sources) = searches.settle(run)
            for seed in seeds {
                let keys =
                    try settled.map { run throws(ConfigurationError) in
                        try graph.add(run, task, seed, keep, ordered)
                    } ?? []
                rows.append(
                    SweepRow(
                        task: task.definition.tableName, fold: task.definition.fold, method: run.method, seed: seed,
                        stages: keys, searches: sources))
            }
        }
        return SweepPlan(
            name: name, model: model, dataDirectory: dataDirectory, tasks: ordered, stages: graph.stages, rows: rows,
            searches: searches.all)
    }
}

/// The searches of a sweep, as far as they have come.
private struct SettledSearches {
    private(set) var all: [SweepSearch] = []
    /// By what is tried, which several runs may have in common.
    private var places: [SweepRequest.Run: Int] = [:]
    private var placesByCell: [Cell: Int] = [:]

    /// - Parameter follow: called where what the run tries is new.
    mutating func add(
        _ run: SweepRequest.Run, _ follow: @autoclosure () throws(ConfigurationError) -> SweepSearch
    ) throws(ConfigurationError) {
        guard let search = run.search else { return }
        let tried = run.tried(by: search)
        if places[tried] == nil {
            all.append(try follow())
            places[tried] = all.count - 1
        }
        placesByCell[run.cell] = places[tried]
    }

    /// - Returns: the run with all that its own search and those of other methods found, nil where one of them has found
    ///   nothing yet; and the places of those searches, which are the same however far they have come.
    func settle(_ run: SweepRequest.Run) -> (run: SweepRequest.Run?, sources: [Int]) {
        var settled: SweepRequest.Run? = run
        var sources: [Int] = []
        if let search = run.search, let place = places[run.tried(by: search)] {
            sources.append(place)
            settled = all[place].chosen.flatMap { run.settled(on: $0, of: search) }
        }
        for (index, stage) in run.stages.enumerated() where run.search?.findsRate(ofStage: index) != true {
            guard let place = source(of: stage, in: run) else { continue }
            if !sources.contains(place) { sources.append(place) }
            if let rate = all[place].chosen?.learningRate {
                settled?.stages[index].recipe.learningRate = rate
            } else {
                settled = nil
            }
        }
        return (settled, sources)
    }

    /// The search that finds a stage's learning rate; nil where the sweep has none.
    private func source(of stage: StageSettings, in run: SweepRequest.Run) -> Int? {
        guard let method = stage.rateSource else { return nil }
        return placesByCell[Cell(task: stage.task ?? run.task, method: method)]
    }
}

/// Stages in the order in which they were first needed; what a stage starts from is always added before it.
struct StageGraph {
    let backbone: Digest
    let given: GivenArtifacts
    private(set) var stages: [PlannedStage] = []
    private var places: [StageKey: Int] = [:]
    private var sharing = StageSharing()

    init(backbone: Digest, given: GivenArtifacts) {
        self.backbone = backbone
        self.given = given
    }

    /// Adds the stages of one cell of the table.
    /// - Returns: their keys, in the order in which the method lists them.
    mutating func add(
        _ run: SweepRequest.Run, _ task: PlannedTask, _ seed: UInt64, _ keep: SweepRequest.Keep, _ tasks: [PlannedTask]
    ) throws(ConfigurationError) -> [StageKey] {
        var keys: [Int: StageKey] = [:]
        for index in run.order {
            let settings = run.stages[index]
            let stageTask = settings.task.flatMap { name in tasks.first { $0.definition.name == name } } ?? task
            let inputs = run.inputs(ofStage: index).compactMap { kind, source in
                keys[source].map { StageInput(kind: kind, from: $0) }
            }
            for input in inputs { require(input.kind, of: input.from) }
            let given = try run.given(ofStage: index).map { artifact throws(ConfigurationError) in
                try self.given.reference(artifact)
            }
            let specification = StageSpecification(
                backbone: backbone, task: stageTask.content,
                recipe: settings.finished.settled(on: stageTask.definition),
                seed: settings.seed ?? seed, inputs: inputs, given: given)
            let isLast = index == run.stages.count - 1
            let stage = PlannedStage(
                key: try key(of: specification), specification: specification, task: stageTask.definition.name,
                label: run.label(ofStage: index), outputs: outputs(of: specification, isLast: isLast, keep),
                keptIfBest: isLast && keep == .best && specification.leaves.contains(.backbone) ? [.backbone] : [],
                recomputes: settings.recomputes)
            merge(measured(stage, settings))
            keys[index] = stage.key
        }
        return run.stages.indices.compactMap { keys[$0] }
    }

    private func key(of specification: StageSpecification) throws(ConfigurationError) -> StageKey {
        do {
            return try specification.key()
        } catch {
            throw ConfigurationError("a stage has no canonical form: \(error)")
        }
    }

    /// What is kept of a stage whatever starts from it.
    private func outputs(
        of specification: StageSpecification, isLast: Bool, _ keep: SweepRequest.Keep
    ) -> Set<ArtifactKind> {
        guard specification.recipe.estimate == nil else { return [] }
        let isBackboneKept = isLast && keep == .all
        return specification.leaves.filter { $0 != .backbone || isBackboneKept }.union([.head])
    }

    /// Statistics are gathered in no steps, so there is nothing to measure.
    private func measured(_ stage: PlannedStage, _ settings: StageSettings) -> PlannedStage {
        guard !settings.measures.isEmpty, stage.specification.recipe.estimate == nil else { return stage }
        var stage = stage
        stage.owe([.log], measures: settings.measures.sorted())
        return stage
    }

    private mutating func require(_ kind: ArtifactKind, of key: StageKey) {
        if let place = places[key] { stages[place].outputs.insert(kind) }
    }

    private mutating func merge(_ stage: PlannedStage) {
        if let place = places[stage.key] {
            stages[place].owe(stage)
        } else {
            places[stage.key] = stages.count
            stages.append(sharing.share(stage))
        }
    }
}
