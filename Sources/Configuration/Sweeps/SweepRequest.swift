package import Experiments

/// A sweep as it was asked for, checked, with every setting in its place. What the model and the datasets are is not yet
/// known; `plan` joins the two.
///
/// Where several places give a setting, the most specific wins: built-in defaults, the sweep's `defaults`, the task,
/// the method, the stage, and above all the command line. A method's settings are part of what it is, so they outrank
/// the task's: a task's `epochs` holds for all methods, and BitFit keeps its learning rate on every task. A setting that
/// is searched takes the place of the method's, but neither of one that a single stage of several gives nor of the
/// command line's.
package struct SweepRequest: Hashable, Sendable {
    package let name: String
    package let model: ModelChoice
    /// The tasks of the table, of one with folds each fold, and those that single stages train on.
    package let datasets: [TaskDefinition]
    package let seeds: [UInt64]
    package let keep: Keep
    /// Tasks, and for each its methods, in the order of the table.
    let runs: [Run]

    /// Of which seeds a fully tuned model is kept. Heads and small differences, as BitFit's biases, are of all.
    package enum Keep: String, CaseIterable, Sendable {
        /// Of the seed with the best score in each cell of the table.
        case best
        case all, none
    }

    /// One method on one task, for every seed.
    struct Run: Hashable, Sendable {
        let task: String
        let method: String
        var stages: [StageSettings]
        /// What finds the settings that are not given.
        var search: RunSearch?
        /// What the names of stages have behind them; empty where that is nothing.
        var suffixes: [String] = []

        var cell: Cell { Cell(task: task, method: method) }
    }
}

extension SweepRequest.Run {
    /// Gives the run its search, and refuses what cannot be.
    /// - Parameters:
    ///   - datasets: the tasks known so far; those that single stages train on are added.
    ///   - overridden: settings of the command line.
    fileprivate mutating func complete(
        _ method: MethodDefinition, _ request: SearchRequest?, _ catalog: TaskCatalog,
        _ datasets: inout [TaskDefinition], besides overridden: Set<String>, seeds: [UInt64]
    ) throws(ConfigurationError) {
        for definition in try otherTasks(catalog, at: method.place)
        where !datasets.contains(where: { $0.name == definition.name }) {
            datasets.append(definition)
        }
        try check(datasets, at: method.place)
        guard let request else { return }
        search = try RunSearch(request, for: self, of: method, besides: overridden, seeds: seeds)
        try checkSearch(datasets, at: request.place)
    }
}

extension SweepRequest {
    init(
        name: String, model: ModelChoice, tasks: [(TaskDefinition, SettingLayer)], catalogs: Catalogs,
        methods: [MethodDefinition], seeds: [UInt64], keep: Keep, defaults: SettingLayer, overrides: SettingLayer,
        searches: SearchChoices = SearchChoices()
    ) throws(ConfigurationError) {
        let tasks = tasks.flatMap { task, layer in task.trained.map { ($0, layer) } }
        try Self.checkSize(tasks: tasks.count, methods, seeds: seeds.count)
        var findings = Findings()
        var runs: [Run] = []
        var datasets = tasks.map(\.0)
        for (task, layer) in tasks {
            for method in methods {
                var run = Run(
                    task: task.name, method: method.name,
                    stages: method.settings(
                        over: [defaults, layer], overrides: overrides, automaticPrecision: catalogs.automaticPrecision))
                let search = searches.request(task: task, method: method)
                _ = findings.collect(
                    try run.complete(method, search, catalogs.tasks, &datasets, besides: overrides.keys, seeds: seeds))
                runs.append(run)
            }
        }
        for method in methods {
            _ = findings.collect(try method.checkRateSources(runs))
        }
        try findings.check()
        self.init(name: name, model: model, datasets: datasets, seeds: seeds, keep: keep, runs: runs)
    }

    /// More stages than any cluster runs; planning more would take its time and memory.
    private static let stageLimit = 100_000

    private static func checkSize(
        tasks: Int, _ methods: [MethodDefinition], seeds: Int
    ) throws(ConfigurationError) {
        let stages = tasks * methods.reduce(0) { $0 + $1.stages.count } * seeds
        guard stages > stageLimit else { return }
        throw ConfigurationError(
            "the sweep asks for \(stages) stages, and \(stageLimit) are the most; divide its tasks, methods or seeds among "
                + "several sweeps, which share a store")
    }

    /// One method on one task with one seed: what `headstart train` runs.
    package static func single(
        model: String, task: String, method: SingleMethod, seed: UInt64, keep: Keep, catalogs: Catalogs,
        overrides: [Override]
    ) throws(ConfigurationError) -> SweepRequest {
        let definition = try catalogs.tasks.definition(named: task)
        guard definition.trained.count == 1 else {
            throw ConfigurationError(
                "task '\(task)' has \(definition.trained.count) folds: name one of them, as \(task)/1, or give a sweep to "
                    + "headstart run, which trains on all", at: .option("--task \(task)"))
        }
        return try SweepRequest(
            name: "train", model: try catalogs.models.find(model), tasks: [(definition, SettingLayer())],
            catalogs: catalogs,
            methods: [try method.definition(in: catalogs.methods)], seeds: [seed], keep: keep,
            defaults: SettingLayer(), overrides: try Overrides(overrides, sweepKeys: []).settings)
    }
}

/// A method as it is named on the command line.
package enum SingleMethod: Hashable, Sendable {
    /// One of the catalog's.
    case named(String)
    /// One stage that tunes this, and starts from these files, written as the setting `from`.
    case tuning(String, from: String? = nil)

    fileprivate func definition(in catalog: MethodCatalog) throws(ConfigurationError) -> MethodDefinition {
        switch self {
        case .named(let name):
            let place = Place.option("--method \(name)")
            let method = try catalog.method(named: name, at: place)
            guard case .search? = method.search else { return method }
            throw ConfigurationError(
                "the method searches its settings, which takes a sweep: name it under 'methods' of a sweep file with one "
                    + "seed, and give that to headstart run", at: place)
        case .tuning(let tune, let from):
            let place = Place.option("--tune \(tune)")
            var layer = SettingLayer()
            for (key, value) in [("tune", tune), ("from", from)] {
                guard let setting = Settings.named(key), let value else { continue }
                try layer.add(
                    setting, .scalar(value, isQuoted: false), at: .option("--\(key) \(value)"), in: "--\(key)", .stage)
            }
            return MethodDefinition(name: tune, place: place, shared: [layer], stages: [SettingLayer()])
        }
    }
}
