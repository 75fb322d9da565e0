import Experiments

/// A sweep beside others: how its stages stand, and how much of the hosts' time it has had.
///
/// Sweeps share the hosts by their weights, as in stride scheduling (Waldspurger and Weihl 1995): each hand-out moves a
/// sweep on by what its attempts take on average, divided by its weight, and the one that has come least far is next.
struct SweepShare: Sendable {
    let identity: SweepPlan.Identity
    /// As far as it is planned.
    var plan: SweepPlan
    /// Its lanes by their numbers.
    var lanes: [Int] = []
    /// How many of its stages stand where.
    private(set) var counts: [StageState: Int] = [:]
    /// Those that may be handed out now.
    var readyCount = 0
    var weight: Double
    /// How far it has come.
    var pass = 0.0
    /// What its attempts have taken.
    private var seconds = 0.0
    private var attempts = 0

    init(_ plan: SweepPlan, _ identity: SweepPlan.Identity, weight: Double) {
        (self.plan, self.identity, self.weight) = (plan, identity, weight)
    }

    mutating func note(_ state: StageState, by change: Int) { counts[state, default: 0] += change }

    mutating func noteAttempt(milliseconds: Int64) {
        seconds += Double(milliseconds) / 1000
        attempts += 1
    }

    /// What its attempts have taken on average, and never nothing; nil until one has ended.
    var meanSeconds: Double? { attempts > 0 ? max(0.001, seconds / Double(attempts)) : nil }

    /// It has been given a stage.
    /// - Parameter seconds: what that may take.
    mutating func advance(by seconds: Double) { pass += seconds / weight }

    var standing: SweepStanding {
        let states = counts.filter { $0.value > 0 }.map { ($0.key.rawValue, $0.value) }
        return SweepStanding(
            name: plan.name, states: Dictionary(uniqueKeysWithValues: states), weight: weight == 1 ? nil : weight)
    }
}
