import Experiments

/// A stage by its number in the order in which all were planned. Its key is for messages and the ledger.
struct StageIndex: Hashable, Comparable, Sendable {
    let rawValue: UInt32

    static func < (left: StageIndex, right: StageIndex) -> Bool { left.rawValue < right.rawValue }
}

/// A stage and all that the scheduler knows about it. There may be millions, so what most of them do not have lies
/// elsewhere.
struct Stage: Sendable {
    var planned: PlannedStage
    /// nil for what no attempt has begun at and no person has changed.
    private var change: Shared<StageRecord>?
    /// nil where no attempt has left anything to remember.
    private var past: Shared<Trials>?
    /// Stages that start from this one.
    var followers: [StageIndex] = []
    /// Where it stands in the lanes of the sweeps that want it.
    var seats: [Seat] = []
    /// How many of the stages that it starts from are not finished.
    var missing: UInt32 = 0
    /// Stages on the longest chain that begins with this one.
    var chain: UInt32 = 1
    /// Which seed of a cell of the table it is for, from 0, the first where it is for several; nil for one of a search,
    /// which all seeds wait for.
    var round: UInt32?

    init(_ planned: PlannedStage) { self.planned = planned }

    var key: StageKey { planned.key }
    var inputs: [StageInput] { planned.specification.inputs }

    var record: StageRecord {
        get { change?.wrappedValue ?? StageRecord(key: key) }
        set { change = newValue == StageRecord(key: key) ? nil : Shared(wrappedValue: newValue) }
    }

    var standing: StageStanding { change?.wrappedValue.standing ?? .waiting }
    var state: StageState { standing.state }
    var priority: Int { change?.wrappedValue.priority ?? 0 }

    var trials: Trials {
        get { past?.wrappedValue ?? Trials() }
        set { past = newValue == Trials() ? nil : Shared(wrappedValue: newValue) }
    }

    /// When its next attempt may begin; nil where that is now.
    var notBefore: Timestamp? { past?.wrappedValue.notBefore }
    /// Whether an attempt has ended by the fault of some host.
    var hasFailed: Bool { past.map { !$0.wrappedValue.failedOn.isEmpty } ?? false }
}

/// What attempts at a stage have shown in this life of the coordinator.
struct Trials: Hashable, Sendable {
    var notBefore: Timestamp?
    /// Hosts whose fault ended an attempt, and when it last did; others are preferred for a while.
    var failedOn: [String: Timestamp] = [:]
    /// Hosts that found its input bad.
    var rejectedBy: Set<String> = []
    /// Hosts that it is too large for, and the most memory that any of their workers said it may take.
    var tooLargeFor: Set<String> = []
    var exceededBytes: Int?
    /// In how many times more parts than asked for its batches are worked off.
    var batchParts = 1
    /// Who finished it.
    var madeBy: WorkerID?
}

/// The stages of all plans, each once.
struct StageList: Sendable {
    /// In the order in which they were planned.
    private var stages: [Stage] = []
    private var numbers: [StageKey: StageIndex] = [:]

    var count: Int { stages.count }

    var indices: some BidirectionalCollection<StageIndex> {
        (0..<UInt32(stages.count)).lazy.map { StageIndex(rawValue: $0) }
    }

    subscript(index: StageIndex) -> Stage {
        get { stages[Int(index.rawValue)] }
        _modify { yield &stages[Int(index.rawValue)] }
    }

    /// The stage that someone else names; nil where it is in none of the plans.
    func index(of key: StageKey) -> StageIndex? { numbers[key] }

    func named(_ key: StageKey) -> Stage? { numbers[key].map { self[$0] } }

    /// A stage whose key the scheduler has from its own plans.
    func known(_ key: StageKey) -> StageIndex {
        guard let index = numbers[key] else { preconditionFailure("stage \(key.short) is in none of the plans") }
        return index
    }

    subscript(known key: StageKey) -> Stage { self[known(key)] }

    mutating func reserve(_ more: Int) {
        stages.reserveCapacity(stages.count + more)
        numbers.reserveCapacity(stages.count + more)
    }

    @discardableResult
    mutating func append(_ stage: Stage) -> StageIndex {
        precondition(numbers[stage.key] == nil, "stage \(stage.key.short) is planned already")
        let index = StageIndex(rawValue: UInt32(stages.count))
        numbers[stage.key] = index
        stages.append(stage)
        return index
    }
}
