import ArgumentParser
import Experiments
import Files
import Reports

struct AnalyzeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "analyze",
        abstract: "Shows what a sweep has measured, as tables and as plots.",
        discussion: """
            `training` is there of every stage: loss, learning rate, gradient norm and tokens a second over its steps, and \
            the scores of its evaluations. What else is measured a sweep file says: measure: [weight-distance, cost]. Curves \
            of a method of several stages follow one another on one axis.

            EXAMPLE
              headstart analyze --store results --measure convergence --plots pictures --format pdf
            """)

    @OptionGroup var sweep: StoredSweepOptions
    @OptionGroup var output: OutputOptions

    @Option(
        name: .long, parsing: .singleValue,
        help: ArgumentHelp(
            "One of \(Shown.allCases.map(\.description).joined(separator: ", ")); may be repeated. All otherwise.",
            valueName: "measure"),
        transform: Shown.init(named:))
    var measure: [Shown] = []

    @Option(
        name: .long,
        help: ArgumentHelp("Where to draw the plots; it is made if need be. Needs gnuplot.", valueName: "directory"))
    var plots: String?

    @Option(name: .long, help: "What the plots are: svg or pdf.", transform: Self.format)
    var format = Plot.Format.svg

    func run() throws {
        let snapshot = try sweep.snapshot()
        let runs = try SweepLogs(snapshot, store: sweep.store.store).runs
        let wanted = measure.isEmpty ? Shown.allCases : measure
        let found = wanted.filter { shown in runs.contains(where: shown.isIn) }
        guard !found.isEmpty else { throw nothingMeasured(snapshot) }
        if output.json {
            try Screen.json(["runs": runs.filter { run in found.contains { $0.isIn(run) } }])
        } else {
            let tables = found.compactMap { $0.table(of: runs)?.text(width: Screen.width) }
            try Screen.line(tables.joined(separator: "\n\n"))
        }
        if let plots { try draw(found, runs, snapshot.plan, in: plots) }
    }

    private func draw(_ found: [Shown], _ runs: [MeasuredRun], _ plan: SweepPlan, in directory: String) throws {
        let gnuplot = try Gnuplot()
        try Directory.make(directory)
        for shown in found {
            for plot in shown.plots(of: runs, in: plan) {
                let path = "\(directory)/\(plot.name).\(format.rawValue)"
                try gnuplot.run(plot.script(format, to: path), for: path)
                if !output.json { try Screen.line(path) }
            }
        }
    }

    private func nothingMeasured(_ snapshot: SweepSnapshot) -> BadRequest {
        let measures = measure.compactMap(\.measure)
        guard !measures.isEmpty else {
            return BadRequest(
                "\(sweep.store.store): no stage of '\(snapshot.plan.name)' has trained yet, or all did so before curves were "
                    + "kept")
        }
        let names = measures.map(\.rawValue).joined(separator: ", ")
        return BadRequest(
            "\(sweep.store.store): no finished stage of '\(snapshot.plan.name)' has measured \(names); give the sweep"
                + " measure: [\((measures.first ?? .convergence).rawValue)] and run it again")
    }

    private static func format(_ name: String) throws -> Plot.Format {
        guard let format = Plot.Format(rawValue: name) else {
            throw ValidationError("'\(name)' is neither svg nor pdf")
        }
        return format
    }
}

/// What can be shown of a sweep: what is kept of every stage, or what its file asked for.
enum Shown: CaseIterable, CustomStringConvertible {
    case training
    case measured(Measure)

    static var allCases: [Shown] { [.training] + Measure.allCases.map(Shown.measured) }

    init(named name: String) throws {
        guard let shown = Self.allCases.first(where: { $0.description == name }) else {
            let known = Self.allCases.map(\.description)
            let guess = guess(at: name, among: known)
            throw ValidationError("'\(name)' is none of \(known.joined(separator: ", "))\(guess)")
        }
        self = shown
    }

    var description: String { measure?.rawValue ?? "training" }

    var measure: Measure? { if case .measured(let measure) = self { measure } else { nil } }

    func isIn(_ run: MeasuredRun) -> Bool {
        measure.map(run.log.measures.contains) ?? (run.curves?.training.isEmpty == false)
    }

    func table(of runs: [MeasuredRun]) -> MeasureTable? {
        measure.map { MeasureTable($0, of: runs) } ?? MeasureTable(trainingOf: runs)
    }

    func plots(of runs: [MeasuredRun], in plan: SweepPlan) -> [Plot] {
        guard let measure else { return Plot.training(of: runs) }
        return Plot.all(measure, of: runs) { plan.task(named: $0)?.definition.labels }
    }
}
