import Experiments

/// What a stage takes, as far as that is known before it runs.
package struct StageNeeds: Hashable, Sendable {
    /// From the beginning to the end, on the host that planned it, by groups of 1 rank, 2, 4 and so on; empty where nobody
    /// knows.
    package let secondsByRanks: [Double]
    /// The least memory that each process which trains it can do with.
    package let leastBytes: Int?

    package init(secondsByRanks: [Double], leastBytes: Int? = nil) {
        self.secondsByRanks = secondsByRanks
        self.leastBytes = leastBytes
    }

    /// What takes as long however many ranks train it.
    package init(seconds: Double? = nil, leastBytes: Int? = nil) {
        self.init(secondsByRanks: seconds.map { [$0] } ?? [], leastBytes: leastBytes)
    }

    /// Of a group with any number of ranks; one of 6 is taken for one of 4.
    package func seconds(onRanks ranks: Int) -> Double? {
        let power = Int.bitWidth - 1 - max(1, ranks).leadingZeroBitCount
        return secondsByRanks.prefix(power + 1).last
    }
}

/// The model and the task that a stage trains, and where they are.
struct Source: Hashable, Sendable {
    let model: ModelLocation
    let task: TaskDefinition
    let dataDirectory: String
}

/// Where a stage stands in a lane, ready or not.
struct Seat: Hashable, Sendable {
    let lane: UInt32
    let place: UInt32
}

/// Stages of one sweep that are alike for a worker: what it needs for one of them it needs for all.
struct Lane: Sendable {
    struct Kind: Hashable, Sendable {
        /// The sweep, by its number.
        let sweep: Int
        /// The source, by its number.
        let source: Int
        let needs: StageNeeds
    }

    let kind: Kind
    /// All its stages, in the order in which they are handed out.
    private(set) var order: [StageIndex] = []
    /// The places of those that are ready, by priority, the highest first.
    private(set) var ready: [(priority: Int, places: NumberSet)] = []
    /// How many of its stages wait, ready or not.
    var waiting = 0
    /// For each pool of the division but the widest how many of those are left to wider ones; empty where none are.
    var reserved: [Int] = []
    /// What the chain takes behind one of its stages, by the ranks of a group.
    var behind: [Double] = []

    init(_ kind: Kind) { self.kind = kind }

    /// Takes the stages in place of those that it has; none is ready.
    mutating func arrange(_ stages: [StageIndex]) { (order, ready) = (stages, []) }

    mutating func insert(_ place: UInt32, priority: Int) {
        let later = ready.firstIndex { $0.priority <= priority } ?? ready.endIndex
        if later == ready.endIndex || ready[later].priority != priority {
            ready.insert((priority, NumberSet(below: order.count)), at: later)
        }
        ready[later].places.insert(Int(place))
    }

    mutating func remove(_ place: UInt32, priority: Int) {
        guard let level = ready.firstIndex(where: { $0.priority == priority }) else { return }
        ready[level].places.remove(Int(place))
        if ready[level].places.isEmpty, ready.count > 1 { ready.remove(at: level) }
    }

    /// Whether the stage there is ready at this priority.
    func holds(_ place: UInt32, priority: Int) -> Bool {
        ready.first { $0.priority == priority }?.places.contains(Int(place)) ?? false
    }
}
