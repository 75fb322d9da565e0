package import Experiments

/// The stages of a sweep, the seeds of each summed up: what `headstart plan` shows.
package struct PlanListing: Sendable {
    package let sweep: String
    package let model: String
    package let runs: Int
    package let stages: Int
    package let finished: Int
    package let steps: Int
    package let stepsLeft: Int
    /// For one worker group; nil where it is not known how fast the host is and nothing alike has run.
    package let secondsLeft: Double?
    /// The worker groups that are to share the work; nil where nobody said.
    package let workers: Workers?
    package let groups: [Group]
    /// What is kept of whole models; nil where no stage has one that is, or their size is not known.
    package let kept: Kept?
    /// The searches, which may add stages as results come in.
    package let searches: [SweepSearch]
    /// Into what worker groups other hosts are to be divided; nil where nobody asked, or can tell.
    package let groupSizes: GroupSizes?

    /// Worker groups, and how long they take together.
    package struct Workers: Encodable, Hashable, Sendable {
        package let groups: Int
        /// Of each group.
        package let ranks: Int
        /// Of each rank.
        package let threads: Int
        /// What each process may take.
        package let memoryBytes: Int
        /// What sums over the ranks of a group are taken to cost, as a sentence; nil where it has but one.
        package let sums: String?
        package fileprivate(set) var secondsLeft: Double?

        package init(groups: Int, ranks: Int, threads: Int, memoryBytes: Int, sums: String? = nil) {
            self.groups = groups
            self.ranks = ranks
            self.threads = threads
            self.memoryBytes = memoryBytes
            self.sums = sums
        }
    }

    /// Whole models that the store will have, besides heads and small differences.
    package struct Kept: Encodable, Hashable, Sendable {
        /// Of the best seed of a cell, or of each fold in it.
        package let best: Int
        /// Of every seed.
        package let all: Int
        package let bytes: Int
    }

    /// The same stage on all seeds.
    package struct Group: Encodable, Hashable, Sendable {
        package let task: String
        package let stage: String
        /// Methods that use the stage, in the order of the table.
        package let methods: [String]
        /// nil for a stage that gathers statistics.
        package let tune: Tune?
        /// What is gathered instead.
        package let estimate: Estimate?
        package let learningRate: Double?
        package let batch: Int
        package let precision: Precision
        /// Passes over the training set; nil where steps are counted.
        package let epochs: Double?
        /// Optimizer steps of one seed.
        package let steps: Int
        /// What it starts from besides the pretrained model, as "head of eh-ft-bitfit/1".
        package let from: [String]
        package let seeds: [UInt64]
        package let finished: Int
        package let failed: Int
        /// Of one seed, from its beginning to its end; nil where nobody can tell.
        package let seconds: Double?
        /// The most memory of a process that trains it; nil where nobody can tell.
        package let peakBytes: Int?
        /// In how many times more parts than asked for a batch is worked off, so that it fits into memory; nil where nobody
        /// can tell.
        package let batchParts: Int?
        /// Whether layers compute their activations again.
        package let recomputes: Bool
        /// Whether its processes can train it in the memory that they may take; nil where nobody can tell.
        package let fits: Bool?
    }

    /// - Parameters:
    ///   - modelBytes: of the whole model that a stage leaves; nil where nobody knows.
    ///   - workers: that are to share the work.
    ///   - groupSizes: for other hosts.
    package init(
        _ snapshot: SweepSnapshot, workers: Workers? = nil, groupSizes: GroupSizes? = nil,
        modelBytes: ((PlannedStage) -> Int)? = nil
    ) {
        self.groupSizes = groupSizes
        let plan = snapshot.plan
        kept = modelBytes.flatMap { Kept(plan, $0) }
        sweep = plan.name
        model = plan.model.name
        runs = plan.rows.count
        stages = plan.stages.count
        finished = snapshot.count(.finished)
        steps = plan.stages.map { snapshot.steps(of: $0) }.reduce(0, +)
        stepsLeft = snapshot.stages.filter { !$0.record.state.isFinal }.map { snapshot.steps(of: $0.stage) }
            .reduce(0, +)
        secondsLeft = snapshot.secondsLeft()
        self.workers = workers.map { workers in
            var workers = workers
            workers.secondsLeft = snapshot.secondsLeft(groups: workers.groups)
            return workers
        }
        groups = Self.groups(snapshot)
        searches = plan.searches
    }

    private static func groups(_ snapshot: SweepSnapshot) -> [Group] {
        var order: [GroupName] = []
        var members: [GroupName: [(stage: PlannedStage, record: StageRecord)]] = [:]
        for member in snapshot.stages {
            let name = GroupName(task: member.stage.task, label: member.stage.label)
            if members[name] == nil { order.append(name) }
            members[name, default: []].append(member)
        }
        let labels = Dictionary(snapshot.plan.stages.map { ($0.key, $0.label) }) { first, _ in first }
        let methods = methodsByStage(snapshot.plan)
        let estimate = TimeEstimate(snapshot)
        return order.compactMap { name in
            members[name].flatMap { Group($0, snapshot, estimate, labels: labels, methods: methods) }
        }
    }

    private struct GroupName: Hashable {
        let task: String
        let label: String
    }

    private static func methodsByStage(_ plan: SweepPlan) -> [StageKey: [String]] {
        var methods: [StageKey: [String]] = [:]
        for row in plan.rows {
            for key in row.stages where methods[key]?.contains(row.method) != true {
                methods[key, default: []].append(row.method)
            }
        }
        return methods
    }
}

