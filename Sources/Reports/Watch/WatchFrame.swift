package import Experiments

/// A sweep at one moment, with what runs and who works: what a frame of `headstart watch` is made of.
package struct WatchView: Sendable {
    /// nil where only the coordinator is asked, which does not tell the table.
    package var snapshot: SweepSnapshot?
    /// nil where no coordinator answers.
    package var report: CoordinatorReport?
    package var curves: LossCurves
    /// The time of day.
    package var time: String

    package init(_ snapshot: SweepSnapshot?, _ report: CoordinatorReport?, _ curves: LossCurves, time: String) {
        self.snapshot = snapshot
        self.report = report
        self.curves = curves
        self.time = time
    }
}

/// What a terminal shows of it: lines that fit.
package struct WatchFrame: Sendable {
    package let lines: [String]

    /// - Parameter rows: nil for as many as it takes.
    package init(_ view: WatchView, columns: Int, rows: Int?) {
        let head = view.head(columns)
        let sections = [view.grid(columns), view.running(columns), view.hosts, view.failures].filter { !$0.isEmpty }
        let foot = rows == nil ? [] : ["q leaves; the sweep goes on."]
        // A line between two sections.
        let room = (rows ?? .max) - head.count - foot.count - sections.count
        let shown = Self.fitted(sections, room).flatMap { [""] + $0 }
        var lines = head + shown
        if let rows {
            let blank = Array(repeating: "", count: max(0, rows - foot.count - lines.count))
            lines = (lines + blank).prefix(max(0, rows - foot.count)) + foot
        }
        self.lines = lines.map { String($0.prefix(columns)) }
    }

    /// What is too much is taken from the longest section, again and again; what is left out is counted.
    private static func fitted(_ sections: [[String]], _ room: Int) -> [[String]] {
        var heights = sections.map(\.count)
        while heights.reduce(0, +) > room, let most = heights.max(), most > 1 {
            heights[heights.lastIndex(of: most) ?? 0] -= 1
        }
        return zip(sections, heights).map { section, height in
            guard height < section.count else { return section }
            return section.prefix(height - 1) + ["… \(counted(section.count - height + 1, "more line"))"]
        }
    }
}

extension WatchView {
    fileprivate func head(_ columns: Int) -> [String] {
        let gap = { (left: String) in String(repeating: " ", count: max(1, columns - left.count - time.count)) }
        guard let snapshot else {
            let names = (report?.sweeps ?? []).map { sweep in
                let counts = StageState.allCases.compactMap { state in
                    sweep.states[state.rawValue].map { "\($0) \(state.rawValue)" }
                }
                return "\(sweep.name): \(counts.joined(separator: ", "))"
            }
            let first = names.first ?? "no sweep"
            return [first + gap(first) + time] + names.dropFirst()
        }
        let title = "\(snapshot.plan.name) on \(snapshot.plan.model.name)"
        let progress = LiveProgress(snapshot, workers: report?.workers.count ?? 0, trouble: report?.trouble)
        let state = snapshot.hasEnded ? " – ended" : report == nil ? " – no coordinator works on it" : ""
        return [title + state + gap(title + state) + time] + progress.head
    }

    // MARK: The grid

    /// A row for each method, a column for each task, and in it a sign for each seed.
    fileprivate func grid(_ columns: Int) -> [String] {
        guard let snapshot else { return [] }
        let rows = Dictionary(grouping: snapshot.plan.rows) { Cell(task: $0.task, method: $0.method) }
        let tasks = snapshot.plan.rows.map(\.task).distinct()
        let methods = snapshot.plan.methods
        let seeds = rows.values.map(\.count).max() ?? 0
        let isWide = (methods.map(\.count).max() ?? 0) + tasks.count * (max(seeds, 8) + 10) > columns
        var table = Columns([("", .left)] + tasks.map { ($0, .left) })
        for method in methods {
            table.add(
                [method]
                    + tasks.map { task in
                        let cells = rows[Cell(task: task, method: method)] ?? []
                        let states = cells.map { snapshot.shown($0) }
                        let done = "\(states.count { $0 == .finished })/\(states.count)"
                        let signs = isWide ? done : states.map(\.sign).joined()
                        return [signs, snapshot.meanScore(cells, of: task)].compactMap(\.self).joined(separator: "  ")
                    })
        }
        return table.lines(width: columns)
    }

