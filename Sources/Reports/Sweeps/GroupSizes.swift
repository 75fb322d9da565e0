package import Experiments

/// Into what worker groups hosts are to be divided, so that a sweep ends soonest: small groups waste no time on sums and
/// train many stages at once, wide ones end what would otherwise be waited for at the end.
package struct GroupSizes: Encodable, Sendable {
    /// Hosts that are alike.
    package struct Hosts: Encodable, Hashable, Sendable {
        package let count: Int
        /// That each has cores for.
        package let ranks: Int

        package init(count: Int, ranks: Int) {
            self.count = count
            self.ranks = ranks
        }

        var allRanks: Int { count * ranks }

        /// Groups of so many ranks; those of more than a host has span whole hosts.
        func groups(of size: Int) -> Int {
            size <= ranks ? count * (ranks / size) : count / ((size + ranks - 1) / ranks)
        }
    }

    /// Groups of one size.
    package struct Pool: Encodable, Hashable, Sendable {
        package let groups: Int
        package let ranks: Int
        /// That no smaller groups are to train.
        package let stages: Int
    }

    /// A division of the hosts, and what comes of it.
    package struct Division: Encodable, Sendable {
        /// From few ranks to many.
        package let pools: [Pool]
        /// Until the last stage has ended.
        package let seconds: Double
        /// The share of the ranks' time in which they train nothing, most of it at the end.
        package fileprivate(set) var idle: Double
    }

    package let hosts: Hosts
    package let best: Division
    /// All groups alike, from few ranks to many.
    package let fixed: [Division]

    /// - Parameter forecasts: of the stages on groups of so many ranks.
    /// - Returns: nil where nothing is left to do, or nobody knows how long some stage takes.
    package init?(_ snapshot: SweepSnapshot, on hosts: Hosts, forecasts: [Int: [StageKey: StageForecast]]) {
        let sizes = forecasts.keys.filter { hosts.groups(of: $0) > 0 }.sorted()
        var open: [(key: StageKey, inputs: [StageKey], seconds: [Double])] = []
        for (stage, record) in snapshot.stages where !record.state.isFinal {
            let seconds = sizes.compactMap { size -> Double? in
                guard let forecast = forecasts[size]?[stage.key], let seconds = forecast.seconds else { return nil }
                return forecast.fits ? seconds + forecast.fixedSeconds : .infinity
            }
            guard seconds.count == sizes.count else { return nil }
            open.append((stage.key, stage.specification.inputs.map(\.from), seconds))
        }
        self.init(ListSchedule(open, sizes: sizes), on: hosts)
    }

    /// - Returns: nil where nothing is left to do, or some stage cannot be trained on these hosts.
    package init?(_ schedule: ListSchedule, on hosts: Hosts) {
        guard schedule.count > 0 else { return nil }
        let search = DivisionSearch(schedule)
        self.hosts = hosts
        fixed = search.fixed(hosts)
        guard let best = search.best(hosts) else { return nil }
        self.best = best
    }

    /// Ranks of groups that may be worth while on these hosts: no more than a batch has examples.
    package static func sizes(on hosts: Hosts, for plan: SweepPlan) -> [Int] {
        let most = min(hosts.allRanks, plan.stages.map(\.specification.recipe.batch).max() ?? 1)
        return Array(sequence(first: 1) { 2 * $0 <= most ? 2 * $0 : nil })
    }
}

/// Tries divisions of hosts out on a sweep.
private struct DivisionSearch {
    private let schedule: ListSchedule
    /// For each size the stages, the longest first.
    private let longest: [[Int]]

    private typealias Division = GroupSizes.Division
    private typealias Hosts = GroupSizes.Hosts

    init(_ schedule: ListSchedule) {
        self.schedule = schedule
        longest = schedule.sizes.indices.map { size in
            (0..<schedule.count).sorted {
                (-schedule.seconds(of: $0, size: size), $0) < (-schedule.seconds(of: $1, size: size), $1)
            }
        }
    }

    /// More stages than that keep all groups busy to the end, however these are divided.
    private static let mostMixed = 20_000

    func best(_ hosts: GroupSizes.Hosts) -> GroupSizes.Division? {
        let mixed = schedule.count > Self.mostMixed ? [] : mixed(hosts)
        let best = (fixed(hosts) + mixed).min { $0.seconds < $1.seconds }
        // With more groups a schedule may take longer (Graham 1969). Then the others had better stay idle.
        let half = GroupSizes.Hosts(count: hosts.count / 2, ranks: hosts.ranks)
        guard half.count > 0, best.map({ $0.seconds > leastSeconds(half) }) ?? true, var fewer = self.best(half),
            best.map({ fewer.seconds < $0.seconds }) ?? true
        else { return best }
        fewer.idle = 1 - (1 - fewer.idle) * Double(half.allRanks) / Double(hosts.allRanks)
        return fewer
    }

