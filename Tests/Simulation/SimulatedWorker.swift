import Experiments
import Files
import Messages
import Transport
import Worker

/// What training a stage comes to in a simulated world.
enum Nature: Hashable {
    case good(milliseconds: Int64)
    /// Kills every worker that trains it.
    case poison
    /// Diverges, whoever trains it.
    case faulty

    var milliseconds: Int64 { if case .good(let milliseconds) = self { milliseconds } else { 3_000 } }
}

/// The shell around a worker's dialogue, without sockets, disk and training: it performs what it can by itself and hands
/// the rest to the world.
struct SimulatedWorker {
    let id: WorkerID
    let host: String
    private let bornAt: Timestamp
    private var dialogue: Dialogue
    /// The bytes of each artifact that lie on the disk.
    private var disk: [ArtifactID: [UInt8]] = [:]
    private(set) var training: Training?
    /// Until when nothing it sends or is sent arrives.
    var isCutOffUntil = Timestamp(rawValue: 0)
    /// Until when it does nothing.
    var isFrozenUntil = Timestamp(rawValue: 0)
    /// Until when its disk takes nothing.
    var isDiskFullUntil = Timestamp(rawValue: 0)
    /// When the dialogue wants a tick, and the earliest tick that is on its way.
    private(set) var wakeAt = Timestamp(rawValue: 0)
    var alarm: Timestamp?
    private var trained: Set<Claim> = []
    private(set) var objections: [String] = []

    struct Training {
        let assignment: Assignment
        let endsAt: Timestamp
        var shouldStop = false
        var hasEvaluated = false
        /// Makes no step any more and hears nothing.
        var isStuck = false
    }

    /// What the world is to do.
    enum Wish {
        case say(FromWorker)
        case train
        case stop
        case end(Ending)
    }

    init(_ id: WorkerID, on host: String, at now: Timestamp) {
        (self.id, self.host, bornAt) = (id, host, now)
        var node = NodeSettings.test
        node.host = host
        var settings = WorkerSettings(coordinator: .inproc(name: "simulation"), workDirectory: "", node: node)
        settings.patience.beginning = .seconds(120)
        settings.patience.standstill = .seconds(60)
        dialogue = Dialogue(settings: settings)
    }

    /// Tells the dialogue of an event, and of those that its effects lead to.
    /// - Parameters:
    ///   - damages: whether the last byte of an artifact that comes is another than the one that was sent.
    ///   - isFull: whether the disk takes nothing.
    mutating func handle(
        _ event: DialogueEvent, _ natures: [StageKey: Nature], damages: Bool = false, isFull: Bool = false,
        at now: Timestamp
    ) -> [Wish] {
        var wishes: [Wish] = []
        var events = [event]
        while !events.isEmpty {
            let event = events.removeFirst()
            for effect in dialogue.handle(event, at: .milliseconds(now.milliseconds(since: bornAt))) {
                switch effect {
                case .send(let body):
                    if isEncodable(body) {
                        wishes.append(.say(FromWorker(body, from: id)))
                    } else {
                        events.append(.unencodable(body, reason: "a number is not finite"))
                    }
                case .find(let source): events.append(.found(source.content, .here(.empty)))
                case .resume(let artifact):
                    events.append(isFull ? .diskFailed(StageFailure(.node, "no space")) : stands(artifact))
                case .store(let bytes, let artifact, let offset):
                    keep(bytes, of: artifact, at: offset, isDamaged: damages)
                    events.append(isFull ? .diskFailed(StageFailure(.node, "no space")) : stands(artifact))
                case .train(let assignment, _):
                    begin(assignment, natures[assignment.stage], at: now)
                    wishes.append(.train)
                case .stopTraining:
                    training?.shouldStop = true
                    wishes.append(.stop)
                case .end(let ending): wishes.append(.end(ending))
                case .forget, .log: break
                case .wakeAt(let time): wakeAt = bornAt.advanced(byMilliseconds: Int64(time / .milliseconds(1)))
                }
            }
        }
        return wishes
    }

    private func isEncodable(_ body: FromWorker.Body) -> Bool {
        if case .heartbeat(_, let progress?) = body { progress.loss.isFinite } else { true }
    }

    // MARK: The group

    /// How many trainings have begun.
    var trainings: Int { trained.count }

    private mutating func begin(_ assignment: Assignment, _ nature: Nature?, at now: Timestamp) {
        object(training != nil, "\(id) is to train two stages at once")
        object(!trained.insert(assignment.claim).inserted, "\(id) trains an attempt again that it has trained")
        for input in assignment.inputs where disk[input.id] != content(ofBytes: input.byteCount) {
            object(true, "\(id) trains with an input that is not whole, or altered")
        }
        training = Training(
            assignment: assignment, endsAt: now.advanced(byMilliseconds: nature?.milliseconds ?? 1_000))
    }

    mutating func noteEvaluation() { training?.hasEvaluated = true }

    mutating func getStuck() { training?.isStuck = true }

    /// The group is free for the next stage.
    mutating func endTraining() { training = nil }

    // MARK: The disk

    /// An artifact that was published.
    mutating func keep(_ artifact: ArtifactReference) { disk[artifact.id] = content(ofBytes: artifact.byteCount) }

    private mutating func keep(_ bytes: [UInt8], of artifact: WantedFile, at offset: Int, isDamaged: Bool) {
        let held = disk[artifact.id, default: []]
        guard held.count == offset, held.count < artifact.byteCount else { return }
        let isLast = offset + bytes.count == artifact.byteCount
        disk[artifact.id] = held + (isDamaged && isLast ? bytes.map { ~$0 } : bytes)
    }

    private mutating func stands(_ artifact: WantedFile) -> DialogueEvent {
        let held = disk[artifact.id, default: []]
        guard held.count == artifact.byteCount else { return .stands(artifact.id, .partial(upTo: held.count)) }
        guard held != content(ofBytes: artifact.byteCount) else { return .stands(artifact.id, .complete) }
        disk[artifact.id] = nil
        return .stands(artifact.id, .corrupt)
    }

    private mutating func object(_ isWrong: Bool, _ objection: String) {
        if isWrong { objections.append(objection) }
    }
}

/// The bytes that stand for an artifact of so many.
func content(ofBytes count: Int) -> [UInt8] {
    (0..<count).map { UInt8(truncatingIfNeeded: $0) }
}
