import Experiments
import Messages

extension Scheduler {
    mutating func obey(_ command: Command, at now: Timestamp) {
        switch command {
        case .pause(let selector): setPaused(true, selector)
        case .resume(let selector): setPaused(false, selector)
        case .cancel(let selector): cancel(selector, at: now)
        case .retry(let selector): retry(selector, at: now)
        case .stop: stop(at: now)
        }
    }

    private func selected(by selector: StageSelector) -> [StageKey] {
        order.filter { key in stages[key].map(selector.selects) ?? false }
    }

    private mutating func setPaused(_ isPaused: Bool, _ selector: StageSelector) {
        for key in selected(by: selector) where stages[key]?.standing.isPaused != isPaused {
            move(key) { $0.isPaused = isPaused }
        }
    }

    private mutating func cancel(_ selector: StageSelector, at now: Timestamp) {
        for key in selected(by: selector) {
            guard let stage = stages[key], !stage.standing.state.isFinal || stage.standing.state == .blocked
            else { continue }
            if let worker = stage.lease?.worker, let attempt = stage.attempt {
                sendStop(key, to: worker, reason: "cancelled")
                release(key)
                record(.ended(key, attempt, failure: StageFailure(.stopped, "cancelled"), at: now))
            }
            move(key) { ($0.state, $0.reason) = (.cancelled, "cancelled") }
        }
        settleGraph(at: now)
    }

    private mutating func retry(_ selector: StageSelector, at now: Timestamp) {
        for key in selected(by: selector) {
            guard let state = stages[key]?.standing.state, state == .failed || state == .setAside || state == .cancelled
            else { continue }
            stages[key]?.failedOn = []
            move(key) { $0 = StageStanding(isPaused: $0.isPaused) }
        }
        settleGraph(at: now)
    }

    private mutating func stop(at now: Timestamp) {
        isStopping = true
        for (worker, key) in holders.sorted(by: { $0.key < $1.key }) {
            sendStop(key, to: worker, reason: "the coordinator was stopped")
            endAttempt(key, StageFailure(.stopped, "the coordinator was stopped"), at: now)
        }
        for worker in workers.keys.sorted() { send(.dismissed, to: worker) }
        workers = [:]
    }
}
