import Experiments
import Reports

/// What went wrong in a sweep, first things first: each cause once, with its stages and what to do.
struct Failures {
    private let groups: [Group]
    private let view: SweepView
    private static let mostGroups = 20
    private static let mostStages = 8

    /// Stages that failed alike.
    private struct Group {
        let state: StageState
        let reason: String
        let remedy: HTML
        var stages: [StatusListing.Failure]
    }

    init(_ failures: [StatusListing.Failure], _ view: SweepView) {
        self.view = view
        var groups: [Group] = []
        var places: [String: Int] = [:]
        for failure in failures {
            let kind = "\(failure.state) \(failure.stage) \(failure.task) \(view.cause(of: failure.key))"
            if let place = places[kind] {
                groups[place].stages.append(failure)
            } else {
                places[kind] = groups.count
                groups.append(
                    Group(
                        state: failure.state, reason: failure.reason, remedy: view.remedy(of: failure.key),
                        stages: [failure]))
            }
        }
        // What ended for good comes before what is tried again, and causes before what hangs on them.
        self.groups =
            groups.filter { $0.state.isFinal && $0.state != .blocked } + groups.filter { $0.state == .blocked }
            + groups.filter { !$0.state.isFinal }
    }

    /// With a heading; nothing where nothing failed.
    var html: HTML { groups.isEmpty ? "" : "<h2 id=\"failures\">Failures and setbacks</h2>\n\(list)" }

    /// Nothing where nothing failed.
    var list: HTML {
        guard !groups.isEmpty else { return "" }
        let items = groups.prefix(Self.mostGroups).map(item)
        let more = groups.count - items.count
        return """
            <ol class="failures">\(Array(items))</ol>
            \(more > 0 ? "<p class=\"soft\">And \(more) more kinds.</p>" as HTML : "")
            """
    }

    private func item(_ group: Group) -> HTML {
        let standing = Standing(group.state, isWorkedOn: view.isWorkedOn)
        let links = group.stages.sorted { $0.seed < $1.seed }.prefix(Self.mostStages).map { stage in
            "<a href=\"\(view.links.stage(stage.key))\">seed \(stage.seed)</a>" as HTML
        }
        let more = group.stages.count - links.count
        let first = group.stages[0]
        return """
            <li class="\(standing.letter)"><p>\(standing.badge) <b>\(first.stage)</b> on \(first.task), \
            \(links.joined(separator: ", "))\(more > 0 ? " and \(more) more" : "")</p>
            <div><p>\(view.brief(group.reason))</p><p class="do">\(group.remedy)</p></div></li>

            """
    }
}

extension SweepView {
    /// How the last attempt ended that yielded nothing, by a word.
    fileprivate func cause(of key: StageKey) -> String {
        snapshot[key].setback?.failure.cause.rawValue ?? snapshot[key].state.rawValue
    }

    /// A reason as it fits on a page: without the lines that a program wrote on its way out.
    func brief(_ reason: String) -> String { reason.count > 400 ? "\(reason.prefix(400))…" : reason }

    /// What a person could do about a stage that has no result.
    func remedy(of key: StageKey) -> HTML {
        let record = snapshot[key]
        let retry = "<code>headstart retry --key \(key.short)</code>" as HTML
        switch record.state {
        case .finished: return ""
        case .running: return "It is tried again now; nothing needs to be done."
        case .waiting:
            if record.isPaused { return "It is paused: <code>headstart resume --key \(key.short)</code>" }
            return "\(record.setback?.failure.cause.advice) It is tried again by itself."
        case .blocked:
            let source = planned(key)?.specification.inputs.map(\.from).first {
                snapshot[$0].state.isFinal && snapshot[$0].state != .finished
            }
            return source.map {
                "It follows from <a href=\"\(links.stage($0))\">\(planned($0)?.label ?? $0.short)</a>; mend that one."
            } ?? "Mend the stage that it starts from."
        case .cancelled: return "Somebody cancelled it; to have it after all: \(retry)"
        case .failed, .setAside:
            return "\(record.setback?.failure.cause.advice) Then: \(retry)"
        }
    }
}

extension StageFailure.Cause {
    /// What would keep it from happening again, in a sentence.
    fileprivate var advice: HTML {
        switch self {
        case .diverged:
            "Give the method a lower <code>lr</code>, more <code>warmup</code>, or <code>clip</code>, and run the sweep again."
        case .badInput: "Mend the data or the setting that the reason names, and run the sweep again."
        case .node: "See to the host; other hosts may well do."
        case .outOfMemory:
            "Fewer ranks on a host, <code>--memory</code>, or <code>gradient-checkpointing: true</code> need less memory."
        case .diskFull: "Free some space on the host's disk."
        case .timeLimit: "Ask the batch system for more time; a stage goes on from its last checkpoint."
        case .exited: "The stage's log has what the program wrote last."
        case .stalled: "The group stood still: see what else the host does, and its network."
        case .lost: "The worker fell silent: see whether its host or the network is down."
        case .stopped: "It was stopped on request."
        }
    }
}
