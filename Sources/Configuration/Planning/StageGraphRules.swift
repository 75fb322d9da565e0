import Experiments

extension SweepRequest.Run {
    /// What people call a stage: method, and the stage's name or number where the method has several.
    func label(ofStage index: Int) -> String {
        let name = stages.count == 1 ? method : "\(method)/\(stages[index].name ?? "\(index + 1)")"
        return suffixes.isEmpty ? name : name + suffixes[index]
    }

    /// The stages that a stage starts from.
    func inputs(ofStage index: Int) -> [(kind: ArtifactKind, source: Int)] {
        stages[index].inputs.sorted { $0.key < $1.key }.compactMap { kind, source in
            place(of: source, seenFrom: index).map { (kind, $0) }
        }
    }

    private func place(of source: StageSource, seenFrom index: Int) -> Int? {
        switch source {
        case .previous: index > 0 ? index - 1 : nil
        case .named(let name): stages.firstIndex { $0.name == name }
        case .file: nil
        }
    }

    /// The stages, each after those it starts from; shorter where stages refer to each other.
    var order: [Int] {
        var order: [Int] = []
        var hasGrown = true
        while hasGrown {
            hasGrown = false
            for index in stages.indices where !order.contains(index) {
                guard inputs(ofStage: index).allSatisfy({ order.contains($0.source) }) else { continue }
                order.append(index)
                hasGrown = true
            }
        }
        return order
    }

    /// The tasks that single stages train on instead of the row's.
    func otherTasks(_ catalog: TaskCatalog, at place: Place) throws(ConfigurationError) -> [TaskDefinition] {
        var tasks: [TaskDefinition] = []
        for name in stages.compactMap(\.task) {
            let task = try catalog.definition(named: name, at: place)
            guard task.folds == nil else {
                throw ConfigurationError(
                    "a stage of '\(method)' trains on '\(name)', which has folds: which of them is not said; name one, as "
                        + "\(name)/1", at: place)
            }
            tasks.append(task)
        }
        return tasks
    }
}

extension SweepRequest.Run {
    /// Refuses what is possible setting by setting but not together: stages that refer to no stage or to each other,
    /// and edges that cannot fit.
    func check(_ tasks: [TaskDefinition], at place: Place) throws(ConfigurationError) {
        try checkNames(at: place)
        for index in stages.indices {
            let name = name(ofStage: index)
            for sentence in [
                stages[index].contradiction, missingInput(ofStage: index), taskMisfit(ofStage: index, tasks),
            ]
            .compactMap(\.self) {
                throw ConfigurationError("\(name): \(sentence)", at: place)
            }
            for (kind, source) in inputs(ofStage: index) {
                let edge = StageEdge(
                    kind: kind, from: node(source, tasks), to: node(index, tasks), source: self.name(ofStage: source))
                if let problem = edge.problem { throw ConfigurationError("\(name) \(problem)", at: place) }
            }
        }
        guard stages.last?.recipe.estimate == nil else {
            throw ConfigurationError(
                "\(name(ofStage: stages.count - 1)) gathers statistics, which have no score; add a stage that trains",
                at: place)
        }
        guard order.count == stages.count else {
            let circle = stages.indices.filter { !order.contains($0) }.map { name(ofStage: $0) }
            throw ConfigurationError(
                "\(circle.joined(separator: " and ")) start from each other; no stage of a circle can begin", at: place)
        }
    }

    private func checkNames(at place: Place) throws(ConfigurationError) {
        let names = stages.compactMap(\.name)
        for (index, name) in names.enumerated() where names[..<index].contains(name) {
            throw ConfigurationError("method '\(method)' has two stages named '\(name)'", at: place)
        }
        for index in stages.indices {
            for (kind, source) in stages[index].inputs {
                guard self.place(of: source, seenFrom: index) == nil else { continue }
                switch source {
                case .file: continue
                case .previous:
                    throw ConfigurationError(
                        "the first stage of method '\(method)' has no previous stage to start from", at: place)
                case .named(let wanted):
                    throw ConfigurationError(
                        "\(name(ofStage: index)) takes its \(kind.rawValue) from '\(wanted)', but no stage has that "
                            + "'name'\(hint(for: wanted, among: names))", at: place)
                }
            }
        }
    }

    private func missingInput(ofStage index: Int) -> String? {
        let settings = stages[index]
        let missing = settings.recipe.requiredInputs.filter { settings.inputs[$0] == nil }
        guard let kind = missing.sorted().first else { return nil }
        let what = settings.recipe.regularization.child == nil ? "'\(settings.recipe.tune)'" : "child-tuning"
        return "\(what) needs \(kind.rawValue) of another stage; give it from: { \(kind.rawValue): NAME }"
    }

