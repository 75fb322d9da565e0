import Experiments
import Reports

/// A sweep's rows: of each task a table of methods by seeds, whose cells show how a row stands and what it scored. Of many
/// seeds the cells are small squares, and what they say is their title.
struct StageGrid {
    private let view: SweepView
    private static let widest = 16

    init(_ view: SweepView) { self.view = view }

    var html: HTML {
        let rows = Dictionary(grouping: view.plan.rows, by: \.task)
        let tables = view.plan.tableTasks.map { task in table(of: task, rows[task] ?? []) }
        return "<div class=\"figures-row\">\(tables)</div>\n\(legend)"
    }

    private func table(of task: String, _ rows: [SweepRow]) -> HTML {
        let metric = view.plan.trained(task).first?.definition.metrics.first
        let repetitions = Set(rows.map(\.repetition)).sorted()
        let cells = rows.map { Cell($0, metric, view) }
        let shades = Shades(cells.compactMap { cell in cell.value.flatMap { value in metric?.merit(value) } })
        let byMethod = Dictionary(grouping: zip(rows, cells), by: \.0.method)
        let isWide = repetitions.count > Self.widest
        let lines = rows.map(\.method).distinct().map { method -> HTML in
            let known = Dictionary((byMethod[method] ?? []).map { ($0.0.repetition, $0.1) }) { first, _ in first }
            let links = repetitions.map { repetition in
                known[repetition].map { $0.link(shades, metric, isSmall: isWide) } ?? ""
            }
            let columns: HTML =
                isWide
                ? "<td><div class=\"cells\">\(links)</div></td>" : "\(links.map { "<td>\($0)</td>" as HTML })"
            return "<tr><th scope=\"row\">\(method)</th>\(columns)</tr>\n"
        }
        let titles: HTML =
            isWide
            ? "<th scope=\"col\">\(counted(repetitions.count, "seed")), in their order</th>"
            : "\(repetitions.map { "<th scope=\"col\">\($0.title)</th>" as HTML })"
        return Pages.table(
            caption: "<b>\(task)</b> \(metric?.rawValue ?? "")", classes: "grid",
            "<tr><th scope=\"col\">method</th>\(titles)</tr>", lines)
    }

    private var legend: HTML {
        """
        <p class="soft">The greener a cell, the better its score among those of its task. ▸ runs, ‖ was interrupted, · waits, \
        ✕ failed or was set aside, ⊘ is blocked by another stage.</p>
        """
    }
}

extension Repetition {
    /// "seed 3", or "2·3" with the number of the fold in front.
    fileprivate var title: String { fold.map { "fold \($0.number), \(seed)" } ?? "seed \(seed)" }
}

/// How good scores are among others, from 0 to 9.
private struct Shades {
    private let least: Double
    private let span: Double

    init(_ merits: [Double]) {
        least = merits.min() ?? 0
        span = (merits.max() ?? 0) - least
    }

    func shade(of merit: Double) -> Int { span > 0 ? min(9, max(0, Int((merit - least) / span * 9.99))) : 4 }
}

extension StageGrid {
    /// A row: the state that says most of it, and its score.
    private struct Cell {
        let key: StageKey?
        let standing: Standing
        /// The score, where it is of the column's metric.
        let value: Double?
        private let figure: String?
        private let row: SweepRow
        private let done: Int
        private let view: SweepView

        init(_ row: SweepRow, _ metric: Metric?, _ view: SweepView) {
            self.row = row
            self.view = view
            let states = row.stages.map { view.snapshot[$0].state }
            let stage = Self.telling(states)
            key = stage.map { row.stages[$0] }
            done = states.count { $0 == .finished }
            standing = Standing(stage.map { states[$0] } ?? view.snapshot.state(of: row), isWorkedOn: view.isWorkedOn)
            let last = row.stages.last
            // Where the last stage has another task than the row, its score is none of the column's.
            let isOwn = last.flatMap { view.planned($0) }?.task == row.trainedTask
            value = isOwn ? metric.flatMap { view.snapshot.score($0, of: row) } : nil
            figure =
                value.flatMap { value in metric?.figure(value) }
                ?? last.flatMap { view.planned($0) }.flatMap { view.figure(of: $0) }
        }

        /// The stage that runs, the one that went wrong, or the last.
        private static func telling(_ states: [StageState]) -> Int? {
            states.firstIndex(of: .running) ?? states.firstIndex { $0.isFinal && $0 != .finished }
                ?? states.indices.last
        }

        func link(_ shades: Shades, _ metric: Metric?, isSmall: Bool) -> HTML {
            let shade = value.flatMap { value in metric.map { shades.shade(of: $0.merit(value)) } }
            let classes: HTML = "\(standing.letter)\(shade.map { " s\($0)" as HTML })"
            let repetition = row.fold.map { "fold \($0.number), " } ?? ""
            let words =
                figure
                ?? (row.stages.count > 1 && standing != .finished
                    ? "\(standing.rawValue), \(done) of \(row.stages.count) stages done" : standing.rawValue)
            let title = "\(row.method), \(repetition)seed \(row.seed): \(words)"
            guard let key else {
                return "<a class=\"\(classes)\" title=\"\(title)\">\(isSmall ? "" : standing.sign)</a>"
            }
            let content: HTML =
                isSmall
                ? ""
                : figure.map { "\($0)" }
                    ?? "<span aria-hidden=\"true\">\(standing.sign)</span><span class=\"hidden\">\(words)</span>"
            return "<a class=\"\(classes)\" href=\"\(view.links.stage(key))\" title=\"\(title)\">\(content)</a>"
        }
    }
}