extension PlanListing.Kept {
    /// - Returns: nil where nothing is kept.
    fileprivate init?(_ plan: SweepPlan, _ modelBytes: (PlannedStage) -> Int) {
        let stages = Dictionary(plan.stages.map { ($0.key, $0) }) { first, _ in first }
        // A model that several cells share counts once for each: which seed is the best of each is not known.
        let cells = Dictionary(grouping: plan.rows, by: \.foldCell).values.compactMap { rows in
            rows.lazy.compactMap { $0.stages.last.flatMap { stages[$0] } }.first { $0.dispensable.contains(.backbone) }
        }
        let whole = plan.stages.filter { $0.outputs.contains(.backbone) }
        guard !cells.isEmpty || !whole.isEmpty else { return nil }
        self.init(
            best: cells.count, all: whole.count, bytes: (cells + whole).reduce(0) { $0 + modelBytes($1) })
    }

    fileprivate var sentence: String {
        let parts = [
            best == 0 ? nil : "\(counted(best, "whole model")), the best seed's of each cell",
            all == 0 ? nil : "\(counted(all, best == 0 ? "whole model" : "model")) of every seed",
        ].compactMap { $0 }
        let megabytes = String(format: "%.1f MB", Double(bytes) / 1e6)
        let other = best == 0 ? "" : "; `keep: all` would keep every seed's, `keep: none` no whole model"
        return "keeps \(parts.joined(separator: " and ")): \(megabytes)\(other)"
    }
}

extension PlanListing.Group {
    fileprivate init?(
        _ members: [(stage: PlannedStage, record: StageRecord)], _ snapshot: SweepSnapshot, _ estimate: TimeEstimate,
        labels: [StageKey: String], methods: [StageKey: [String]]
    ) {
        guard let first = members.first?.stage else { return nil }
        let recipe = first.specification.recipe
        self.init(
            task: first.task, stage: first.label, methods: methods[first.key] ?? [],
            tune: recipe.estimate == nil ? recipe.tune : nil, estimate: recipe.estimate,
            learningRate: recipe.estimate == nil ? recipe.learningRate : nil, batch: recipe.batch,
            precision: recipe.precision, epochs: recipe.epochs, steps: snapshot.steps(of: first),
            from: first.specification.inputs.map { "\($0.kind.rawValue) of \(labels[$0.from] ?? $0.from.short)" }
                + first.specification.given.map { "the \($0.kind.rawValue) \($0.id.rawValue.short)" },
            seeds: members.map(\.stage.specification.seed),
            finished: members.count { $0.record.state == .finished },
            failed: members.count { $0.record.state.isFinal && $0.record.state != .finished },
            seconds: estimate.seconds(of: first, steps: snapshot.steps(of: first)),
            peakBytes: members.compactMap { snapshot.forecasts[$0.stage.key]?.peakBytes }.max(),
            batchParts: snapshot.forecasts[first.key]?.batchParts,
            recomputes: snapshot.forecasts[first.key]?.recomputes ?? first.recomputes,
            fits: snapshot.forecasts[first.key]?.fits)
    }
}

extension PlanListing.Group {
    /// What it starts from, and a few of the methods that it serves; JSON has all.
    fileprivate var origin: String {
        let origin = from.isEmpty ? "pretrained" : from.joined(separator: ", ")
        let others = methods.dropFirst()
        guard !others.isEmpty else { return origin }
        let named = others.prefix(others.count > 3 ? 2 : 3).joined(separator: ", ")
        let more = others.count > 3 ? " and \(others.count - 2) more" : " too"
        return "\(origin); serves \(named)\(more)"
    }
}

extension PlanListing {
    package func text(width: Int = .max) -> String {
        var table = Columns([
            ("task", .left), ("stage", .left), ("tunes", .left), ("lr", .right), ("steps", .right), ("seeds", .right),
            ("done", .right), ("starts from", .left),
        ])
        for group in groups {
            let tunes = group.tune.map(\.description) ?? group.estimate.map { "gathers \($0)" } ?? ""
            table.add([
                group.task, group.stage, tunes, group.learningRate.map(spelled) ?? "–", "\(group.steps)",
                "\(group.seeds.count)", "\(group.finished)\(group.failed > 0 ? "!" : "")", group.origin,
            ])
        }
        let lines = table.lines(width: width, fixed: 2)
        return
            (folded([heading], width: width) + [""] + lines
            + folded(
                searchLines + ["", remainder] + sumsLine + precisionLine + memoryLines
                    + (kept.map { [$0.sentence] } ?? []) + (groupSizes.map { [""] + $0.lines } ?? []),
                width: width))
            .joined(separator: "\n")
    }

