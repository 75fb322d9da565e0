import Collectives
import Experiments
import Files
import Foundation
import Messages

// A group that is killed cannot say so, and its coordinator would wait for a lease. But its supervisor knows: rank 0
// tells it on standard output what it holds, and the group's next life is told how this one ended, and passes that on.

/// What a group says to its supervisor when it begins a stage.
struct Holding: Codable, Equatable, Sendable {
    let worker: WorkerID
    let claim: Claim

    /// How a line begins that is for the supervisor alone.
    private static let mark = "headstart-holds "

    /// - Returns: nil for a line that is for people.
    init?(line: String) {
        guard line.hasPrefix(Self.mark),
            let holding = try? CanonicalJSON.decode(Self.self, from: Data(line.dropFirst(Self.mark.count).utf8))
        else { return nil }
        self = holding
    }

    init(worker: WorkerID, claim: Claim) {
        self.worker = worker
        self.claim = claim
    }

    /// Tells the supervisor, if there is one.
    func announce() {
        guard ParentWatch.supervisor != nil, let json = try? CanonicalJSON.encode(self) else { return }
        // Whoever does not hear it waits for the lease.
        try? Output(STDOUT_FILENO, "standard output").write(
            Array("\(Self.mark)\(String(decoding: json, as: UTF8.self))\n".utf8))
    }
}

/// What a group says to its supervisor once all of its ranks have found together. Until then nobody in it would notice
/// that one of them does not come: a host that mpirun does not reach, a network that broke amid the start.
enum Beginning {
    private static let mark = "headstart-begins"

    static func isAnnounced(by line: String) -> Bool { line == mark }

    /// Tells the supervisor, if there is one, on whatever host. The line is its own, also where another rank ended none.
    static func announce() {
        guard MPIRun.isSupervised else { return }
        try? Output(STDOUT_FILENO, "standard output").write(Array("\n\(mark)\n".utf8))
    }
}

/// The life before this one of a group, and what it came to.
struct Predecessor: Codable, Equatable, Sendable {
    let holding: Holding
    let failure: StageFailure

    /// Hands a predecessor to the group's next life.
    static let variable = "HEADSTART_PREDECESSOR"

    /// This group's, where it has one.
    static var own: Predecessor? {
        guard let json = ProcessInfo.processInfo.environment[variable] else { return nil }
        return try? CanonicalJSON.decode(Predecessor.self, from: Data(json.utf8))
    }

    var environment: [String: String] {
        guard let json = try? CanonicalJSON.encode(self) else { return [:] }
        return [Self.variable: String(decoding: json, as: UTF8.self)]
    }
}

/// Tells the coordinator of a predecessor's end, until it has heard it.
struct Obituary {
    private let predecessor: Predecessor
    private var sayAt = Duration.zero
    /// A coordinator that has forgotten the predecessor does not answer.
    private var triesLeft = 5

    init?(_ predecessor: Predecessor?) {
        guard let predecessor else { return nil }
        self.predecessor = predecessor
    }

    /// - Returns: what is to be said now, in the predecessor's name.
    mutating func next(at now: Duration) -> FromWorker? {
        guard now >= sayAt, triesLeft > 0 else { return nil }
        sayAt = now + .seconds(2)
        triesLeft -= 1
        return FromWorker(
            .failed(claim: predecessor.holding.claim, failure: predecessor.failure), from: predecessor.holding.worker)
    }

    /// - Returns: the predecessor's goodbye, once its end is settled.
    mutating func hear(_ message: ToWorker) -> FromWorker? {
        guard case .settled(predecessor.holding.claim, _) = message, triesLeft > 0 else { return nil }
        triesLeft = 0
        return FromWorker(.goodbye, from: predecessor.holding.worker)
    }
}