    // MARK: What runs

    fileprivate func running(_ columns: Int) -> [String] {
        let stages = report?.running ?? []
        // Curves of three lines where few run, else of one.
        let height = stages.count > 3 ? 1 : 3
        let width = max(10, min(40, columns / 3))
        return stages.flatMap { stage in
            let name = "\(stage.task) \(stage.stage) seed \(stage.seed)"
            let progress =
                stage.progress.map { "step \($0.step)/\($0.steps), loss \(decimals($0.loss, 4))" } ?? "begins"
            let speed = stage.progress.map { "\(decimals($0.tokensPerSecond, 0)) tokens/s" } ?? ""
            let place = [speed, stage.worker.map { "on \($0)" } ?? ""].filter { !$0.isEmpty }.joined(separator: " ")
            let texts = height == 1 ? ["\(name): \(progress), \(speed)"] : [name, "  \(progress)", "  \(place)"]
            let curve = BrailleCurve(curves[stage.key], columns: width, rows: height).lines
            return zip(curve, texts).map { "\($0)  \($1)" }
        }
    }

    // MARK: Who works

    fileprivate var hosts: [String] {
        guard let report else { return [] }
        let speeds = Dictionary(report.running.map { ($0.key, $0.progress?.tokensPerSecond ?? 0) }) { first, _ in first
        }
        let names = report.workers.map(\.node.host).distinct()
        let working = names.map { name in
            let groups = report.workers.filter { $0.node.host == name }
            let speed = groups.compactMap { $0.stage.flatMap { speeds[$0] } }.reduce(0, +)
            let busy = groups.count { $0.stage != nil }
            let heard = groups.map(\.secondsSinceHeard).max() ?? 0
            let drains = report.draining.contains(name) ? ", drains" : ""
            return "\(name): \(busy) of \(counted(groups.count, "group")) at work, \(decimals(speed, 0)) tokens/s, "
                + "heard \(decimals(heard, 0)) s ago\(drains)"
        }
        let resting = report.resting.map { "\($0.host): rests for \(decimals($0.seconds, 0)) s; \($0.reason)" }
        return working + resting
    }

    // MARK: What failed

    fileprivate var failures: [String] {
        guard let snapshot else { return [] }
        return snapshot.stages.compactMap { stage, record -> (Int64, String)? in
            guard [.failed, .setAside].contains(record.state) else { return nil }
            let name = "\(stage.task) \(stage.label) seed \(stage.specification.seed)"
            let line = "✗ \(name), \(record.key.short): \(record.standing.reason ?? record.state.rawValue)"
            return (record.setback?.at.rawValue ?? 0, line)
        }.sorted { $0.0 > $1.0 }.map(\.1)
    }
}

extension SweepSnapshot {
    /// With how far the coordinator says that stages have come, which the ledger does not keep.
    package func progressing(_ report: CoordinatorReport) -> SweepSnapshot {
        let told = Dictionary(report.running.map { ($0.key, $0) }) { first, _ in first }
        return SweepSnapshot(
            plan,
            stages.map { _, record in
                var record = record
                record.progress = told[record.key]?.progress
                return record
            })
    }

    /// A row runs where any of its stages does.
    fileprivate func shown(_ row: SweepRow) -> StageState {
        row.stages.contains { self[$0].state == .running } ? .running : state(of: row)
    }

    /// The mean over the seeds that have a score, as tables have it; nil where none has.
    fileprivate func meanScore(_ rows: [SweepRow], of task: String) -> String? {
        guard let metric = plan.trained(task).first?.definition.metrics.first else { return nil }
        let scores = rows.compactMap { row in row.stages.last.flatMap { self[$0].result?.score(metric, on: .dev) } }
        return scores.isEmpty ? nil : metric.figure(scores.reduce(0, +) / Double(scores.count))
    }
}

extension StageState {
    /// One character, for a grid.
    fileprivate var sign: String {
        switch self {
        case .waiting: "·"
        case .running: "▸"
        case .finished: "●"
        case .failed, .setAside: "✗"
        case .blocked: "–"
        case .cancelled: "○"
        }
    }
}