    private func spelled(_ rate: Double) -> String { "\(rate)".replacing("e-0", with: "e-") }

    private var heading: String {
        let open = searches.count(where: \.isOpen)
        let more = open == 0 ? "" : " so far; more follow from \(counted(open, "search", "searches"))"
        let runs = runs == 1 ? "1 run is" : "\(runs) runs are"
        return "\(sweep) on \(model): \(runs) \(counted(stages, "stage")), each once\(more)"
    }

    /// "16 stages", and that there may be more.
    package static func stageCount(_ plan: SweepPlan) -> String {
        let isOpen = plan.searches.contains(where: \.isOpen)
        return "\(counted(plan.stages.count, "stage"))\(isOpen ? ", and those that its searches lead to" : "")"
    }

    private var searchLines: [String] { searches.isEmpty ? [] : [""] + searches.flatMap(\.lines) }

    /// Nothing where there is one rank, or no time is told.
    private var sumsLine: [String] { workers?.secondsLeft == nil ? [] : workers?.sums.map { [$0] } ?? [] }

    /// Nothing where all stages multiply in single precision.
    private var precisionLine: [String] {
        let rounded = groups.filter { $0.precision == .bf16 }.map(\.seeds.count).reduce(0, +)
        if rounded == 0 { return [] }
        return [rounded == stages ? "products are in bf16" : "products of \(counted(rounded, "stage")) are in bf16"]
    }

    /// What the largest stage needs; nothing where that is not known.
    private var memoryLines: [String] {
        let largest = groups.filter { $0.finished < $0.seeds.count }.max { $0.peakBytes ?? 0 < $1.peakBytes ?? 0 }
        guard let largest, let bytes = largest.peakBytes else { return [] }
        let parts = groups.filter { $0.batchParts ?? 1 > 1 }.map(\.seeds.count).reduce(0, +)
        let again = groups.filter(\.recomputes).map(\.seeds.count).reduce(0, +)
        let line =
            "a process needs up to \(memory(bytes: bytes)), for \(largest.task) \(largest.stage)"
            + (parts > 0 ? "; \(counted(parts, "stage")) in smaller parts of batches" : "")
            + (again > 0 ? "; \(counted(again, "stage")) with activations computed again" : "")
        guard let workers, bytes > workers.memoryBytes else { return [line] }
        let refused = groups.filter { $0.fits == false && $0.finished < $0.seeds.count }
        if !refused.isEmpty {
            let named = refused.prefix(3).map { "\($0.task) \($0.stage)" }.joined(separator: ", ")
            return [
                line,
                "warning: --memory allows \(memory(bytes: workers.memoryBytes)), and what needs more is refused: \(named)"
                    + (refused.count > 3 ? " and \(refused.count - 3) more" : "")
                    + "; allow more, cut the texts (max-length), or tune fewer parameters",
            ]
        }
        return [
            line,
            "warning: there are but \(memory(bytes: workers.memoryBytes)) for each of "
                + "\(counted(workers.groups * workers.ranks, "process", "processes")); take fewer groups, or tune fewer "
                + "parameters; --memory makes stages fit where parts of batches do",
        ]
    }

    private var remainder: String {
        if finished == stages, !searches.contains(where: \.isOpen) {
            return stages == 1 ? "its stage is done" : "all \(stages) stages are done"
        }
        let time =
            workers?.sentence ?? secondsLeft.map { ", about \(duration(seconds: $0)) for one worker group" } ?? ""
        return "\(finished) of \(stages) stages are done; \(stepsLeft) of \(steps) steps are left\(time)"
    }
}

extension PlanListing.Workers {
    /// nil where it is not known how long they take.
    fileprivate var sentence: String? {
        let ranks = ranks == 1 ? "" : " of \(ranks) ranks"
        return secondsLeft.map { ", about \(duration(seconds: $0)) for \(counted(groups, "worker group"))\(ranks)" }
    }
}

extension PlanListing: Encodable {
    package func encode(to encoder: any Encoder) throws {
        try encoder.encode([
            "sweep": sweep, "model": model, "runs": runs, "stages": stages, "finished": finished, "steps": steps,
            "stepsLeft": stepsLeft, "secondsLeft": secondsLeft, "workers": workers, "kept": kept, "groups": groups,
            "searches": searches, "groupSizes": groupSizes,
        ])
    }
}

extension Recipe {
    fileprivate var epochs: Double? {
        if case .epochs(let epochs) = budget { epochs } else { nil }
    }
}
