import Configuration
import Experiments
import Files
import Ledger
import Reports

/// One stage: how it stands and why, what it starts from, how it trained, who tried, and what it left.
struct StagePage {
    private let view: SweepView
    private let stage: PlannedStage
    private let record: StageRecord
    private let attempts: [AttemptEntry]
    private let measured: StageCurves?
    private let discarded: Set<ArtifactID>
    private let log: String

    init(_ view: SweepView, _ stage: PlannedStage, _ ledger: LedgerReader) throws {
        self.view = view
        self.stage = stage
        record = view.snapshot[stage.key]
        attempts = view.attempts(at: stage.key)
        measured = try ledger.curves(of: stage.key)
        discarded = try record.result == nil ? [] : ledger.discarded()
        log =
            try record.attempts > 0 ? Self.tail(StageLogs(store: ledger.store).path(of: stage.key, record.attempt)) : ""
    }

    var title: String { view.name(stage) }

    var main: HTML {
        """
        <article data-stage="\(stage.key.description)">
        <h1>\(stage.label) <span class="soft">on \(stage.task), seed \(stage.specification.seed)</span></h1>
        <p>\(view.standing(stage.key).badge) \(explanation)</p>
        \(result)
        <h2>Where it stands in the sweep</h2>
        \(StageEdges(view, stage).html)
        \(curves)
        <h2>Recipe</h2>
        \(RecipeDifferences(view, stage).html)
        \(classes)
        \(attemptTable)
        \(artifacts)
        \(logTail)
        <h2>What it is</h2>
        \(identity)
        </article>
        """
    }

    /// Why it stands where it does, and what would help.
    private var explanation: HTML {
        let setback = record.setback.map { "; the attempt before ended: \(view.brief($0.failure.message))" } ?? ""
        switch record.state {
        case .finished: return ""
        case .running:
            let progress = record.progress.map {
                ", step \($0.step) of \($0.steps), loss \(decimals($0.loss, 4)), \(decimals($0.tokensPerSecond, 0)) tokens/s"
            }
            let worker = record.worker.map { " on \($0)" } ?? ""
            let what =
                view.isWorkedOn ? "runs" : "ran when its coordinator ended, and goes on when the sweep is started again"
            return "attempt \(record.attempts) \(what)\(worker)\(progress ?? "")\(setback)"
        case .waiting:
            let open = stage.specification.inputs.map(\.from).filter { view.snapshot[$0].state != .finished }
            if !open.isEmpty {
                return "it starts from \(names(open)), which \(open.count == 1 ? "has" : "have") not finished\(setback)"
            }
            if record.isPaused { return "it is paused. \(view.remedy(of: stage.key))" }
            let why =
                if let report = view.report, report.workers.isEmpty {
                    "no worker is connected; start some with headstart node"
                } else {
                    view.isWorkedOn ? "all workers are at other stages" : "no coordinator works on the store"
                }
            return "it is ready; \(why)\(setback)"
        case .failed, .setAside, .blocked, .cancelled:
            return "\(view.brief(record.standing.reason ?? "it has ended")). \(view.remedy(of: stage.key))"
        }
    }

    private func names(_ keys: [StageKey]) -> HTML {
        keys.map { key in "<a href=\"\(view.links.stage(key))\">\(view.planned(key)?.label ?? key.short)</a>" as HTML }
            .joined(separator: ", ")
    }

    private var result: HTML {
        guard let result = record.result else { return "" }
        let scores = result.scores.filter { $0.split != .test }.map {
            ("\($0.figure)", "\($0.metric.rawValue) on \($0.split.rawValue)")
        }
        let rest = [
            (duration(seconds: result.seconds), "of training"), ("\(result.steps)", "steps"),
            (decimals(result.tokensPerSecond, 0), "tokens a second"), (result.trainable.grouped, "entries that moved"),
        ]
        let tiles = (scores + rest).map { "<li><b>\($0.0)</b><span>\($0.1)</span></li>" as HTML }
        let collapse = view.plan.task(named: stage.task).flatMap { result.collapse(on: $0.definition) }
        return """
            <ul class="tiles">\(tiles)</ul>
            \(collapse.map { "<p class=\"warn\">It \($0): a lower lr may help.</p>" as HTML })
            """
    }

