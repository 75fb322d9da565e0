import ArgumentParser
import Reports

struct ResultsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "results",
        abstract: "Shows a sweep's scores: task by method, mean ± standard deviation over seeds.",
        discussion: """
            EXAMPLE
              headstart results --store results --format markdown
            """)

    @OptionGroup var sweep: StoredSweepOptions
    @OptionGroup var output: OutputOptions

    @Option(
        name: .long,
        help: "How to write the table: \(ResultFormat.allCases.map(\.rawValue).joined(separator: ", ")).",
        transform: Self.format)
    var format = ResultFormat.text

    @Flag(name: .long, help: "Show every metric of a task, not its first alone.")
    var allMetrics = false

    private static func format(_ name: String) throws -> ResultFormat {
        guard let format = ResultFormat(rawValue: name) else {
            throw ValidationError(
                "'\(name)' is none of \(ResultFormat.allCases.map(\.rawValue).joined(separator: ", "))")
        }
        return format
    }

    func run() throws {
        let snapshot = try sweep.snapshot()
        if output.json { return try Screen.json(ResultRows(snapshot)) }
        let table = ResultTable(snapshot, allMetrics: allMetrics)
        try Screen.line(table.rendered(format, width: Screen.width))
    }
}
