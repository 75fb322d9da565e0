package import Experiments
package import Messages
package import Scheduler

/// Writes what happens as lines of text that people compare.
package struct Trace {
    package private(set) var lines: [String] = []
    private let names: [StageKey: String]

    /// Stages go by their labels, which must be distinct.
    package init(of plan: SweepPlan) {
        names = Dictionary(uniqueKeysWithValues: plan.stages.map { ($0.key, $0.label) })
    }

    package var text: String { lines.joined(separator: "\n") + "\n" }

    package mutating func note(_ text: String, at time: Timestamp) {
        let seconds = "\(Double(time.rawValue) / 1000)"
        lines.append(String(repeating: " ", count: max(0, 8 - seconds.count)) + seconds + "  " + text)
    }

    package mutating func note(_ message: FromWorker, at time: Timestamp) { note(describe(message), at: time) }

    package mutating func note(_ prefix: String, _ message: ToWorker, at time: Timestamp) {
        note("\(prefix) \(describe(message))", at: time)
    }

    package mutating func note(_ effect: Effect) { lines.append("            " + describe(effect)) }

    func describe(_ message: FromWorker) -> String {
        let text =
            switch message.body {
            case .hello: "hello"
            case .ready: "ready"
            case .heartbeat(let claim, _): "heartbeat \(name(claim))"
            case .evaluated(let claim, let evaluation):
                "evaluated \(name(claim)) step \(evaluation.step)"
            case .curve(let claim, let curve): "curve \(name(claim)) to step \(curve.steps)"
            case .log(let claim, let offset, _): "log \(name(claim)) from \(offset)"
            case .list: "list"
            case .fetch(_, let offset): "fetch from \(offset)"
            case .offer(let claim, let artifact): "offer \(artifact.kind) of \(name(claim))"
            case .upload(_, let offset): "upload from \(offset)"
            case .finished(let claim, _): "finished \(name(claim))"
            case .failed(let claim, let failure): "failed \(name(claim)): \(failure.cause)"
            case .goodbye: "goodbye"
            }
        return "\(message.worker) says \(text)"
    }

    func describe(_ effect: Effect) -> String {
        switch effect {
        case .record(let change): "record \(describe(change))"
        case .send(let message, let worker): "tell \(worker): \(describe(message))"
        case .broadcast(.published(let artifact)): "publish \(artifact.kind)"
        case .broadcast(.ended(let stage)): "ended \(stage.short)"
        case .request(let artifact, _, let worker): "request \(artifact.kind) from \(worker)"
        case .wakeAt(let time): "wake at \(Double(time.rawValue) / 1000)"
        }
    }

    func describe(_ message: ToWorker) -> String {
        switch message {
        case .welcome: "welcome"
        case .turnedAway(let reason): "turned away: \(reason)"
        case .assign(let assignment): "assign \(name(assignment.claim))"
        case .idle: "idle"
        case .dismissed: "dismissed"
        case .renewed(let claim): "renewed \(name(claim))"
        case .stop(let claim, let reason): "stop \(name(claim)): \(reason)"
        case .manifest(_, let manifest): "manifest of \(manifest.files.count) files"
        case .unlisted(_, let reason): "unlisted, \(reason)"
        case .chunk(_, let offset, let byteCount): "chunk \(offset) + \(byteCount)"
        case .missing: "missing"
        case .received(_, let upTo): "received up to \(upTo)"
        case .settled(let claim, let refusal):
            "settled \(name(claim))" + (refusal.map { ", refused: \($0)" } ?? "")
        case .unknownWorker: "unknown worker"
        }
    }

    private func describe(_ change: Change) -> String {
        switch change {
        case .planned(let plan, _): "planned \(plan.name)"
        case .started(let key, let attempt, let worker, _, _): "started \(name(key, attempt)) on \(worker)"
        case .evaluated(let key, let attempt, let evaluation): "evaluated \(name(key, attempt)) step \(evaluation.step)"
        case .drawn(let key, let attempt, let curve): "drawn \(name(key, attempt)) to step \(curve.steps)"
        case .ended(let key, let attempt, let failure, _):
            "ended \(name(key, attempt)): \(failure.map { "\($0.cause), \($0.message)" } ?? "finished")"
        case .stands(let stage):
            "\(name(stage.key)) is \(stage.state.rawValue)"
                + (stage.losses > 0 ? ", lost \(stage.losses)" : "")
                + (stage.standing.reason.map { ": \($0)" } ?? "")
        case .discarded(let artifacts, _): "\(counted(artifacts.count, "artifact")) let go"
        case .drained(let host, let isOver): isOver ? "\(host) is welcome" : "\(host) drains"
        case .weighed(let sweep, let weight): "\(sweep) has weight \(weight)"
        case .submitted(let plan, _): "submitted \(plan.name)"
        }
    }

    private func name(_ claim: Claim) -> String { name(claim.stage, claim.attempt) }

    private func name(_ key: StageKey, _ attempt: Attempt? = nil) -> String {
        (names[key] ?? key.short) + (attempt.map { " #\($0)" } ?? "")
    }
}
