package import Experiments
import Messages

/// A worker that said hello in this life of the coordinator.
struct KnownWorker: Sendable {
    let node: NodeSettings
    /// The memory that each of its processes may take; nil where that is not limited.
    let memoryBytes: Int?
    /// When its host ends it; nil where nobody knows of an end.
    let endsAt: Timestamp?
    /// From its hello until then.
    let lifeMilliseconds: Int64?
    var heardAt: Timestamp
    /// Stages whose artifacts it has made or fetched last, the last one first.
    private(set) var recent: [StageIndex]

    init(_ node: NodeSettings, _ limits: WorkerLimits?, recent: [StageIndex], at now: Timestamp) {
        self.node = node
        self.recent = recent
        memoryBytes = limits?.memoryBytes
        // Whatever is said of a time further off than that means no end.
        lifeMilliseconds = limits?.secondsLeft.flatMap { $0 < 1e9 ? Int64(max(0, $0) * 1000) : nil }
        endsAt = lifeMilliseconds.map { now.advanced(byMilliseconds: $0) }
        heardAt = now
    }

    mutating func holds(_ sources: [StageIndex]) {
        recent = Array((sources + recent.filter { !sources.contains($0) }).prefix(mostRecent))
    }
}

/// Of so many stages a worker is taken to have what they made.
private let mostRecent = 4

/// What a host's attempts have come to, over all of its workers and their lives.
struct Host: Sendable {
    /// Those that are connected.
    var workers: Set<WorkerID> = []
    /// The sources that its workers were given stages of, by their numbers.
    var sources: Set<Int> = []
    var pace = Pace()
    /// nil unless its last attempt ended by its fault.
    var rest: Rest?

    struct Rest: Sendable {
        /// Attempts in a row that ended by its fault.
        var faults: Int
        /// Until when it is given nothing.
        var until: Timestamp
        /// What its last attempt said.
        var reason: String
    }

    /// How long its stages take beside what was foretold.
    struct Pace: Sendable {
        private var taken = 0.0
        private var foretold = 0.0

        mutating func note(_ seconds: Double, foretold: Double?) {
            guard let foretold, foretold > 0, seconds.isFinite else { return }
            self.taken += seconds
            self.foretold += foretold
        }

        /// What is foretold takes so many times as long.
        var factor: Double { foretold > 0 ? taken / foretold : 1 }
    }
}

extension Scheduler {
    /// The host that trains the stage; nil where its worker has not said hello in this life of the coordinator.
    func host(of stage: Stage) -> String? { stage.record.worker.flatMap { workers[$0] }?.node.host }

    // MARK: Workers

    mutating func meet(_ worker: WorkerID, _ known: KnownWorker) {
        workers[worker] = known
        hosts[known.node.host, default: Host()].workers.insert(worker)
        noteRanks(of: known, by: 1)
        lastEnd = max(lastEnd, known.endsAt ?? .never)
        watch(worker)
    }

    mutating func forget(_ worker: WorkerID) {
        guard let known = workers.removeValue(forKey: worker) else { return }
        resting.removeAll { $0 == worker }
        hosts[known.node.host]?.workers.remove(worker)
        noteRanks(of: known, by: -1)
        // Most have no end, and the first that stays has none either.
        guard known.endsAt ?? .never == lastEnd,
            !workers.values.contains(where: { $0.endsAt ?? .never == lastEnd })
        else { return }
        lastEnd = workers.values.lazy.map { $0.endsAt ?? .never }.max() ?? Timestamp(rawValue: 0)
    }

    private mutating func noteRanks(of worker: KnownWorker, by change: Int) {
        let count = rankCounts[worker.node.ranks, default: 0] + change
        rankCounts[worker.node.ranks] = count > 0 ? count : nil
        division.madeAt = nil
    }

    func isSilent(_ worker: KnownWorker, at now: Timestamp) -> Bool { silenceEnds(worker) <= now }

    func silenceEnds(_ worker: KnownWorker) -> Timestamp {
        worker.heardAt.advanced(byMilliseconds: settings.leaseMilliseconds)
    }

    // MARK: Hosts at fault

    /// Leaves a host alone for a while, longer each time in a row that an attempt ends by its fault.
    mutating func rest(_ host: String, after failure: StageFailure, at now: Timestamp) {
        let faults = 1 + (hosts[host]?.rest?.faults ?? 0)
        let pause = settings.backOff(after: faults, drawnFrom: host)
        hosts[host, default: Host()].rest = Host.Rest(
            faults: faults, until: now.advanced(byMilliseconds: pause), reason: failure.message)
    }

