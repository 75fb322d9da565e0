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
    let threads: Int
    /// What each rank may take; nil for what stages ask for.
    let memoryBytes: Int?
    /// Whether texts are read whose lengths are not kept.
    let reads: Bool
    /// Whether speeds are measured that are not kept.
    let measures: Bool

    private let speeds = KeptSpeeds(folder: Machine.cache)
    private let lengths = KeptLengths(folder: Machine.cache)
    private let reduction = KeptReduction(folder: Machine.cache).entry
    private var knownSpeeds: [Precision: HostSpeed] = [:]
    private var knownLengths: [TextIdentity: TaskLengths] = [:]

    init(ranks: Int, threads: Int, memoryBytes: Int? = nil, reads: Bool = false, measures: Bool = false) {
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
    func stages(of plan: SweepPlan) throws -> [StageKey: StageForecast] {
        guard Disk.isPlainFile("\(plan.model.path)/\(ModelFiles.weights)") else { return [:] }
        let backbone = try Backbone(directory: plan.model.path)
        let costs = SweepCosts(
            plan, backbone, ranks: ranks, reduction: reduction?.cost ?? .assumed, memoryBytes: memoryBytes,
            lengths: { task, recipe in
                let text = TextIdentity(model: plan.model.content, task: task.content, recipe)
                if let known = self.knownLengths[text] { return known }
                self.knownLengths[text] = try self.lengths(text, of: task, recipe, plan, backbone)
                return self.knownLengths[text]
            },
            speed: { precision in
                if let known = self.knownSpeeds[precision] { return known }
                self.knownSpeeds[precision] = try self.speed(backbone, precision)
                return self.knownSpeeds[precision]
            })
        return try costs.forecasts()
    }

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
        let key = KeptSpeeds.Key(
            processor: Machine.processor, program: try Disk.digest(of: Machine.program()), threads: threads,
            backbone.configuration, precision)
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
