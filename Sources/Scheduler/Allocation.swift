package import Experiments

/// A job of a batch system, by the name that the batch system gave it.
package struct JobID: Hashable, Sendable {
    package let rawValue: String
    package init(rawValue: String) { self.rawValue = rawValue }
}

/// Decides when jobs that bring workers are submitted to a batch system and when they are taken back: a value, as the
/// scheduler is. Of jobs it keeps no more than what tells a failed one, so that whoever starts anew goes on with those that
/// the batch system has.
package struct Allocation: Sendable {
    package struct Limits: Sendable {
        /// Jobs that may wait in the batch system's queue at a time.
        package var backlog: Int
        /// Worker groups of all jobs, waiting ones and those at work.
        package var maxWorkers: Int
        /// Worker groups that a job brings.
        package var workersPerJob: Int
        /// Failures in a row after which no more is submitted.
        package var failures: Int
        /// Before something is tried again that failed, doubled with each failure.
        package var pause = Duration.seconds(15)
        /// A job that is gone in less time has failed.
        package var quickEnd = Duration.seconds(30)

        package init(backlog: Int, maxWorkers: Int, workersPerJob: Int, failures: Int) {
            self.backlog = backlog
            self.maxWorkers = maxWorkers
            self.workersPerJob = workersPerJob
            self.failures = failures
        }
    }

    /// What the coordinator and the batch system say at one time.
    package struct Situation: Sendable {
        /// Stages that have not ended, and those of them that a worker could begin.
        package var open: Int
        package var ready: Int
        /// Worker groups that are connected, wherever they come from, and those of them without a stage.
        package var workers: Set<WorkerID>
        package var idle: Int
        /// The jobs of this allocation.
        package var queued: [JobID]
        package var running: [JobID]

        package init(
            open: Int, ready: Int, workers: Set<WorkerID>, idle: Int, queued: [JobID], running: [JobID]
        ) {
            self.open = open
            self.ready = ready
            self.workers = workers
            self.idle = idle
            self.queued = queued
            self.running = running
        }

        package init(_ report: CoordinatorReport, queued: [JobID], running: [JobID]) {
            let states = report.sweeps.map(\.states)
            let waiting = states.compactMap { $0[StageState.waiting.rawValue] }.reduce(0, +)
            self.init(
                open: waiting + states.compactMap { $0[StageState.running.rawValue] }.reduce(0, +),
                ready: report.ready ?? waiting, workers: Set(report.workers.map(\.worker)),
                idle: report.workers.count { $0.stage == nil && !$0.isDraining }, queued: queued, running: running)
        }
    }

    package enum Decision: Hashable, Sendable {
        case submit(jobs: Int)
        /// Nothing is left to do: these are to go before they begin.
        case cancel([JobID])
        /// Nothing is left to do, and no job waits. Those that run are dismissed by the coordinator.
        case end
        /// Too much failed in a row; the last failure's words.
        case giveUp(String)
    }

    private let limits: Limits
    /// The jobs of the last look.
    private var jobs: [JobID: Stand] = [:]
    /// Worker groups that no job has brought: they were there while none ran.
    private var strangers: Set<WorkerID> = []
    private var failuresInARow = 0
    private var lastFailure = ""
    private var notBefore = Duration.zero

    private enum Stand: Equatable {
        case waits
        case began(at: Duration)
        /// It has worked for a while.
        case lasts
    }

    package init(_ limits: Limits) { self.limits = limits }

    /// - Parameter now: on a clock that only goes forward.
    package mutating func decide(_ situation: Situation, at now: Duration) -> Decision? {
        watch(situation, at: now)
        guard situation.open > 0 else { return situation.queued.isEmpty ? .end : .cancel(situation.queued) }
        if failuresInARow >= limits.failures { return .giveUp(lastFailure) }
        let count = jobsToSubmit(situation)
        return count > 0 && now >= notBefore ? .submit(jobs: count) : nil
    }

    /// Hears that the batch system refused something, or did not answer.
    /// - Returns: that no more is tried, where this was one failure too many.
    package mutating func fail(_ words: String, at now: Duration) -> Decision? {
        notBefore = now + limits.pause * (1 << min(failuresInARow, 8))
        failuresInARow += 1
        lastFailure = words
        return failuresInARow >= limits.failures ? .giveUp(words) : nil
    }

    private func jobsToSubmit(_ situation: Situation) -> Int {
        let size = limits.workersPerJob
        // Those that begin are not connected yet.
        let connected = situation.workers.subtracting(strangers).count
        let coming = (situation.queued.count * size) + max(0, situation.running.count * size - connected)
        let missing = situation.ready - situation.idle - coming
        let allowed = limits.maxWorkers - (situation.queued.count + situation.running.count) * size
        return min((missing + size - 1) / size, allowed / size, limits.backlog - situation.queued.count)
    }

    /// A job that is gone soon after its begin, or before it, while there was work, was ended or refused by something; one
    /// that comes to last shows that jobs can.
    private mutating func watch(_ situation: Situation, at now: Duration) {
        strangers = situation.running.isEmpty ? situation.workers : strangers.intersection(situation.workers)
        let known = jobs
        jobs = [:]
        for job in situation.queued { jobs[job] = .waits }
        for job in situation.running {
            switch known[job] ?? .waits {
            case .waits: jobs[job] = .began(at: now)
            case .began(let time) where now - time < limits.quickEnd: jobs[job] = .began(at: time)
            case .began:
                jobs[job] = .lasts
                failuresInARow = 0
            case .lasts: jobs[job] = .lasts
            }
        }
        let gone = known.filter { jobs[$0.key] == nil && $0.value != .lasts }.keys.map(\.rawValue).min()
        guard situation.open > 0, let gone else { return }
        _ = fail("job \(gone) was gone before it had worked for a while; its output says why", at: now)
    }
}

extension Scheduler {
    /// Stages that a worker could begin now, or after a pause: that ends when a worker asks, who would have to be there.
    package var readyCount: Int { queuedCount + pausing.count }
}