    private func taskMisfit(ofStage index: Int, _ tasks: [TaskDefinition]) -> String? {
        guard let task = task(ofStage: index, tasks) else { return nil }
        let recipe = stages[index].recipe
        return recipe.head.objection(to: task) ?? recipe.estimate?.objection(to: task)
            ?? recipe.blocks.objection(to: task) ?? recipe.classWeights.objection(to: task)
            ?? recipe.smoothingObjection(to: task)
    }

    private func task(ofStage index: Int, _ tasks: [TaskDefinition]) -> TaskDefinition? {
        tasks.first { $0.name == stages[index].task ?? task }
    }

    private func node(_ index: Int, _ tasks: [TaskDefinition]) -> StageEdge.Node {
        let definition = task(ofStage: index, tasks)
        let recipe = stages[index].recipe
        return StageEdge.Node(
            recipe: recipe, isLogistic: definition.map { recipe.isLogistic(on: $0) } ?? false,
            labels: definition?.labels, kind: definition?.kind,
            readout: definition?.readout, task: stages[index].task ?? task, inputs: Set(stages[index].inputs.keys))
    }

    private func name(ofStage index: Int) -> String {
        stages.count == 1
            ? "method '\(method)'"
            : "stage \(stages[index].name.map { "'\($0)'" } ?? "\(index + 1)") of method '\(method)'"
    }
}

/// An edge of the stage graph before anything has run: can what it carries fit where it goes?
struct StageEdge {
    struct Node {
        let recipe: Recipe
        let isLogistic: Bool
        let labels: [String]?
        let kind: TaskDefinition.Kind?
        let readout: ReadoutForm?
        let task: String
        let inputs: Set<ArtifactKind>
    }

    let kind: ArtifactKind
    let from: Node
    let to: Node
    /// What people call the stage that the edge comes from.
    let source: String

    /// Why the edge cannot fit; nil where it can.
    var problem: String? {
        guard from.recipe.yields(kind, startingFrom: from.inputs) else {
            let work = from.recipe.estimate.map { "estimates '\($0)'" } ?? "tunes '\(from.recipe.tune)'"
            return "starts from the \(kind.rawValue) of \(source), which leaves none behind (it \(work))"
        }
        switch kind {
        case .head: return headProblem
        case .adapter: return adapterProblem
        case .statistics, .pretraining, .mask:
            return to.recipe.requiredInputs.contains(kind)
                ? poolerProblem
                : "takes \(kind.rawValue) from \(source) but tunes '\(to.recipe.tune)', which does not read it"
        default: return poolerProblem
        }
    }

    /// The pooler is among what is of the backbone only where the head stands on it.
    private var poolerProblem: String? {
        let (given, wanted) = (from.recipe.head, to.recipe.head)
        guard given != wanted, given == .pooled || wanted == .pooled else { return nil }
        return
            "takes \(kind.rawValue) from \(source), which has the head \(given), but has the head \(wanted): only one of "
            + "them has the pooler in its backbone; give both or neither 'pooled'"
    }

    private var adapterProblem: String? {
        guard case .adapter(let given) = from.recipe.tune, case .adapter(let wanted) = to.recipe.tune, given != wanted
        else { return nil }
        return "starts from the adapter '\(given)' but tunes '\(wanted)'; give both one design"
    }

    private var headProblem: String? {
        let (given, wanted) = (from.recipe.head, to.recipe.head)
        if given != wanted {
            return "starts from a head of design \(given) but has the design \(wanted); give both one 'head'"
        }
        if from.isLogistic != to.isLogistic {
            return "starts from the head of \(source), which differs in 'logistic'; give both the same"
        }
        if from.labels != to.labels {
            return "starts from the head of \(source), made for the labels of '\(from.task)', not of '\(to.task)'"
        }
        if from.kind != to.kind || from.readout != to.readout {
            return "starts from the head of \(source), made for a task such as '\(from.task)', not for '\(to.task)'"
        }
        return nil
    }
}

extension Recipe {
    /// The kinds of artifacts without which the stage cannot begin.
    var requiredInputs: Set<ArtifactKind> {
        var kinds: Set<ArtifactKind> = []
        switch tune {
        case .entries(.fisher(_, .downstream, _)): kinds = [.statistics]
        case .entries(.fisher(_, .pretraining, _)): kinds = [.pretraining]
        case .entries(.combined): kinds = [.statistics, .pretraining]
        case .entries(.mask): kinds = [.mask]
        case .entries(.drawn), .parameters, .adapter, .prune: break
        }
        if case .driven = regularization.child { kinds.insert(.statistics) }
        return kinds
    }

    /// Whether a stage with this recipe can leave such an artifact behind.
    func yields(_ kind: ArtifactKind, startingFrom inputs: Set<ArtifactKind>) -> Bool {
        if estimate != nil { return kind == .statistics || kind == .pretraining }
        if case .prune = tune, kind == .mask { return true }
        return kind == .head || leaves(startingFrom: inputs).contains(kind)
    }
}
