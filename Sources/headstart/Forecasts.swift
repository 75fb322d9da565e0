import Collectives
import Encoders
import Experiments
import Files
import Foundation
import Reports
import Tasks
import Tokenizers
import Training

/// What the stages of a sweep will take on this machine. What was read or measured for one plan serves the next, as a sweep
/// that searches has many.
final class Forecasts {
    /// Of each group.
    let ranks: Int
    /// Of each rank.
    var threads: Int
    /// What each rank may take; nil for what stages ask for.
    let memoryBytes: Int?
    /// Whether texts are read whose lengths are not kept.
    let reads: Bool
    /// Whether speeds are measured that are not kept.
    let measures: Bool

    private let speeds = KeptSpeeds(folder: Machine.cache)
    private let lengths = KeptLengths(folder: Machine.cache)
    private let reduction = KeptReduction(folder: Machine.cache).entry
    /// Of ranks elsewhere; nil where they are this machine's.
    private let otherSpeed: HostSpeed?
    /// What was looked for; nil where it was not found.
    private var knownSpeeds: [KeptSpeeds.Key: HostSpeed?] = [:]
    private var knownLengths: [TextIdentity: TaskLengths?] = [:]
    private var programDigest: Digest?

    init(
        ranks: Int, threads: Int, memoryBytes: Int? = nil, reads: Bool = false, measures: Bool = false,
        speed: HostSpeed? = nil
    ) {
        otherSpeed = speed
        self.reads = reads
        self.memoryBytes = memoryBytes
        self.ranks = ranks
        self.threads = threads
        self.measures = measures
    }

    /// By what is kept of this host, with the groups that finished something on it; of none where there are none.
    static func kept(of snapshot: SweepSnapshot) -> [StageKey: StageForecast] {
        kept(of: snapshot.plan, on: snapshot.finishedOn)
    }

    /// - Parameter nodes: where stages were trained.
    static func kept(of plan: SweepPlan, on nodes: [NodeSettings]) -> [StageKey: StageForecast] {
        guard let node = nodes.first(where: { $0.host == Machine.host }) else { return [:] }
        do {
            return try Forecasts(ranks: node.ranks, threads: node.threads).stages(of: plan)
        } catch {
            Screen.complain("how long stages take is not known: \(error)")
            return [:]
        }
    }

    /// Of the stages of which it is known; of none where the model is not on this machine.
    ///
    /// - Parameter ranks: of each group, where these are others.
    func stages(of plan: SweepPlan, ranks: Int? = nil) throws -> [StageKey: StageForecast] {
        try costs(plan, ranks: ranks ?? self.ranks)?.forecasts() ?? [:]
    }

    /// What they take on groups of each of these numbers of ranks; of those whose speed is not known, nothing.
    func seconds(of plan: SweepPlan, onRanks ranks: [Int]) throws -> [StageKey: [Double]] {
        try costs(plan, ranks: self.ranks)?.seconds(onRanks: ranks) ?? [:]
    }

    /// The memory that a process can do with.
    func leastBytes(of plan: SweepPlan) throws -> [StageKey: Int] {
        try costs(plan, ranks: ranks)?.leastBytes() ?? [:]
    }

    /// - Returns: nil where the model is not on this machine.
    private func costs(_ plan: SweepPlan, ranks: Int) throws -> SweepCosts? {
        guard Disk.isPlainFile("\(plan.model.path)/\(ModelFiles.weights)") else { return nil }
        let backbone = try Backbone(directory: plan.model.path)
        return SweepCosts(
            plan, backbone, ranks: ranks, reduction: sums, memoryBytes: memoryBytes,
            lengths: { task, recipe in
                let text = TextIdentity(model: plan.model.content, task: task.content, recipe)
                if let known = self.knownLengths[text] { return known }
                let lengths = try self.lengths(text, of: task, recipe, plan, backbone)
                self.knownLengths.updateValue(lengths, forKey: text)
                return lengths
            },
            speed: { precision in try self.otherSpeed ?? self.speed(backbone, precision) })
    }

    /// Into what groups hosts are to be divided; nil where nothing is left to do, or nobody knows how long it takes.
    func groupSizes(for snapshot: SweepSnapshot, on hosts: GroupSizes.Hosts) throws -> GroupSizes? {
        let forecasts = try GroupSizes.sizes(on: hosts, for: snapshot.plan).map { size in
            (size, try stages(of: snapshot.plan, ranks: size))
        }
        return GroupSizes(snapshot, on: hosts, forecasts: Dictionary(uniqueKeysWithValues: forecasts))
    }

    /// What was measured here tells nothing of ranks elsewhere.
    private var sums: ReductionCost { otherSpeed == nil ? reduction?.cost ?? .assumed : .assumed }

    /// What sums over ranks are taken to cost, and where that comes from; nil for one rank, which sums nothing.
    var remarkOnSums: String? {
        guard ranks > 1 else { return nil }
        guard let reduction else {
            return "sums over ranks are taken to have \(ReductionCost.assumed); "
                + "`headstart bench --ranks \(ranks)`, or under an mpirun over your hosts, measures them"
        }
        return "sums over ranks have \(reduction.cost), as measured with \(counted(reduction.ranks, "rank")) on "
            + counted(reduction.hosts, "host")
    }

    private func speed(_ backbone: Backbone, _ precision: Precision) throws -> HostSpeed? {
        let program = try programDigest ?? Disk.digest(of: Machine.program())
        programDigest = program
        let key = KeptSpeeds.Key(
            processor: Machine.processor, program: program, threads: threads, backbone.configuration, precision)
        if let known = knownSpeeds[key] { return known }
        let speed = try self.speed(key, backbone, precision)
        knownSpeeds.updateValue(speed, forKey: key)
        return speed
    }

    private func speed(_ key: KeptSpeeds.Key, _ backbone: Backbone, _ precision: Precision) throws -> HostSpeed? {
        if let kept = speeds.speed(key) { return kept }
        guard measures else { return nil }
        Screen.complain(
            "measuring how fast this machine trains such a model in \(precision.rawValue); \(speeds.path) keeps it")
        let speed = try Calibration(backbone, precision, try Machine.compute(threads: threads)).run()
        Self.keeping { try speeds.keep(speed, key) }
        return speed
    }

    private func lengths(
        _ text: TextIdentity, of task: PlannedTask, _ recipe: Recipe, _ plan: SweepPlan, _ backbone: Backbone
    ) throws -> TaskLengths? {
        if let kept = try lengths.lengths(text) { return kept }
        guard reads else { return nil }
        let begin = ContinuousClock.now
        let dataset = try Dataset.load(task.definition, in: plan.dataDirectory)
        let tokenizer = try loadTokenizer(directory: backbone.directory)
        let secondsToLoad = begin.duration(to: .now) / .seconds(1)
        let read: TaskLengths
        do throws(TokenizerError) {
            read = try TaskLengths(dataset, with: tokenizer, recipe, secondsToLoad: secondsToLoad)
        } catch {
            // Training will stop at an example, of which the look at the data has told.
            return nil
        }
        Self.keeping { try lengths.keep(read, text) }
        return read
    }

    /// What cannot be kept is measured again.
    static func keeping(_ keep: () throws -> Void) {
        do {
            try keep()
        } catch {
            Screen.complain("\(error)")
        }
    }
}
