import Experiments

/// Which stages are left to wide worker groups where the connected ones differ in their ranks: those that take longest on
/// narrow ones, as many as keep both busy for as long, which is how `plan --hosts` divides hosts. A wide group takes what
/// is left to it first and then whatever there is, so nobody waits for the sake of order.
struct Division: Sendable {
    /// Groups of as many ranks.
    struct Pool: Sendable {
        let ranks: Int
        var workers: [KnownWorker] = []
        /// Until they have ended what they are at, on average; infinite where nobody knows.
        var busySeconds = 0.0

        var groups: Double { Double(workers.count) }
    }

    /// The ranks of the pools, from few to many; fewer than two where nothing is divided.
    private(set) var ranks: [Int] = []
    /// When it was made; nil where who is connected has changed since.
    var madeAt: Timestamp?
    /// What is left to do for each group on average; infinite where that is not foretold of all of it.
    private(set) var secondsLeft = Double.infinity

    init() {}

    init(_ ranks: [Int], secondsLeft: Double, at now: Timestamp) {
        (self.ranks, self.secondsLeft, madeAt) = (ranks, secondsLeft, now)
    }

    var isOfOne: Bool { ranks.count < 2 }

    /// The pool of a worker; one that was not there when the hosts were divided is taken for the next narrower.
    func pool(of worker: KnownWorker) -> Int { max(0, ranks.count { $0 <= worker.node.ranks } - 1) }
}

extension Scheduler {
    /// Divides the stages anew where who is connected has changed, and every few seconds.
    mutating func divideIfDue(at now: Timestamp) {
        guard isForetold else { return }
        if let madeAt = division.madeAt, now.milliseconds(since: madeAt) < divisionMilliseconds { return }
        let pools = pools(at: now)
        division = Division(pools.map(\.ranks), secondsLeft: secondsLeft(for: pools), at: now)
        for lane in lanes.indices {
            lanes[lane].reserved = []
            lanes[lane].behind = lanes[lane].order.first.map(foretoldBehind) ?? []
        }
        guard pools.count > 1 else { return }
        blamed = blamed.filter { stages[$0].hasFailed && !stages[$0].state.isFinal }
        // What failed on some host may be for whoever asks, so its lanes are for all.
        let excepted = Set(blamed.flatMap { stages[$0].seats.map(\.lane) })
        let open = lanes.indices.filter { lanes[$0].waiting > 0 && !excepted.contains(UInt32($0)) }
        var left = open.map { (lane: $0, count: lanes[$0].waiting) }
        for cut in pools.indices.dropLast() {
            left = share(left, between: pools[cut], and: pools[(cut + 1)...], at: now)
            for (lane, count) in left { lanes[lane].reserved.append(count) }
        }
    }

    /// Whether the stages of a lane are not all left to wider groups than the worker's.
    func isOpen(_ lane: Lane, to worker: KnownWorker) -> Bool {
        guard !division.isOfOne, !lane.reserved.isEmpty else { return true }
        let pool = division.pool(of: worker)
        return !lane.reserved.indices.contains(pool) || lane.waiting > lane.reserved[pool]
    }

    /// How long the chain takes the worker that begins with a stage of the lane, where each group has less than twice as much
    /// left to do on average: the end of the sweep may have to wait for it then. Else 0.
    func urgency(of lane: Lane, for worker: KnownWorker) -> Double {
        guard division.secondsLeft.isFinite, let own = seconds(of: lane.kind.needs, on: worker) else { return 0 }
        let behind =
            lane.behind.isEmpty ? 0 : StageNeeds(secondsByRanks: lane.behind).seconds(onRanks: worker.node.ranks)
        let whole = own + (behind ?? 0)
        return 2 * whole > division.secondsLeft ? whole : 0
    }

    /// How many pools are too narrow for some of the lane's stages that the worker's is not too narrow for.
    func breadth(of lane: Lane, for worker: KnownWorker) -> Int {
        guard !lane.reserved.isEmpty else { return 0 }
        return lane.reserved.prefix(division.pool(of: worker)).count { $0 > 0 }
    }

    /// The worker takes one of the lane's stages.
    mutating func noteHandOut(of lane: Int, to worker: KnownWorker) {
        guard !lanes[lane].reserved.isEmpty else { return }
        for cut in lanes[lane].reserved.indices.prefix(division.pool(of: worker)) where lanes[lane].reserved[cut] > 0 {
            lanes[lane].reserved[cut] -= 1
        }
    }

