package import Experiments
package import Messages

/// What the scheduler hears of.
package enum Event: Sendable {
    case message(FromWorker)
    /// Time has passed.
    case tick
    /// The artifact lies whole in the store.
    case stored(ArtifactID)
    /// The artifact does not lie in the store any more: what made it runs again where it is asked for.
    case gone(ArtifactID)
    /// For so long nobody could be heard: leases live on by as much.
    case resumed(afterMilliseconds: Int64)
    /// A sweep is wanted.
    ///
    /// - askedAt: when a person last asked for it.
    /// - known: what the ledger holds about its stages; this is also how a coordinator that starts again learns of its
    ///   earlier lives.
    /// - stored: those of their artifacts that lie in the store.
    /// - needs: of those of its stages of which something is known.
    case planned(
        SweepPlan, askedAt: Timestamp, known: [StageKey: StageRecord], stored: Set<ArtifactID>,
        needs: [StageKey: StageNeeds] = [:])
    /// A sweep as the ledger has it, for commands where no coordinator works: nothing of it is tried again.
    case recalled(SweepPlan, known: [StageKey: StageRecord])
    case command(Command)
}

/// What the shell is told to do, in this order. All records of a turn are committed before anything else of it happens.
package enum Effect: Hashable, Sendable {
    case record(Change)
    case send(ToWorker, to: WorkerID)
    /// An artifact that is published goes out with its bytes.
    case broadcast(Broadcast)
    /// Tell the worker from which byte on the store needs the artifact.
    case request(ArtifactReference, of: Claim, from: WorkerID)
    /// Send a tick at this time; the last one said counts.
    case wakeAt(Timestamp)
}

/// What people ask for.
package enum Command: Hashable, Sendable {
    /// Begin no new attempts; those that run go on.
    case pause(StageSelector)
    case resume(StageSelector)
    case cancel(StageSelector)
    /// Run again what failed, was set aside or was cancelled.
    case retry(StageSelector)
    /// Stages of a higher priority come first.
    case setPriority(StageSelector, Int)
    /// The sweep's share of the hosts beside others of the same priority, from now on; above 0, and 1 unless it is told
    /// otherwise.
    case setWeight(sweep: String, Double)
    /// The host's workers leave after what they do now, and new ones at once.
    case drain(host: String)
    case welcome(host: String)
    /// The coordinator ends: every attempt is stopped without counting against its stage, and workers are dismissed.
    case stop
}

package struct SchedulerSettings: Codable, Hashable, Sendable {
    /// How long an assignment lives without a word from its worker.
    package var leaseMilliseconds: Int64 = 60_000
    /// How often a worker renews it.
    package var heartbeatMilliseconds: Int64 = 5_000
    /// How long a coordinator that starts again waits for workers of its earlier life.
    package var adoptionMilliseconds: Int64 = 20_000
    /// When a worker without work asks again, at the earliest.
    package var idleMilliseconds: Int64 = 1_000
    /// Between two questions of any workers without work: many of them ask less often each.
    package var idleSpacingMilliseconds: Int64 = 50
    /// To a worker that its host ends before, or that has come to the second half of a shorter life, no stage is handed
    /// out that would not end in time. Until then it takes those that no other worker has the time for.
    package var usefulMilliseconds: Int64 = 300_000
    /// Workers lost over a stage before it is set aside.
    package var lossLimit = 3
    /// Attempts that ended by the fault of their host, with no other host left to try, before the stage is set aside.
    package var nodeFailureLimit = 3
    /// For how long a stage that failed by a host's fault is left to other hosts.
    package var preferenceMilliseconds: Int64 = 300_000
    /// The pause of a host whose attempt ended by its fault, and of a stage that was set back before; each further time
    /// in a row doubles it.
    package var backOffMilliseconds: Int64 = 5_000
    package var longestBackOffMilliseconds: Int64 = 300_000
    /// What becomes of a stage by what ended its attempt, where a person wants it otherwise.
    package var reactions: [StageFailure.Cause: Reaction] = [:]

    package init() {}
}

/// What becomes of a stage whose attempt ended by a cause that says nothing about its method.
package enum Reaction: String, Codable, CaseIterable, Sendable {
    /// Another attempt, later each time, until it has had as many as are allowed.
    case retry
    /// The same, with half as many examples at once; the sums of a batch are rounded otherwise then.
    case halve
    /// None until a person asks for it.
    case setAside = "set-aside"

    /// The causes that one may name: those that leave something to decide.
    package static let causes = StageFailure.Cause.allCases.filter { $0.fault != .stage && $0.fault != .nobody }
}
