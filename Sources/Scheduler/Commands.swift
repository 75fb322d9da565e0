package import Experiments
import Messages

extension Scheduler {
    mutating func obey(_ command: Command, at now: Timestamp) {
        switch command {
        case .pause(let selector): setPaused(true, selector)
        case .resume(let selector): setPaused(false, selector)
        case .cancel(let selector): cancel(selector, at: now)
        case .retry(let selector): retry(selector, at: now)
        case .setPriority(let selector, let priority):
            for index in indices(selectedBy: selector) where stages[index].priority != priority {
                move(index) { $0.priority = priority }
            }
        case .setWeight(let sweep, let weight):
            guard weights.updateValue(weight, forKey: sweep) != weight else { break }
            for index in sweeps.indices where sweeps[index].plan.name == sweep { sweeps[index].weight = weight }
            record(.weighed(sweep: sweep, weight))
        case .drain(let host):
            division.madeAt = nil
            if draining.insert(host).inserted { record(.drained(host: host, isOver: false)) }
        case .welcome(let host):
            division.madeAt = nil
            if draining.remove(host) != nil { record(.drained(host: host, isOver: true)) }
        case .stop: stop(at: now)
        }
    }

    package func selected(by selector: StageSelector) -> [StageKey] {
        indices(selectedBy: selector).map { stages[$0].key }
    }

    /// In the order of the plans.
    func indices(selectedBy selector: StageSelector) -> [StageIndex] {
        let serving = Set(sweeps.flatMap { $0.plan.stages(servingAs: selector) })
        return stages.indices.filter {
            selector.admits(stages[$0].key, stages[$0].state) && serving.contains(stages[$0].key)
        }
    }

    private mutating func setPaused(_ isPaused: Bool, _ selector: StageSelector) {
        for index in indices(selectedBy: selector) where stages[index].record.isPaused != isPaused {
            move(index) { $0.isPaused = isPaused }
        }
    }

    private mutating func cancel(_ selector: StageSelector, at now: Timestamp) {
        for index in indices(selectedBy: selector) {
            switch stages[index].standing {
            case .waiting, .blocked: move(index) { $0.standing = .cancelled }
            case .running(let worker):
                sendStop(index, to: worker, reason: "cancelled")
                closeAttempt(index, StageFailure(.stopped, "cancelled"), at: now) { $0.standing = .cancelled }
            // Else the next life of the coordinator would try it again.
            case let standing where standing.endedWithoutVerdict: move(index) { $0.standing = .cancelled }
            case .finished, .failed, .setAside, .cancelled: break
            }
        }
        settleGraph(at: now)
    }

    private mutating func retry(_ selector: StageSelector, at now: Timestamp) {
        // Whoever asks has mended what was wrong.
        for host in hosts.keys { hosts[host]?.rest = nil }
        for index in indices(selectedBy: selector) {
            switch stages[index].standing {
            case .failed, .setAside, .cancelled: giveAnotherChance(index)
            case .waiting: if stages[index].record.setback != nil { giveAnotherChance(index) }
            case .running, .finished, .blocked: break
            }
        }
        settleGraph(at: now)
    }

    private mutating func stop(at now: Timestamp) {
        isStopping = true
        for (worker, lease) in leases.sorted(by: { $0.key < $1.key }) {
            sendStop(lease.stage, to: worker, reason: "the coordinator was stopped")
            endAttempt(lease.stage, StageFailure(.stopped, "the coordinator was stopped"), at: now)
        }
        for worker in workers.keys.sorted() {
            send(.dismissed, to: worker)
            forget(worker)
        }
    }
}