    /// What the longest chain takes that starts from a stage, by the ranks of a group; one of its many followers stands for all
    /// that are alike.
    private func foretoldBehind(_ index: StageIndex) -> [Double] {
        let chains = stages[index].followers.prefix(mostFollowers).map { follower in
            let own = kind(of: stages[follower]).needs.secondsByRanks
            let behind = foretoldBehind(follower)
            return own.indices.map { own[$0] + (behind.indices.contains($0) ? behind[$0] : 0) }
        }
        return chains.max { ($0.first ?? 0) < ($1.first ?? 0) } ?? []
    }

    private func secondsLeft(for pools: [Division.Pool]) -> Double {
        let groups = pools.reduce(0) { $0 + $1.groups }
        let busy = pools.reduce(0) { $0 + $1.busySeconds * $1.groups } / groups
        return lanes.reduce(busy) { sum, lane in
            guard lane.waiting > 0 else { return sum }
            let rate = pools.reduce(0) { sum, pool in
                lane.kind.needs.seconds(onRanks: pool.ranks).map { sum + pool.groups / $0 } ?? sum
            }
            return sum + Double(lane.waiting) / rate
        }
    }

    /// The groups that will ask for more, from those of few ranks to those of many.
    private func pools(at now: Timestamp) -> [Division.Pool] {
        var pools: [Int: Division.Pool] = [:]
        for (id, worker) in workers {
            guard !isSilent(worker, at: now), !draining.contains(worker.node.host), !rests(worker.node.host, at: now)
            else { continue }
            pools[worker.node.ranks, default: Division.Pool(ranks: worker.node.ranks)].workers.append(worker)
            pools[worker.node.ranks]?.busySeconds += busySeconds(of: id, worker, at: now)
        }
        return pools.values.sorted { $0.ranks < $1.ranks }.map { pool in
            var pool = pool
            pool.busySeconds /= pool.groups
            return pool
        }
    }

    /// What takes longer than was foretold is taken to be half done.
    private func busySeconds(of id: WorkerID, _ worker: KnownWorker, at now: Timestamp) -> Double {
        guard let lease = leases[id] else { return 0 }
        guard let began = lease.began, let seconds = seconds(of: kind(of: stages[lease.stage]).needs, on: worker) else {
            return .infinity
        }
        let gone = Double(now.milliseconds(since: began)) / 1000
        return seconds > gone ? seconds - gone : gone
    }

    /// - Parameter left: of each lane the stages that are to be shared out.
    /// - Returns: of those lanes that have some for the wide groups alone, how many.
    private func share(
        _ left: [(lane: Int, count: Int)], between narrow: Division.Pool, and wide: ArraySlice<Division.Pool>,
        at now: Timestamp
    ) -> [(lane: Int, count: Int)] {
        struct Item {
            let lane: Int
            let count: Double
            /// On a narrow group.
            let seconds: Double
            /// Stages a second that all wide groups end.
            let rate: Double
        }
        let items = left.compactMap { lane, count -> Item? in
            let needs = lanes[lane].kind.needs
            guard let seconds = needs.seconds(onRanks: narrow.ranks), seconds.isFinite, seconds > 0 else { return nil }
            let rate = wide.reduce(0) { sum, pool in
                guard let fast = needs.seconds(onRanks: pool.ranks), fast > 0, fast < seconds,
                    pool.workers.contains(where: { fits(needs, $0, at: now) })
                else { return sum }
                return sum + pool.groups / fast
            }
            return Item(lane: lane, count: Double(count), seconds: seconds, rate: rate)
        }
        let groups = wide.reduce(0) { $0 + $1.groups }
        var wideSeconds = wide.reduce(0) { $0 + $1.busySeconds * $1.groups } / groups
        var narrowSeconds = (narrow.busySeconds.isFinite ? narrow.busySeconds : 0)
        narrowSeconds += items.reduce(0) { $0 + $1.count * $1.seconds } / narrow.groups
        guard wideSeconds.isFinite else { return [] }
        var shares: [(lane: Int, count: Int)] = []
        for item in items.sorted(by: { ($1.seconds, $0.lane) < ($0.seconds, $1.lane) }) where item.rate > 0 {
            // As many as keep both busy for as long; and while one alone takes longer than all of them on the wide groups.
            let even = (narrowSeconds - wideSeconds) / (1 / item.rate + item.seconds / narrow.groups)
            let quicker = (item.seconds - wideSeconds) * item.rate
            let count = min(item.count, max(even, quicker)).rounded(.down)
            guard count >= 1 else { break }
            wideSeconds += count / item.rate
            narrowSeconds -= count * item.seconds / narrow.groups
            shares.append((item.lane, Int(count)))
            guard count == item.count else { break }
        }
        return shares
    }
}

/// How often the stages are divided among the groups that are connected.
private let divisionMilliseconds: Int64 = 5_000