    package func resting(at now: Timestamp) -> [RestingHost] {
        hosts.compactMap { name, host in
            host.rest.flatMap { rest in
                let milliseconds = rest.until.milliseconds(since: now)
                guard milliseconds > 0 else { return nil }
                return RestingHost(
                    host: name, seconds: Double(milliseconds) / 1000, faults: rest.faults, reason: rest.reason)
            }
        }.sorted { $0.host < $1.host }
    }

    func rests(_ host: String, at now: Timestamp) -> Bool { hosts[host]?.rest.map { $0.until > now } ?? false }

    /// Whether a host is there that has not failed on the stage lately.
    func hasOtherHost(_ stage: Stage, at now: Timestamp) -> Bool {
        let failedOn = stage.trials.failedOn
        return hosts.contains { name, host in
            !isRecent(failedOn[name], at: now) && host.workers.contains { isThere($0, at: now) { _ in true } }
        }
    }

    /// Whether a worker is there that the stage may not be too large for.
    func hasLargerWorker(_ stage: Stage, at now: Timestamp) -> Bool {
        let trials = stage.trials
        return hosts.contains { name, host in
            !trials.tooLargeFor.contains(name)
                && host.workers.contains { isThere($0, at: now) { !isTooSmall($0, for: trials.exceededBytes) } }
        }
    }

    /// Whether another host is there for a stage that failed by the fault of this one, or is too large for it.
    func isBetterElsewhere(_ stage: Stage, than worker: KnownWorker, at now: Timestamp) -> Bool {
        guard stage.hasFailed else { return false }
        let trials = stage.trials
        if trials.tooLargeFor.contains(worker.node.host) || isTooSmall(worker, for: trials.exceededBytes) {
            return hasLargerWorker(stage, at: now)
        }
        return isRecent(trials.failedOn[worker.node.host], at: now) && hasOtherHost(stage, at: now)
    }

    private func isTooSmall(_ worker: KnownWorker, for exceeded: Int?) -> Bool {
        guard let exceeded, let limit = worker.memoryBytes else { return false }
        return limit <= exceeded
    }

    private func isThere(_ worker: WorkerID, at now: Timestamp, _ condition: (KnownWorker) -> Bool) -> Bool {
        workers[worker].map { !isSilent($0, at: now) && condition($0) } ?? false
    }

    /// Whether a host failed so lately that others are preferred to it.
    private func isRecent(_ failure: Timestamp?, at now: Timestamp) -> Bool {
        failure.map { now.milliseconds(since: $0) < settings.preferenceMilliseconds } ?? false
    }

    // MARK: Hosts that end, and small ones

    /// Whether the worker has the memory for a stage, and the time: all that it is to take, or, where no worker has that,
    /// enough to bring it on, since another one goes on with it.
    func fits(_ needs: StageNeeds, _ worker: KnownWorker, at now: Timestamp) -> Bool {
        if let bytes = needs.leastBytes, let limit = worker.memoryBytes, bytes > limit { return false }
        guard let end = worker.endsAt, let life = worker.lifeMilliseconds else { return true }
        let left = Double(end.milliseconds(since: now))
        // One whose whole life is short brings stages on in the first half of it.
        let isUseful = left >= Double(min(settings.usefulMilliseconds, life / 2))
        guard let seconds = seconds(of: needs, on: worker) else { return isUseful }
        let needed = seconds * 1000
        return left >= needed || (isUseful && Double(lastEnd.milliseconds(since: now)) < needed)
    }
}

extension Scheduler {
    /// What a stage takes on a worker, by what was foretold and by how its host has kept to that.
    func seconds(of needs: StageNeeds, on worker: KnownWorker) -> Double? {
        needs.seconds(onRanks: worker.node.ranks).map { $0 * (hosts[worker.node.host]?.pace.factor ?? 1) }
    }
}

extension Timestamp {
    /// Later than any.
    static let never = Timestamp(rawValue: .max)
}

extension SchedulerSettings {
    /// How long to wait after so many failures in a row: twice as long each time up to a limit, less up to half of it by
    /// chance, so that those that failed together do not come back together.
    ///
    /// - Parameter source: chance follows from it, so that equal events have equal effects.
    func backOff(after failures: Int, drawnFrom source: some CustomStringConvertible) -> Int64 {
        guard failures > 0 else { return 0 }
        let whole = min(backOffMilliseconds << min(failures - 1, 20), longestBackOffMilliseconds)
        // FNV-1a: unlike Swift's hashes it is the same in every process.
        let hash = "\(source) \(failures)".utf8.reduce(UInt64(0xcbf2_9ce4_8422_2325)) {
            ($0 ^ UInt64($1)) &* 0x100_0000_01b3
        }
        return whole - Int64(hash >> 33) % (whole / 2 + 1)
    }
}
