package import Experiments

/// What a running coordinator tells of itself, for people.
package struct CoordinatorListing: Sendable {
    private let report: CoordinatorReport

    package init(_ report: CoordinatorReport) { self.report = report }

    /// The sweeps, what runs, and who works.
    package var text: String {
        let running = report.running.isEmpty ? [] : [""] + Self.lines(of: report.running)
        return (report.sweeps.map(line) + StatusListing.lines(of: report.trouble) + running + ["", workers]).joined(
            separator: "\n")
    }

    /// A line for each group that is connected, and the hosts that drain or rest.
    package var workers: String {
        let draining = report.draining.map { "\($0) drains; headstart drain \($0) --undo welcomes it again" }
        let resting = report.resting.map { host in
            "\(host.host) rests for \(decimals(host.seconds, 0)) s, after \(counted(host.faults, "failure")) in a row: "
                + host.reason
        }
        return (connected + draining + resting).joined(separator: "\n")
    }

    private var connected: [String] {
        guard !report.workers.isEmpty else { return ["no worker is connected"] }
        let stages = Dictionary(report.running.map { ($0.key, $0) }) { first, _ in first }
        var table = Columns([
            ("host", .left), ("ranks", .right), ("threads", .right), ("stage", .left), ("tokens/s", .right),
            ("heard", .right), ("worker", .left),
        ])
        for worker in report.workers {
            let stage = worker.stage.flatMap { stages[$0] }
            let name = stage.map { "\($0.task) \($0.stage) seed \($0.seed)" } ?? worker.stage?.short ?? "–"
            table.add([
                worker.node.host, "\(worker.node.ranks)", "\(worker.node.threads)",
                name + (worker.isDraining ? " (then it leaves)" : ""),
                stage?.progress.map { decimals($0.tokensPerSecond, 0) } ?? "–",
                "\(decimals(worker.secondsSinceHeard, 0)) s ago", "\(worker.worker)",
            ])
        }
        return table.lines()
    }

    private func line(_ sweep: SweepStanding) -> String {
        let counts = StageState.allCases.compactMap { state in
            sweep.states[state.rawValue].map { "\($0) \(state.rawValue)" }
        }
        return "\(sweep.name): \(counted(sweep.states.values.reduce(0, +), "stage")), \(counts.joined(separator: ", "))"
            + StatusListing.words(forWeight: sweep.weight)
    }

    static func lines(of running: [RunningStage], width: Int = .max) -> [String] {
        var table = Columns([
            ("running", .left), ("task", .left), ("seed", .right), ("attempt", .right), ("step", .right),
            ("loss", .right), ("tokens/s", .right), ("worker", .left),
        ])
        for stage in running {
            table.add([
                stage.stage, stage.task, "\(stage.seed)", "\(stage.attempt)",
                stage.progress.map { "\($0.step)/\($0.steps)" } ?? "–",
                stage.progress.map { decimals($0.loss, 4) } ?? "–",
                stage.progress.map { decimals($0.tokensPerSecond, 0) } ?? "–", stage.worker?.description ?? "–",
            ])
        }
        return table.lines(width: width, fixed: 2)
    }
}
