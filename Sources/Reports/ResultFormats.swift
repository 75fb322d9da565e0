/// How a result table is written.
package enum ResultFormat: String, CaseIterable, Sendable {
    case text, markdown, csv, latex
}

extension ResultTable {
    /// - Parameter width: columns of the terminal; only `text` heeds it.
    package func rendered(_ format: ResultFormat, width: Int = 100) -> String {
        switch format {
        case .text: text(width: width)
        case .markdown: markdown
        case .csv: csv
        case .latex: latex
        }
    }

    private func text(width: Int) -> String {
        var table = Columns([("method", .left)] + columns.map { ($0.title, .right) })
        for (method, row) in zip(methods, cells) {
            table.add([method] + row.map { "\($0.figures(plusMinus: " ± ") ?? "–") (\($0.countOfSeeds))" })
        }
        let title = "\(sweep) on \(model): percent, mean ± standard deviation (seeds)"
        return ([title, ""] + table.lines(width: width) + notes + searchNotes).joined(separator: "\n")
    }

    /// What the marks mean, where there are any.
    private var notes: [String] {
        guard !isComplete else { return [] }
        let someFailed = cells.contains { $0.contains { $0.failed > 0 } }
        let note = "n/m: n of m seeds have a score so far"
        return ["", someFailed ? note + "; !: some have ended without one, `headstart status` says why" : note]
    }

    private var searchNotes: [String] { findings.isEmpty ? [] : ["", "settings found by search:"] + findings }

    private var markdown: String {
        let line = { (cells: [String]) in "| \(cells.joined(separator: " | ")) |" }
        let titles = ["method"] + columns.map(\.title)
        let rows = zip(methods, cells).map { method, row in
            [method] + row.map { "\($0.figures(plusMinus: " ± ") ?? "–") (\($0.countOfSeeds))" }
        }
        let rule = ["---"] + columns.map { _ in "---:" }
        return ([titles, rule] + rows.map { $0.map(escapedForMarkdown) }).map(line).joined(separator: "\n")
    }

    /// One line for each task, metric and method; means and deviations in percent.
    private var csv: String {
        var lines = [["task", "metric", "method", "mean", "deviation", "finished", "failed", "seeds"]]
        for (place, column) in columns.enumerated() {
            for (method, row) in zip(methods, cells) {
                let cell = row[place]
                lines.append([
                    column.task, column.metric.rawValue, method, cell.summary.map { percent($0.mean) } ?? "",
                    cell.summary?.deviation.map(percent) ?? "", "\(cell.finished)", "\(cell.failed)", "\(cell.seeds)",
                ])
            }
        }
        return lines.map { $0.map(quotedForCSV).joined(separator: ",") }.joined(separator: "\n")
    }

    /// A tabular in the style of the booktabs package. Cells that miss seeds say how many they have.
    private var latex: String {
        let rows = zip(methods, cells).map { method, row in
            ([escapedForLaTeX(method)] + row.map(\.latex)).joined(separator: " & ") + " \\\\"
        }
        let titles = (["method"] + columns.map { escapedForLaTeX($0.title) }).joined(separator: " & ")
        return
            ([
                "% \(sweep) on \(model): percent, mean and standard deviation over seeds",
                "\\begin{tabular}{l\(String(repeating: "r", count: columns.count))}", "\\toprule", titles + " \\\\",
                "\\midrule",
            ] + rows + ["\\bottomrule", "\\end{tabular}"]).joined(separator: "\n")
    }
}

extension ResultTable.Cell {
    fileprivate var latex: String {
        guard let figures = figures(plusMinus: " \\pm ") else { return "--" }
        return finished == seeds ? "$\(figures)$" : "$\(figures)$ (\(finished)/\(seeds))"
    }
}

func escapedForMarkdown(_ text: String) -> String { text.replacing("|", with: "\\|") }

/// A field as RFC 4180 has it.
func quotedForCSV(_ text: String) -> String {
    let isPlain = !text.contains { "\",\r\n".contains($0) || $0 == "\r\n" }
    return isPlain ? text : "\"\(text.replacing("\"", with: "\"\""))\""
}

func escapedForLaTeX(_ text: String) -> String {
    text.map { character in
        switch character {
        case "&", "%", "$", "#", "_", "{", "}": "\\\(character)"
        case "~": "\\textasciitilde{}"
        case "^": "\\textasciicircum{}"
        case "\\": "\\textbackslash{}"
        default: String(character)
        }
    }.joined()
}
