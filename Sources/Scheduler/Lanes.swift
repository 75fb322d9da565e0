import Experiments

/// What a stage takes, as far as that is known before it runs.
package struct StageNeeds: Hashable, Sendable {
    /// From the first step to the last evaluation, on the host that planned it.
    package var seconds: Double?
    /// The least memory that each process which trains it can do with.
    package var leastBytes: Int?

    package init(seconds: Double? = nil, leastBytes: Int? = nil) {
        self.seconds = seconds
        self.leastBytes = leastBytes
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
