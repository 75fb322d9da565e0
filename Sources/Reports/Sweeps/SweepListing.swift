package import Experiments

/// The sweeps of a store, with all settings that each was asked for with: what `headstart sweeps` shows.
package struct SweepListing: Encodable, Sendable {
    package let sweeps: [Entry]

    package struct Entry: Hashable, Sendable {
        package let sweep: SweepReference
        /// When these settings were last asked for.
        package let plannedAt: Timestamp
        package let model: String
        package let tasks: [String]
        package let methods: [String]
        package let seeds: Int
        package let stages: Int
        /// Those of its stages that have a result.
        package let finished: Int
        package let state: State
    }

    package enum State: String, Encodable, Sendable {
        case finished
        /// Nothing more will happen, and some rows have no score.
        case failed
        case running
        /// Stages are left to do, and none of them runs.
        case waiting
    }

    /// - Parameters:
    ///   - sweeps: in the order in which they are shown.
    ///   - isWorkedOn: whether a coordinator works on the store; without one nothing runs.
    package init(
        _ sweeps: [(sweep: SweepReference, plannedAt: Timestamp, snapshot: SweepSnapshot)], isWorkedOn: Bool
    ) {
        self.sweeps = sweeps.map { Entry($0.sweep, $0.plannedAt, $0.snapshot, isWorkedOn) }
    }

    package func text(width: Int = .max) -> String {
        guard !sweeps.isEmpty else { return "No sweep was run on this store yet." }
        var table = Columns([
            ("sweep", .left), ("asked for", .left), ("stages", .right), ("state", .left), ("seeds", .right),
            ("model", .left), ("tasks", .left), ("methods", .left),
        ])
        for entry in sweeps {
            table.add([
                "\(entry.sweep)", moment(entry.plannedAt), "\(entry.finished)/\(entry.stages)", entry.state.rawValue,
                "\(entry.seeds)", entry.model, Self.brief(entry.tasks), Self.brief(entry.methods),
            ])
        }
        return table.lines(width: width).joined(separator: "\n")
    }

    /// "a, b, c and 4 more"
    private static func brief(_ names: [String]) -> String {
        let more = names.count > 3 ? " and \(names.count - 3) more" : ""
        return names.prefix(3).joined(separator: ", ") + more
    }
}

extension SweepListing.Entry {
    fileprivate init(
        _ sweep: SweepReference, _ plannedAt: Timestamp, _ snapshot: SweepSnapshot, _ isWorkedOn: Bool
    ) {
        let plan = snapshot.plan
        let state: SweepListing.State =
            if snapshot.hasEnded {
                plan.rows.allSatisfy { snapshot.state(of: $0) == .finished } ? .finished : .failed
            } else {
                isWorkedOn && snapshot.count(.running) > 0 ? .running : .waiting
            }
        self.init(
            sweep: sweep, plannedAt: plannedAt, model: plan.model.name, tasks: plan.rows.map(\.task).distinct(),
            methods: plan.methods, seeds: Set(plan.rows.map(\.seed)).count, stages: plan.stages.count,
            finished: snapshot.count(.finished), state: state)
    }
}

extension SweepListing.Entry: Encodable {
    package func encode(to encoder: any Encoder) throws {
        try encoder.encode([
            "sweep": sweep, "plannedAt": plannedAt, "model": model, "tasks": tasks, "methods": methods,
            "seeds": seeds, "stages": stages, "finished": finished, "state": state,
        ])
    }
}
