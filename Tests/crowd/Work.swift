import ArgumentParser
import Coordinator
import Experiments
import Files
import Foundation
import Messages
import Transport

/// So many worker groups on one thread, each with connections of its own. They greet, say so in a line of JSON, and begin
/// when a line comes; another line says what they saw.
struct Work: ParsableCommand {
    @Option var endpoint: String
    @Option var workers: Int
    @Option(help: "The beginning of their names.") var name = "worker"
    @Option(help: "How long each of their stages takes, in seconds.") var seconds = 0.0
    @Option(help: "How many stages each takes; all that there are otherwise.") var each: Int?

    func run() throws {
        Descriptors.raiseLimit()
        let stop = try StopRequest()
        let listener = stop.listenToSignals()
        try withExtendedLifetime(listener) {
            var crowd = try WorkingCrowd(self, until: stop)
            try crowd.greet()
            try say(["greeted": workers])
            _ = readLine()
            try crowd.work()
            try say(crowd.seen)
        }
    }
}

/// The workers of a process, and the loop that they share.
private struct WorkingCrowd {
    private let workers: [FakeGroup]
    private let stop: StopRequest
    private let sources: [any Pollable]
    private let begin = ContinuousClock.now
    private(set) var seen = Seen()

    private var now: Double { begin.duration(to: .now) / .seconds(1) }

    init(_ options: Work, until stop: StopRequest) throws {
        self.stop = stop
        let endpoint = try Endpoint(options.endpoint)
        let context = try Context(mostSockets: 8 * options.workers)
        workers = try (0..<options.workers).map { number in
            try FakeGroup(
                "\(options.name)-\(number)", on: "host-\(number / 8)", in: context, at: endpoint,
                secondsOfStage: options.seconds, stages: options.each ?? .max,
                // Not all at once: each begins at its own place in the length of a stage, and all within seconds.
                asksAt: min(options.seconds, 2) * Double(number) / Double(options.workers))
        }
        sources = [stop.bell] + workers
    }

    mutating func greet() throws { try turn(until: \.isWelcome) }

    mutating func work() throws {
        seen = Seen(startedAt: now)
        for worker in workers { worker.begin(at: seen.startedAt) }
        try turn(until: \.isDone)
        for worker in workers { try worker.leave() }
    }

    private mutating func turn(until isOver: (FakeGroup) -> Bool) throws {
        var drainAt = now
        while !stop.isRequested, !workers.allSatisfy(isOver) {
            let due = workers.reduce(now + 0.1) { min($0, $1.dueAt) }
            let wait = max(0, min(100, Int((due - now) * 1000)))
            let readable = try poll(sources, timeoutMilliseconds: wait)
            for (worker, isReadable) in zip(workers, readable.dropFirst()) {
                if isReadable { try worker.hear(at: now, &seen) }
                if worker.dueAt <= now { try worker.act(at: now, &seen) }
            }
            guard drainAt <= now else { continue }
            for worker in workers { try worker.hearBroadcasts(&seen) }
            drainAt = now + 0.1
        }
    }
}

/// What workers saw of the coordinator.
struct Seen: Encodable {
    /// A stage that was handed out again.
    struct Again: Encodable {
        let stage: String
        let attempt: Int
        /// In seconds since 1970.
        let at: Double
    }

    private(set) var startedAt = 0.0
    private var accepted = 0
    /// Those of them with a head.
    private var heads = 0
    private var refused = 0
    /// Until the last stage was accepted.
    private var seconds = 0.0
    /// From asking for work to being given it, in milliseconds.
    var handOuts: [Float] = []
    /// From a result to its acceptance.
    private var settlements: [Float] = []
    var again: [Again] = []
    /// What was said twice, since no answer came in time.
    var repetitions = 0
    var broadcasts = 0
    var broadcastBytes = 0

    init(startedAt: Double = 0) { self.startedAt = startedAt }

    /// An answer to a result that was first said at some time.
    mutating func settle(_ refusal: String?, hasHead: Bool, saidAt: Double, at now: Double) {
        settlements.append(Float(1000 * (now - saidAt)))
        guard refusal == nil else {
            refused += 1
            return
        }
        accepted += 1
        heads += hasHead ? 1 : 0
        seconds = now - startedAt
    }

    private enum Keys: String, CodingKey {
        case accepted, heads, refused, seconds, handOutMilliseconds, settlementMilliseconds, again
        case repetitions, broadcasts, broadcastBytes
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Keys.self)
        try container.encode(accepted, forKey: .accepted)
        try container.encode(heads, forKey: .heads)
        try container.encode(refused, forKey: .refused)
        try container.encode(seconds, forKey: .seconds)
        try container.encode(Quantiles(handOuts), forKey: .handOutMilliseconds)
        try container.encode(Quantiles(settlements), forKey: .settlementMilliseconds)
        try container.encode(again, forKey: .again)
        try container.encode(repetitions, forKey: .repetitions)
        try container.encode(broadcasts, forKey: .broadcasts)
        try container.encode(broadcastBytes, forKey: .broadcastBytes)
    }
}

private struct Quantiles: Encodable {
    let count: Int
    let p50: Float?
    let p99: Float?
    let most: Float?

    init(_ values: [Float]) {
        let sorted = values.sorted()
        let quantile = { (share: Double) in sorted.isEmpty ? nil : sorted[Int(share * Double(sorted.count - 1))] }
        (count, p50, p99, most) = (sorted.count, quantile(0.5), quantile(0.99), sorted.last)
    }
}
