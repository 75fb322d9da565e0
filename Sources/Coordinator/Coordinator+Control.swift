import Experiments
import Ledger
import Logging
import Messages
import Scheduler
import Transport

/// What people ask for.
extension Coordinator {
    func hearPeople() throws(CoordinatorError) {
        for _ in 0..<settings.messagesPerTurn {
            guard let (asker, request) = try talking({ () throws(TransportError) in try control.receive() }) else {
                break
            }
            if let answer = try answer(to: request, of: asker) { try reply(answer, to: asker) }
        }
        for submission in submissions.take() {
            let answer = if let refusal { refusal } else { try kept(take(submission)) }
            try reply(answer, to: submission.asker)
        }
    }

    /// - Returns: nil where the answer comes later.
    private func answer(to request: Request?, of asker: ControlSockets.Asker) throws(CoordinatorError) -> Reply? {
        guard let request else {
            return .refused("the coordinator does not understand; it may be of another version")
        }
        // A dashboard looks once a second.
        logger.log(level: request == .status ? .debug : .info, "a person asks", metadata: ["request": "\(request)"])
        switch request {
        case .status: return .status(report)
        case .explain(let selector):
            let explanations = core.scheduler.explanations(of: selector, at: clock.now)
            return .explanations(Array(explanations.prefix(explanationLimit)))
        case .submit(let arguments):
            if let refusal { return refusal }
            submissions.begin(arguments, for: asker)
            return nil
        case .pause(let selector): return try obey(.pause(selector))
        case .resume(let selector): return try obey(.resume(selector))
        case .cancel(let selector): return try obey(.cancel(selector))
        case .retry(let selector): return try obey(.retry(selector))
        case .priority(let selector, let priority): return try obey(.setPriority(selector, priority))
        case .weight(let sweep, let weight):
            guard plans.contains(where: { $0.name == sweep }) else { return .refused("it has no sweep '\(sweep)'") }
            guard isWeight(weight) else { return .refused("a weight is a number above 0") }
            return try obey(.setWeight(sweep: sweep, weight))
        case .drain(let host, let isOver):
            let workers = core.scheduler.workers(at: clock.now).count { $0.node.host == host }
            guard isOver || workers > 0 else { return .refused("no worker of the host '\(host)' is connected") }
            let answer = try obey(isOver ? .welcome(host: host) : .drain(host: host))
            if case .refused = answer { return answer }
            return .done(count: workers)
        }
    }

    /// What cannot be kept is not done; said so, it can be asked for again.
    private var refusal: Reply? {
        core.trouble.map { .refused("its store cannot be written: \($0.error); ask again when it can") }
    }

    /// What was decided is on the disk before anyone hears of it.
    private func kept(_ answer: Reply) throws(CoordinatorError) -> Reply {
        try complete(isWaiting: true)
        guard let trouble = core.trouble else { return answer }
        if case .refused = answer { return answer }
        return .refused("it is decided, but its store cannot be written yet: \(trouble.error); it holds once it can")
    }

    private func reply(_ reply: Reply, to asker: ControlSockets.Asker) throws(CoordinatorError) {
        try talking { () throws(TransportError) in try control.send(reply, to: asker) }
    }

    /// - Returns: to how many stages it made a difference.
    private func obey(_ command: Command) throws(CoordinatorError) -> Reply {
        if let refusal { return refusal }
        let effects = try decide(.command(command))
        let changed = effects.compactMap {
            if case .record(.stands(let record)) = $0 { record.key } else { nil }
        }
        return try kept(.done(count: Set(changed).count))
    }

    private func take(_ submission: Submissions.Planned) throws(CoordinatorError) -> Reply {
        switch submission.outcome {
        case .failure(let error): return .refused("\(error)")
        case .success(let sweep):
            let before = core.scheduler.stageCount
            do throws(CoordinatorError) {
                guard let plan = try add(sweep, askedAt: clock.now) else {
                    return .refused("its store cannot be read at the moment; ask again when it can")
                }
                core.note(.submitted(plan, arguments: submission.arguments))
                return .submitted(sweep: plan.name, stages: core.scheduler.stageCount - before)
            } catch .planning(let reason) {
                return .refused(reason)
            }
        }
    }

    private var report: CoordinatorReport {
        let scheduler = core.scheduler
        return CoordinatorReport(
            sweeps: scheduler.standings, running: scheduler.running, workers: scheduler.workers(at: clock.now),
            draining: scheduler.draining.sorted(), resting: scheduler.resting(at: clock.now),
            trouble: core.trouble?.error.description, ready: scheduler.readyCount)
    }
}

/// Stages that one answer explains.
private let explanationLimit = 200
