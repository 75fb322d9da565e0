import Experiments
import Messages

/// What is due.
extension Dialogue {
    mutating func speak(at now: Duration) {
        guard !hasEnded else { return }
        if case .resting(let until) = state, until <= now { enter(.asking, at: now) }
        if case .training(let training) = phase, training.givenUpAt(patience) <= now { giveUp(training, at: now) }
        if let leavesAt, leavesAt <= now { leave(at: now) }
        guard !hasEnded else { return }
        lookAgain(at: now)
        drawOn(at: now)
        if hasAsked, now >= askAt, announcesEnd { tellAgain() }
        tellNews(at: now)
        beat(at: now)
        if now >= askAt, let question = question(at: now) {
            send(question)
            (askAt, hasAsked) = (now + patience.answer(to: question), true)
        }
        endWhenDue(at: now)
        if !hasEnded { effects.append(.wakeAt(nextDue(at: now))) }
    }

    /// What the coordinator must answer before the worker gets any further.
    private func question(at now: Duration) -> FromWorker.Body? {
        guard isWelcome else {
            return .hello(version: protocolVersion, node: settings.node, limits: settings.limits(at: now))
        }
        switch state {
        case .asking: return .ready
        case .resting, .ended: return nil
        case .holding(let held, let phase):
            let claim = held.assignment.claim
            switch phase {
            case .training: return nil
            // All else that is to be told of the attempt comes before its end.
            case .reporting(let failure): return held.news.isWaiting ? nil : .failed(claim: claim, failure: failure)
            case .fetching(let download):
                if let source = download.sources.first {
                    return download.asksForList ? .list(content: source.content) : nil
                }
                guard let next = download.next, let offset = download.offset else { return nil }
                return .fetch(artifact: next.id, offset: offset)
            case .delivering(let parcel):
                guard let item = parcel.next else {
                    return held.news.isWaiting ? nil : .finished(claim: claim, result: parcel.result)
                }
                guard let upTo = item.upTo else { return .offer(claim: claim, artifact: item.artifact) }
                return .upload(artifact: item.artifact.id, offset: upTo)
            }
        }
    }

    /// In time before the host ends the worker, and when it has waited for work for too long; nil where it goes on.
    private var leavesAt: Duration? {
        // To end a step takes as long as a group may take to leave; of a short life it is a part.
        let beforeEnd = settings.lifetime.map { $0 - min(patience.leaving, max(.zero, $0) / 4) }
        let whenIdle = assignment == nil ? patience.work.map { idleSince + $0 } : nil
        return [beforeEnd, whenIdle].compactMap(\.self).min()
    }

    private mutating func beat(at now: Duration) {
        guard case .holding(let held, _) = state, now >= held.beatAt else { return }
        send(.heartbeat(claim: held.assignment.claim, progress: held.progress))
        let next = now + heartbeat
        change { $0.beatAt = next }
    }

    /// A curve is told whole: once it is a hundredth longer, which is as much as one can see, and a heartbeat later than the
    /// last time at the earliest. So the longest stage tells its own some hundred times.
    private mutating func drawOn(at now: Duration) {
        guard case .holding(let held, _) = state, now >= held.curveAt,
            held.curve.steps > held.news.curve.steps * 101 / 100
        else { return }
        let next = now + heartbeat
        change {
            $0.news.add($0.curve)
            $0.curveAt = next
        }
    }

    /// Evaluations, the curve and the log have no answer. They are told soon, and all of them again to a coordinator that was
    /// greeted again and before the end of the attempt is announced; whoever hears them twice knows them already.
    ///
    /// A heartbeat follows each helping of them, and the next one waits for its answer: then a slow coordinator has
    /// heard the last, and the connection never fills up, on which a goodbye would find no room.
    private mutating func tellNews(at now: Duration) {
        guard isWelcome, case .holding(let held, _) = state, !held.newsAreOnTheWay, held.news.isWaiting else { return }
        for message in nextNews() { send(message) }
        change {
            $0.newsAreOnTheWay = true
            $0.beatAt = now
        }
    }

    /// A coordinator whose store is in trouble puts off the end of an attempt and the news before it, which would be lost if
    /// the end alone were announced again.
    private mutating func tellAgain() {
        change { $0.news.tellAgain() }
        hasAsked = false
    }

    private var announcesEnd: Bool {
        switch phase {
        case .reporting: true
        case .delivering(let parcel): parcel.next == nil
        case .fetching, .training, nil: false
        }
    }

    mutating func nextNews() -> [FromWorker.Body] {
        var messages: [FromWorker.Body] = []
        change { messages = $0.news.tell($0.assignment.claim) }
        return messages
    }

    /// Tries again a little later what could not be sent.
    mutating func putOff(_ message: FromWorker.Body, at now: Duration) {
        let later = now + patience.retry
        switch message {
        case .heartbeat: change { $0.beatAt = later }
        case .evaluated, .curve, .log:
            change { $0.news.takeBack() }
        default: (askAt, hasAsked) = (later, false)
        }
    }

    /// Says something in place of what can never be sent. To say it again would be in vain, and to say nothing would let
    /// the attempt's lease run out.
    mutating func giveUp(_ message: FromWorker.Body, _ reason: String, at now: Duration) {
        switch message {
        case .heartbeat(let claim, .some): send(.heartbeat(claim: claim, progress: nil))
        case .finished:
            enter(.reporting(StageFailure(.node, "the result cannot be told to the coordinator: \(reason)")), at: now)
        // A failure's sentence is cut to what fits, and the others are short.
        case .heartbeat, .evaluated, .curve, .log, .failed, .hello, .ready, .list, .fetch, .offer, .upload, .goodbye:
            break
        }
    }

    private mutating func endWhenDue(at now: Duration) {
        if let farewell, now >= farewell.at { return end(farewell.ending) }
        guard now >= patienceEnds else { return }
        let seconds = patienceEnds - (heardAt ?? .zero)
        let error: WorkerError =
            if hasHeard { .lostCoordinator(settings.coordinator, seconds: seconds.components.seconds) } else {
                silence ?? .nobodyAnswers(settings.coordinator, seconds: seconds.components.seconds)
            }
        end(.failed(error))
    }

    private var patienceEnds: Duration {
        let silence = assignment == nil ? min(patience.idle, patience.lostCoordinator) : patience.lostCoordinator
        return heardAt.map { $0 + silence } ?? patience.firstAnswer
    }

    private func nextDue(at now: Duration) -> Duration {
        var times = [patienceEnds]
        if let next = farewell?.at ?? leavesAt { times.append(next) }
        if question(at: now) != nil { times.append(askAt) }
        switch state {
        case .resting(let until): times.append(until)
        case .holding(let held, _):
            times.append(held.beatAt)
            if case .training(let training) = phase { times.append(training.givenUpAt(patience)) }
            if case .fetching(let download) = phase, let lookAt = download.lookAt { times.append(lookAt) }
        case .asking, .ended: break
        }
        return times.min() ?? patienceEnds
    }
}