    private var curves: HTML {
        let panels = measured.map { CurvePanel.panels(of: $0).compactMap(\.html) } ?? []
        return panels.isEmpty ? "" : "<h2>Curves</h2>\n<div class=\"figures-row\">\(panels)</div>"
    }

    private var classes: HTML {
        guard let confusion = record.result?.confusion,
            let labels = view.plan.task(named: stage.task)?.definition.labels,
            labels.count <= 20
        else { return "" }
        return "<h2>Which class is taken for which</h2>\n\(ConfusionTable(confusion, labels).html)"
    }

    private var attemptTable: HTML {
        guard !attempts.isEmpty else { return "" }
        let rows = attempts.map { attempt -> HTML in
            let end =
                attempt.failure.map { "\($0.cause.rawValue): \(view.brief($0.message))" }
                ?? (attempt.endedAt == nil ? "runs" : "finished")
            return """
                <tr><th scope="row" class="n">\(attempt.attempt.rawValue)</th><td>\(attempt.node.host)</td><td>\(attempt.worker.description)</td>\
                <td class="n">\(attempt.node.ranks) × \(attempt.node.threads)</td><td>\(moment(attempt.startedAt))</td>\
                <td class="n">\(duration(seconds: attempt.seconds(until: view.horizon)))</td><td class="wrap">\(end)</td></tr>

                """
        }
        return """
            <h2>Attempts</h2>
            \(table(caption: "Who trained it", head(["#", "host", "worker", "#ranks × threads", "began", "#took", "came to"]), rows))
            """
    }

    private var artifacts: HTML {
        guard let artifacts = record.result?.artifacts, !artifacts.isEmpty else { return "" }
        let rows = artifacts.map { artifact in
            """
            <tr><th scope="row">\(artifact.kind.rawValue)</th><td class="n">\(artifact.byteCount.bytes)</td>\
            <td class="key">\(artifact.id.description)</td><td>\(discarded.contains(artifact.id) ? "let go" : "")</td></tr>

            """ as HTML
        }
        return """
            <h2>Artifacts</h2>
            \(table(caption: "What it left, by the SHA-256 of its bytes", head(["kind", "#size", "digest", ""]), rows))
            """
    }

    private var logTail: HTML {
        log.isEmpty
            ? ""
            : """
            <h2>Log</h2>
            <p class="soft">The end of attempt \(record.attempts)'s; all of it: <code>headstart logs \(stage.key.short)</code></p>
            <pre tabindex="0" role="region" aria-label="log">\(log)</pre>
            """
    }

    private var identity: HTML {
        let specification = stage.specification
        let task = view.plan.task(named: stage.task)
        return facts([
            ("key", "<span class=\"key digest\">\(stage.key.description)</span>"),
            ("model", "\(view.plan.model.name) <span class=\"key digest\">\(specification.backbone.hex)</span>"),
            ("task", "\(stage.task) <span class=\"key digest\">\(specification.task.hex)</span>"),
            ("examples", task.map { "\($0.trainCount) to train on\($0.devCount.map { ", \($0) scored on" } ?? "")" }),
            ("training", "version \(specification.semantics)"),
            ("program", record.result?.node.program.map { "headstart \($0)" }),
            ("where its numbers are from", "<code>headstart lineage \(stage.key.short)</code>"),
        ])
    }

