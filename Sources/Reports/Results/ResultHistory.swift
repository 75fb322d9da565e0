import Experiments

/// A sweep's table, and one for the rows of each of its earlier settings.
package struct ResultHistory: Sendable {
    private let sweep: String
    private let current: ResultTable
    private let earlier: [(settings: EarlierSettings, table: ResultTable)]

    package init(_ snapshot: SweepSnapshot, allMetrics: Bool = false) {
        sweep = snapshot.plan.name
        var now = snapshot
        now.earlier = []
        current = ResultTable(now, allMetrics: allMetrics)
        earlier = snapshot.earlier.map { ($0, ResultTable($0.snapshot, allMetrics: allMetrics)) }
    }

    /// - Parameter width: columns of the terminal; only `text` heeds it.
    package func rendered(_ format: ResultFormat, width: Int = 100) -> String {
        if format == .csv { return csv }
        let tables = earlier.flatMap { [heading($0.settings, format, width), $0.table.rendered(format, width: width)] }
        return ([current.rendered(format, width: width)] + tables).joined(separator: "\n\n")
    }

    private func heading(_ settings: EarlierSettings, _ format: ResultFormat, _ width: Int) -> String {
        let sentence =
            "\(settings.reference): rows of the settings of \(moment(settings.plannedAt)); "
            + "`headstart diff \(settings.reference) \(sweep)` says what has changed since"
        return switch format {
        case .text: wrapped(sentence, width: width).joined(separator: "\n")
        case .latex: "% \(sentence)"
        case .markdown, .csv: sentence
        }
    }

    /// The lines of all tables, each with what its settings are called.
    private var csv: String {
        let tables = [(current.sweep, current)] + earlier.map { ("\($0.settings.reference)", $0.table) }
        let rows = tables.flatMap { name, table in table.fields.dropFirst().map { [name] + $0 } }
        return commaSeparated([["sweep"] + (current.fields.first ?? [])] + rows)
    }
}