    func fixed(_ hosts: GroupSizes.Hosts) -> [GroupSizes.Division] {
        schedule.sizes.indices.compactMap { size in
            let groups = hosts.groups(of: schedule.sizes[size])
            guard groups > 0 else { return nil }
            return division(
                [ListSchedule.Pool(size: size, groups: groups)], least: longest[size].map { _ in size }, hosts)
        }
    }

    /// Two sizes, the wider for the stages that are longest on the narrower, as many as keep both busy for as long.
    private func mixed(_ hosts: Hosts) -> [Division] {
        // A host by itself is divided, too.
        let parts = hosts.count > 1 ? hosts : Hosts(count: hosts.ranks, ranks: 1)
        let shares = Set((1..<8).map { max(1, parts.count * $0 / 8) }).filter { $0 < parts.count }.sorted()
        let sizes = schedule.sizes.indices
        return sizes.flatMap { narrow in
            sizes[(narrow + 1)...].flatMap { wide in
                shares.compactMap { share in
                    division(
                        narrow, on: Hosts(count: parts.count - share, ranks: parts.ranks),
                        wide, on: Hosts(count: share, ranks: parts.ranks), of: hosts)
                }
            }
        }
    }

    private func division(
        _ narrow: Int, on most: Hosts, _ wide: Int, on others: Hosts, of hosts: Hosts
    ) -> Division? {
        let groups = (most.groups(of: schedule.sizes[narrow]), others.groups(of: schedule.sizes[wide]))
        guard groups.0 > 0, groups.1 > 0 else { return nil }
        var least = [Int](repeating: narrow, count: schedule.count)
        let finite = longest[narrow].filter { schedule.seconds(of: $0, size: narrow).isFinite }
        var seconds = (finite.reduce(0) { $0 + schedule.seconds(of: $1, size: narrow) } / Double(groups.0), 0.0)
        for place in longest[narrow] {
            let short = schedule.seconds(of: place, size: narrow)
            guard !short.isFinite || seconds.1 < seconds.0 else { break }
            least[place] = wide
            if short.isFinite { seconds.0 -= short / Double(groups.0) }
            seconds.1 += schedule.seconds(of: place, size: wide) / Double(groups.1)
        }
        return division(
            [ListSchedule.Pool(size: narrow, groups: groups.0), ListSchedule.Pool(size: wide, groups: groups.1)],
            least: least, hosts)
    }

    /// - Returns: nil where some stage cannot be trained so.
    private func division(_ pools: [ListSchedule.Pool], least: [Int], _ hosts: Hosts) -> Division? {
        let course = schedule.course(on: pools, least: least)
        guard course.seconds.isFinite else { return nil }
        let busy = zip(schedule.sizes, course.busySeconds).reduce(0) { $0 + Double($1.0) * $1.1 }
        return Division(
            pools: pools.map { pool in
                GroupSizes.Pool(
                    groups: pool.groups, ranks: schedule.sizes[pool.size], stages: least.count { $0 == pool.size })
            },
            seconds: course.seconds,
            idle: course.seconds > 0 ? 1 - busy / (course.seconds * Double(hosts.allRanks)) : 0)
    }

    /// What no division of the hosts comes below.
    private func leastSeconds(_ hosts: Hosts) -> Double {
        let work = (0..<schedule.count).reduce(0.0) { sum, place in
            let seconds = schedule.sizes.indices.map {
                Double(schedule.sizes[$0]) * schedule.seconds(of: place, size: $0)
            }
            return sum + (seconds.min() ?? 0)
        }
        return max(schedule.criticalSeconds, work / Double(hosts.allRanks))
    }
}

extension GroupSizes {
    /// How long the sweep takes on groups of each size, and on the best division of the hosts.
    var lines: [String] {
        var table = Columns([("worker groups", .left), ("take about", .right), ("idle", .right)])
        for division in fixed + (isMixed ? [best] : []) {
            table.add([
                division.description, duration(seconds: division.seconds),
                "\(Int((100 * division.idle).rounded())) %",
            ])
        }
        return ["on \(counted(hosts.count, "host")) with \(counted(hosts.ranks, "rank")) each:", ""] + table.lines()
            + ["", sentence]
    }

    /// "12 groups of 4 ranks end soonest, in about 3 h 10 min".
    package var sentence: String {
        let wide = best.pools.dropFirst().map { "; \(counted($0.stages, "stage")) for the wider" }.joined()
        return "\(best) end soonest, in about \(duration(seconds: best.seconds))\(wide)"
    }

    private var isMixed: Bool { !fixed.contains { $0.pools == best.pools } }
}

extension GroupSizes.Division: CustomStringConvertible {
    package var description: String {
        pools.map { "\(counted($0.groups, "group")) of \(counted($0.ranks, "rank"))" }.joined(separator: " and ")
    }
}