    /// The last lines of a file, as far as they fit on a page; zeros stand in it for what was lost on the way.
    private static func tail(_ path: String) throws(FileError) -> String {
        guard let count = Disk.byteCount(of: path) else { return "" }
        let limit = 16 << 10
        let text = String(
            decoding: try Disk.read(path, offset: max(0, count - limit)).filter { $0 != 0 }, as: UTF8.self)
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        // The first one was cut somewhere.
        return (count > limit ? lines.dropFirst() : lines[...]).suffix(80).joined(separator: "\n")
    }
}

extension CurvePanel {
    /// Each metric by the splits it was measured on, and how training went.
    fileprivate static func panels(of measured: StageCurves) -> [CurvePanel] {
        scores(measured.evaluations) + training(measured)
    }

    private static func scores(_ evaluations: [Evaluation]) -> [CurvePanel] {
        let scores = evaluations.flatMap(\.scores).filter { $0.split != .test }
        return scores.map(\.metric).distinct().map { metric in
            let splits = scores.filter { $0.metric == metric }.map(\.split).distinct()
            let curves = splits.map { split in
                Curve(
                    split.rawValue,
                    evaluations.compactMap { evaluation in
                        let score = evaluation.scores.first { $0.metric == metric && $0.split == split }
                        return score?.value.map { Curve.Point(x: Double(evaluation.step), y: metric.scaled($0)) }
                    })
            }
            return CurvePanel(
                metric.isShare ? "\(metric.rawValue), %" : metric.rawValue, xTitle: "steps", most: metric.most, curves)
        }
    }

    private static func training(_ measured: StageCurves) -> [CurvePanel] {
        let points = measured.training.points
        let curve = { (title: String, isLogarithmic: Bool, value: (TrainingCurve.Point) -> Float) in
            let curve = Curve(title, points.map { Curve.Point(x: Double($0.step), y: Double(value($0))) })
            return CurvePanel(title, xTitle: "steps", isLogarithmic: isLogarithmic, [curve])
        }
        guard points.isEmpty else {
            return [
                curve("training loss", false, \.loss), curve("learning rate", false, \.learningRate),
                curve("norm of the gradient", true, \.gradientNorm), curve("tokens a second", false, \.tokensPerSecond),
            ]
        }
        // What was trained before curves were kept has its losses at evaluations.
        let losses = measured.evaluations.map { Curve.Point(x: Double($0.step), y: $0.trainingLoss) }
        return [CurvePanel("training loss", xTitle: "steps", [Curve("training loss", losses)])]
    }
}

/// How often which class was said where which one was right.
struct ConfusionTable {
    private let confusion: Confusion
    private let labels: [String]

    init(_ confusion: Confusion, _ labels: [String]) {
        self.confusion = confusion
        self.labels = labels
    }

    var html: HTML {
        let counts = Dictionary(confusion.entries.map { ([$0.expected, $0.predicted], $0.count) }) { first, _ in first }
        let rows = labels.enumerated().map { right, label in
            let cells = labels.indices.map { said in
                "<td class=\"n\">\(counts[[right, said]] ?? 0)</td>" as HTML
            }
            return "<tr><th scope=\"row\">\(label)</th>\(cells)</tr>\n" as HTML
        }
        return table(
            caption: "Examples of the dev set by what is right (down) and what was said (across)", classes: "heat",
            head(["right"] + labels.map { "#\($0)" }), rows)
    }
}

extension Int {
    /// "512 bytes", "1.6 kB", "91.2 MB"
    var bytes: String {
        switch self {
        case ..<1000: "\(self) bytes"
        case ..<1_000_000: "\(decimals(Double(self) / 1e3, 1)) kB"
        case ..<1_000_000_000: "\(decimals(Double(self) / 1e6, 1)) MB"
        default: "\(decimals(Double(self) / 1e9, 1)) GB"
        }
    }

    /// With a thin space between thousands.
    var grouped: String {
        var digits = Array("\(magnitude)")
        for place in stride(from: digits.count - 3, to: 0, by: -3) { digits.insert("\u{202F}", at: place) }
        return (self < 0 ? "-" : "") + String(digits)
    }
}
