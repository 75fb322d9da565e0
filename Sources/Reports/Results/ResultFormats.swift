/// How a table is written.
package enum ResultFormat: String, CaseIterable, Sendable {
    case text, markdown, csv, latex
}

extension ResultTable {
    /// - Parameter width: columns of the terminal; only `text` heeds it.
    package func rendered(_ format: ResultFormat, width: Int = 100) -> String {
        switch format {
        case .text: sheet(marking: "*") { $0.remark }.text(width: width)
        case .markdown: sheet(marking: "bold") { $0.remark }.markdown
        // A cell of a printed table is silent about its seeds, unless some are missing.
        case .latex: sheet(marking: "bold") { $0.finished == $0.seeds ? "" : $0.remark }.latex
        case .csv: csv
        }
    }

    /// - Parameters:
    ///   - mark: what sets off the best method of a column.
    ///   - remark: what stands behind a cell's figures.
    private func sheet(marking mark: String, remark: (SeedScores) -> String) -> Sheet {
        var sheet = Sheet(
            title: "\(sweep) on \(model): percent, mean ± standard deviation (seeds)",
            columns: [("method", .left)] + columns.map { ($0.title, .right) })
        for (number, (method, row)) in zip(methods, cells).enumerated() {
            let figures = zip(row, leaders).map { cell, leader in
                cell.summary.map {
                    Sheet.Cell(figures: $0.figures, words: remark(cell), isMarked: leader == .shown(number))
                } ?? Sheet.Cell(words: "– \(remark(cell))")
            }
            sheet.rows.append([.words(method)] + figures)
        }
        sheet.notes = notes(marking: mark)
        if !findings.isEmpty { sheet.details = ["settings found by search:"] + findings }
        return sheet
    }

    /// What the marks mean, and why there are none.
    private func notes(marking mark: String) -> [String] {
        var notes: [String] = []
        if !isComplete {
            let someFailed = cells.contains { $0.contains { $0.failed > 0 } }
            let note = "n/m: n of m seeds have a score so far"
            notes.append(someFailed ? note + "; !: some have ended without one, `headstart status` says why" : note)
        }
        let leaderNote = Leader.note(leaders, marking: mark)
        let evaluationNote = EvaluationSet.note(evaluation, leaderNote == nil ? "± speaks" : "p and ± speak")
        return notes + [targetNote, leaderNote, evaluationNote, searchWarning, markWarning].compactMap { $0 }
    }

    /// What marks of methods that were searched on what is reported do not say.
    private var markWarning: String? {
        let marked = leaders.compactMap { if case .shown(let place) = $0 { methods[place] } else { nil } }
        let doubtful = searchedOnDev.filter(marked.contains)
        return doubtful.isEmpty
            ? nil
            : "the test behind a mark knows nothing of a search; doubt those of \(doubtful.joined(separator: ", "))"
    }

    /// "scored on another task than the column's: lora-then-rte (rte accuracy)".
    private var targetNote: String? {
        let others = zip(methods, cells).compactMap { method, row in
            row.compactMap(\.target).first.map { "\(method) (\($0.title))" }
        }
        return others.isEmpty
            ? nil : "scored on another task than the column's: \(others.joined(separator: ", "))"
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
        return commaSeparated(lines)
    }
}

extension ResultTable.SeedScores {
    /// The seeds in brackets: "(4)", or "(3/4)" where scores are missing, with "!" where some will not come.
    fileprivate var remark: String {
        finished == seeds ? "(\(seeds))" : "(\(finished)/\(seeds)\(failed > 0 ? "!" : ""))"
    }
}
