package import Collectives
package import Encoders
package import Experiments
import Files
import Numerics
import Tasks
import Tuning

/// What the stages of a sweep will take on a group of ranks: time from the work of their steps and the speed of the host,
/// memory from what the classes that train reserve.
package struct SweepCosts {
    private let plan: SweepPlan
    private let configuration: EncoderConfiguration
    /// Of the model's weights.
    private let weightBytes: Int
    private let ranks: Int
    private let memoryBytes: Int?
    private let lengths: (PlannedTask, Recipe) throws -> TaskLengths?
    private let speed: (Precision) throws -> HostSpeed?
    private let reduction: ReductionCost
    private let rowsAreIndependent: (Precision) -> Bool

    /// - Parameters:
    ///   - ranks: of each group.
    ///   - reduction: what their sums cost.
    ///   - memoryBytes: what each of their processes may have; nil for what it takes.
    ///   - lengths: of a task's examples as a recipe has them cut; nil where they are not known.
    ///   - speed: of a rank; nil where it is not known.
    ///   - rowsAreIndependent: whether its products have the same bits in each row whatever the others are.
    package init(
        _ plan: SweepPlan, _ backbone: Backbone, ranks: Int = 1, reduction: ReductionCost = .assumed,
        memoryBytes: Int? = nil,
        lengths: @escaping (PlannedTask, Recipe) throws -> TaskLengths?,
        speed: @escaping (Precision) throws -> HostSpeed?,
        rowsAreIndependent: @escaping (Precision) -> Bool = { Compute.rowsAreIndependent($0.format) }
    ) {
        self.plan = plan
        configuration = backbone.configuration
        weightBytes = backbone.weightBytes
        self.ranks = ranks
        self.reduction = reduction
        self.memoryBytes = memoryBytes
        self.lengths = lengths
        self.speed = speed
        self.rowsAreIndependent = rowsAreIndependent
    }

    /// By stage; of stages whose examples nobody knows the length of there is none.
    package func forecasts() throws -> [StageKey: StageForecast] {
        var texts: Set<String> = []
        var forecasts = try estimates { stage, costs -> StageForecast in
            var costs = costs(ranks)
            let fits = memoryBytes.map { costs.fit(into: $0) } ?? true
            return costs.forecast(try speed(stage.specification.recipe.precision), reduction, fits: fits)
        }
        // Once for all stages that a group trains.
        for stage in plan.stages where forecasts[stage.key] != nil && texts.insert(stage.task).inserted {
            guard let task = plan.task(named: stage.task) else { continue }
            forecasts[stage.key]?.fixedSeconds += try lengths(task, stage.specification.recipe)?.secondsToRead ?? 0
        }
        return forecasts
    }

    /// From the beginning to the end, on groups of each of these numbers of ranks; none where nobody knows how fast a rank is.
    package func seconds(onRanks ranks: [Int]) throws -> [StageKey: [Double]] {
        try estimates { stage, costs in
            guard let speed = try speed(stage.specification.recipe.precision) else { return [] }
            return ranks.map { costs($0).wholeSeconds(speed, reduction) }
        }
    }

    /// The memory that a process can do with, where one trains the stage alone; in a group it holds sums that are under way
    /// besides.
    package func leastBytes() throws -> [StageKey: Int] { try estimates { _, costs in costs(1).leastBytes } }

    /// Estimates each kind of stages once.
    /// - Parameter body: is handed a stage, and what it costs on so many ranks.
    private func estimates<Estimate>(
        _ body: (PlannedStage, (Int) -> StageCosts) throws -> Estimate
    ) throws -> [StageKey: Estimate] {
        let stages = Dictionary(plan.stages.map { ($0.key, $0) }) { first, _ in first }
        var known: [Likeness: Estimate] = [:]
        var computed: Set<FeatureIdentity> = []
        var estimates: [StageKey: Estimate] = [:]
        for stage in plan.stages {
            guard let task = plan.task(named: stage.task) else { continue }
            let recipe = stage.specification.recipe
            let adapter = adapter(of: stage, stages)
            let isFirst = recipe.readsFeatures && computed.insert(FeatureIdentity(stage.specification)).inserted
            let share = share(of: stage, stages)
            let likeness = Likeness(stage, adapter, share, computesFeatures: isFirst)
            if known[likeness] == nil {
                guard let lengths = try lengths(task, recipe) else { continue }
                let table = ParameterTable(
                    configuration: configuration, recipe: recipe, task: task.definition, adapter: adapter)
                let moving = recipe.movingCounts(table, share: share)
                known[likeness] = try body(stage) { ranks in
                    StageCosts(
                        stage, table, moving: moving, lengths, weightBytes: weightBytes, ranks: ranks,
                        computesFeatures: isFirst, rowsAreIndependent: rowsAreIndependent(recipe.precision))
                }
            }
            estimates[stage.key] = known[likeness]
        }
        return estimates
    }

    /// All that tells apart what stages take.
    private struct Likeness: Hashable {
        /// At one learning rate for all.
        let recipe: Recipe
        let task: String
        let adapter: AdapterDesign?
        let share: Double?
        let outputs: Set<ArtifactKind>
        let recomputes: Bool
        let computesFeatures: Bool

        init(_ stage: PlannedStage, _ adapter: AdapterDesign?, _ share: Double?, computesFeatures: Bool) {
            var recipe = stage.specification.recipe
            recipe.learningRate = 0
            self.recipe = recipe
            task = stage.task
            self.adapter = adapter
            self.share = share
            outputs = stage.outputs.union(stage.keptIfBest)
            recomputes = stage.recomputes
            self.computesFeatures = computesFeatures
        }
    }

    /// The stage's own, or that of the stage whose adapter it takes over.
    private func adapter(of stage: PlannedStage, _ stages: [StageKey: PlannedStage]) -> AdapterDesign? {
        if case .adapter(let design) = stage.specification.recipe.tune { return design }
        guard let input = stage.specification.inputs.first(where: { $0.kind == .adapter }) else { return nil }
        return stages[input.from].flatMap { adapter(of: $0, stages) }
    }

    /// Of the backbone's entries that of the ones which move; of a mask that of the stage which made it.
    private func share(of stage: PlannedStage, _ stages: [StageKey: PlannedStage]) -> Double? {
        switch stage.specification.recipe.tune {
        case .parameters, .adapter, .prune: return nil
        case .entries(.drawn(let share)), .entries(.fisher(let share, _, _)), .entries(.combined(let share, _)):
            return share
        case .entries(.mask):
            guard let input = stage.specification.inputs.first(where: { $0.kind == .mask }),
                case .prune(let share) = stages[input.from]?.specification.recipe.tune
            else { return 1 }
            return share
        }
    }
}

extension Recipe {
    /// How many entries of each parameter of a table move, or have statistics gathered.
    /// - Parameter share: of the backbone's entries, where single ones move.
    fileprivate func movingCounts(_ table: ParameterTable, share: Double?) -> [Int] {
        let tune = estimate == nil ? tune : .all
        return table.parameters.map { parameter in
            guard estimate == nil, let share, parameter.isOfBackbone else {
                return tune.moves(parameter, ofLayers: table.configuration.layers) ? parameter.count : 0
            }
            return min(parameter.count - 1, Int((share * Double(parameter.count)).rounded()))
        }
    }
}
