import ArgumentParser
import Configuration
import Experiments
import Reports
import Statistics

struct ResultsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "results",
        abstract: "Shows a sweep's scores: task by method, mean ± standard deviation over seeds.",
        discussion: """
            EXAMPLE
              headstart results --store results --format markdown
              headstart results --store results --compare eh-ft-bitfit finetune
              headstart results --store results --compare eh-ft-bitfit lp-ft finetune
              headstart results --store results --per-class
              headstart results --store results --per-seed --format csv
              headstart results --store results --all
              headstart results --store results --split test
              headstart results --store results --published ehft/1
            """)

    @OptionGroup var sweep: StoredSweepOptions
    @OptionGroup var output: OutputOptions

    @Option(
        name: .long,
        help:
            "How to write the table: \(ResultFormat.allCases.map(\.rawValue).joined(separator: ", ")). (default: text)",
        completion: .list(ResultFormat.allCases.map(\.rawValue)), transform: Self.format)
    var format: ResultFormat?

    @Flag(name: .long, help: "Show every metric of a task, not its first alone.")
    var allMetrics = false

    @Flag(name: .long, help: "Show every seed's score by itself, with the key of its stage.")
    var perSeed = false

    @Flag(name: .long, help: "Show rows of settings that the sweep had before, too.")
    var all = false

    @Option(
        name: .long,
        help: "Whose scores: 'dev', or 'test' of tasks that have such a file, on which nothing was selected.",
        transform: Self.split)
    var split = Split.dev

    @Flag(name: .long, help: "Show precision, recall and F1 of every class.")
    var perClass = false

    @Flag(name: .long, help: "Show which class is taken for which.")
    var confusion = false

    @Option(
        name: .long, parsing: .upToNextOption,
        help: ArgumentHelp(
            "Ask whether one method is better than another, paired over tasks and seeds; of more than two, all pairs.",
            valueName: "method"), completion: .methods)
    var compare: [String] = []

    @Option(
        name: .long,
        help: ArgumentHelp(
            "What --compare takes its 95 % intervals from: 'permutation', the test that p is of, or 'bootstrap'. "
                + "(default: permutation)", valueName: "method"),
        transform: Self.intervalMethod)
    var interval: IntervalMethod?

    @Option(
        name: .long,
        help: ArgumentHelp("Put the numbers of a paper's table beside ours, as of ehft/1.", valueName: "table"))
    var published: String?

    private static func intervalMethod(_ name: String) throws -> IntervalMethod {
        guard let method = IntervalMethod(rawValue: name) else {
            throw ValidationError(
                "'\(name)' is none of \(IntervalMethod.allCases.map(\.rawValue).joined(separator: ", "))")
        }
        return method
    }

    private static func split(_ name: String) throws -> Split {
        guard let split = Split(rawValue: name), [.dev, .test].contains(split) else {
            throw ValidationError("'\(name)' is neither dev nor test; of other splits results have no scores")
        }
        return split
    }

    private static func format(_ name: String) throws -> ResultFormat {
        guard let format = ResultFormat(rawValue: name) else {
            throw ValidationError(
                "'\(name)' is none of \(ResultFormat.allCases.map(\.rawValue).joined(separator: ", "))")
        }
        return format
    }

    func validate() throws {
        guard format == nil || !output.json else { throw ValidationError("give either --json or --format") }
        guard compare.count != 1 else {
            throw ValidationError("--compare takes two methods or more, as in --compare eh-ft-bitfit finetune")
        }
        guard interval == nil || !compare.isEmpty else {
            throw ValidationError("--interval is for --compare")
        }
        let questions = [
            ("--compare", !compare.isEmpty), ("--published", published != nil), ("--per-class", perClass),
            ("--confusion", confusion),
        ].filter(\.1).map(\.0)
        guard questions.count < 2 else {
            throw ValidationError("\(questions[0]) and \(questions[1]) are two questions; ask one at a time")
        }
        let own = [("--all-metrics", allMetrics), ("--all", all), ("--per-seed", perSeed)].first { $0.1 }
        if let own, !questions.isEmpty {
            throw ValidationError("\(own.0) is for the table of the sweep alone")
        }
        if split != .dev, !questions.isEmpty {
            throw ValidationError("--split is for the table of the sweep alone; \(questions[0]) is asked of dev")
        }
        if split != .dev, all || perSeed {
            throw ValidationError("--split is for the table of the sweep; \(all ? "--all" : "--per-seed") shows dev")
        }
    }

    func run() throws {
        let format = format ?? .text
        var snapshot = try sweep.snapshotWithPast()
        if perClass || confusion { return try showClasses(ClassReport(snapshot), format) }
        if perSeed {
            let listing = SeedListing(snapshot, all: all, allMetrics: allMetrics)
            return try show(ResultRows(snapshot, all: all), listing.rendered(format, width: Screen.width))
        }
        snapshot.predictions = try SweepLogs.predictions(of: snapshot, store: sweep.store.store)
        if let published {
            let table = try PublishedResults.read().table(named: published)
            let comparison = PublishedComparison(snapshot, table, logs: try logs(of: snapshot, for: table))
            try show(comparison, comparison.rendered(format, width: Screen.width))
        } else if compare.count == 2 {
            let comparison = try MethodComparison(
                snapshot, compare[0], compare[1], intervals: interval ?? .permutation)
            try show(comparison, comparison.rendered(format, width: Screen.width))
        } else if !compare.isEmpty {
            let comparison = try PairwiseComparison(snapshot, compare, intervals: interval ?? .permutation)
            try show(comparison, comparison.rendered(format, width: Screen.width))
        } else if all {
            let tables = ResultHistory(snapshot, allMetrics: allMetrics)
            try show(ResultRows(snapshot, all: true), tables.rendered(format, width: Screen.width))
        } else {
            let table = ResultTable(snapshot, allMetrics: allMetrics, split: split)
            guard !table.columns.isEmpty else {
                throw BadRequest("no task of '\(table.sweep)' has a '\(split.rawValue)' file; name one in its entry")
            }
            try show(ResultRows(snapshot, split: split), table.rendered(format, width: Screen.width))
        }
    }

    private func showClasses(_ report: ClassReport, _ format: ResultFormat) throws {
        guard !report.entries.isEmpty else {
            throw BadRequest(
                "no finished stage of '\(report.sweep)' says anything of classes: its tasks are none of classes, it has just "
                    + "begun, or it was trained by an older version, and --per-class and --confusion take a new run")
        }
        let width = Screen.width
        try show(report, perClass ? report.classes(format, width: width) : report.confusion(format, width: width))
    }

    /// What the stages have measured, where the paper's table has such numbers.
    private func logs(of snapshot: SweepSnapshot, for table: PublishedTable) throws -> [StageKey: StageLog] {
        guard table.readsLogs else { return [:] }
        let runs = try SweepLogs(snapshot, store: sweep.store.store).runs
        return Dictionary(runs.map { ($0.key, $0.log) }) { $1 }
    }

    private func show(_ value: some Encodable, _ text: String) throws {
        if output.json { try Screen.json(value) } else { try Screen.line(text) }
    }
}
