import Experiments
import Scheduler

/// Wall-clock time that never runs backwards while the process lives.
struct Clock {
    private let start = ContinuousClock.now
    private let begin = Timestamp.now

    var now: Timestamp {
        let elapsed = start.duration(to: .now).components
        let milliseconds = elapsed.seconds * 1000 + elapsed.attoseconds / 1_000_000_000_000_000
        return begin.advanced(byMilliseconds: milliseconds)
    }
}

/// Keeps the coordinator there for a while after the last stage, until every worker has been told to go.
struct Farewell {
    let patienceMilliseconds: Int64
    private var began: Timestamp?

    init(patienceMilliseconds: Int64) {
        self.patienceMilliseconds = patienceMilliseconds
    }

    mutating func isOver(_ scheduler: Scheduler, at now: Timestamp) -> Bool {
        guard scheduler.isFinished else {
            began = nil
            return false
        }
        began = began ?? now
        let waited = began.map { now.milliseconds(since: $0) } ?? 0
        return scheduler.workerCount == 0 || waited >= patienceMilliseconds
    }
}
