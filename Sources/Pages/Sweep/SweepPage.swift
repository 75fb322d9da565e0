import Experiments
import Foundation
import Reports

/// A sweep as a whole: how far it is, what failed, its table, and every row by its seed.
struct SweepPage {
    private let view: SweepView
    private let status: StatusListing
    private let results: ResultTable

    init(_ view: SweepView) {
        self.view = view
        status = StatusListing(view.snapshot, view.report, isWorkedOn: view.isWorkedOn, trouble: view.trouble)
        results = ResultTable(view.snapshot)
    }

    var main: HTML {
        """
        <h1>\(view.reference.description)</h1>
        <p class="soft">\(summary)</p>
        \(trouble)
        \(Progress(view).html)
        \(Failures(status.failures, view).html)
        <h2 id="results">Results</h2>
        \(results.sheet.html)
        \(collapsed)
        <h2 id="grid">Every row</h2>
        \(StageGrid(view).html)
        \(running)
        \(searches)
        """
    }

    private var summary: String {
        let plan = view.plan
        return "\(counted(plan.tableTasks.count, "task")), \(counted(plan.methods.count, "method")), "
            + "\(counted(Set(plan.rows.map(\.seed)).count, "seed")) on \(plan.model.name); asked for "
            + moment(view.entry.plannedAt)
    }

    private var trouble: HTML {
        let sentence =
            if let trouble = view.trouble {
                "Nothing is handed out until the store can be written: \(trouble)"
            } else if !view.snapshot.hasEnded, !view.isWorkedOn {
                "No coordinator works on this store, so nothing runs. The same command starts the sweep again, and it goes "
                    + "on where it stood."
            } else {
                ""
            }
        return sentence.isEmpty ? "" : "<p class=\"warn\">\(sentence)</p>"
    }

    private var running: HTML {
        guard !status.running.isEmpty else { return "" }
        return "<h2 id=\"running\">Running now</h2>\n\(RunningTable(status.running, view).html)"
    }

    private var collapsed: HTML {
        guard !status.collapsed.isEmpty else { return "" }
        let shown = status.collapsed.prefix(12).map { stage in
            "<a href=\"\(view.links.stage(stage.key))\">\(stage.task) \(stage.stage) seed \(stage.seed)</a> ('\(stage.label)')"
                as HTML
        }
        let more = status.collapsed.count > shown.count ? ", and \(status.collapsed.count - shown.count) more" : ""
        return """
            <details><summary>\(counted(status.collapsed.count, "stage")) said one label of every example; a lower lr may help</summary>
            <p>\(shown.joined(separator: ", "))\(more).</p></details>
            """
    }

    private var searches: HTML {
        guard !view.plan.searches.isEmpty else { return "" }
        let rows = view.plan.searches.map { search in
            "<tr><th scope=\"row\">\(search.method)</th><td>\(search.task)</td><td class=\"wrap\">\(search.standing)</td></tr>\n"
                as HTML
        }
        return """
            <h2 id="searches">Searches</h2>
            \(table(caption: "What each came to. <a href=\"\(view.links.page("/search"))\">Every point tried</a>", head(["method", "task", "standing"]), rows))
            """
    }
}

/// How far a sweep is, at a glance.
struct Progress {
    private let counts: [(standing: Standing, count: Int)]
    private let total: Int
    private let view: SweepView

    init(_ view: SweepView) {
        self.view = view
        var counts: [Standing: Int] = [:]
        for stage in view.plan.stages { counts[view.standing(stage.key), default: 0] += 1 }
        self.counts = Standing.allCases.compactMap { standing in counts[standing].map { (standing, $0) } }
        total = view.plan.stages.count
    }

    var html: HTML {
        let tiles = [(figure: "\(ended) / \(total)", words: "stages have ended")] + timeTile + hoursTile
        let items = tiles.map { "<li><b>\($0.figure)</b><span>\($0.words)</span></li>" as HTML }
        let legend = counts.map { "<li>\($0.standing.badge) \($0.count)</li>" as HTML }
        return "<ul class=\"tiles\">\(items)</ul>\n\(bar)\n<ul class=\"legend\">\(legend)</ul>"
    }

    private var ended: Int {
        counts.filter { ![.running, .waiting, .interrupted].contains($0.standing) }.reduce(0) { $0 + $1.count }
    }

    private var timeTile: [(figure: String, words: String)] {
        guard ended < total, let seconds = view.snapshot.secondsLeft(groups: view.groups) else { return [] }
        return [("about \(duration(seconds: seconds))", "left with \(counted(view.groups, "worker group"))")]
    }

    /// Of all processes that trained, attempts that came to nothing included.
    private var hoursTile: [(figure: String, words: String)] {
        let hours = view.plan.stages.reduce(0) {
            $0 + view.attempts(at: $1.key).reduce(0) { $0 + $1.coreHours(until: view.horizon) }
        }
        return hours > 0 ? [(hours.shortFigure, "core hours so far")] : []
    }

    private var bar: HTML {
        var x = 0.0
        let parts = counts.map { standing, count in
            let width = Double(count) / Double(max(1, total)) * 1000
            defer { x += width }
            return "<rect class=\"bar \(standing.letter)\" x=\"\(x)\" y=\"0\" width=\"\(width)\" height=\"10\"/>"
                as HTML
        }
        let words = counts.map { "\($0.count) \($0.standing.rawValue)" }.joined(separator: ", ")
        return """
            <svg class="progress" role="img" aria-label="\(counted(total, "stage")): \(words)" viewBox="0 0 1000 10" \
            preserveAspectRatio="none">\(parts)</svg>
            """
    }
}

/// What a stage runs at now, as the coordinator tells it.
struct RunningTable {
    private let running: [RunningStage]
    private let view: SweepView

    init(_ running: [RunningStage], _ view: SweepView) {
        self.running = running
        self.view = view
    }

    var html: HTML {
        let rows = running.map { stage in
            let progress = stage.progress
            return """
                <tr><th scope="row"><a href="\(view.links.stage(stage.key))">\(stage.stage)</a></th><td>\(stage.task)</td>\
                <td class="n">\(stage.seed)</td><td class="n">\(stage.attempt)</td>\
                <td class="n">\(progress.map { "\($0.step) / \($0.steps)" } ?? "–")</td>\
                <td class="n">\(progress.map { decimals($0.loss, 4) } ?? "–")</td>\
                <td class="n">\(progress.map { decimals($0.tokensPerSecond, 0) } ?? "–")</td>\
                <td>\(stage.worker?.description ?? "–")</td></tr>

                """ as HTML
        }
        return table(
            caption: "\(counted(running.count, "stage"))",
            head(["stage", "task", "#seed", "#attempt", "#step", "#loss", "#tokens/s", "worker"]), rows)
    }
}

extension Double {
    /// "0.42", "7.3", "128": as many digits as say something.
    var shortFigure: String {
        self > 0 && self < 0.005
            ? "< 0.01" : abs(self) < 1 ? decimals(self, 2) : abs(self) < 100 ? decimals(self, 1) : decimals(self, 0)
    }
}
