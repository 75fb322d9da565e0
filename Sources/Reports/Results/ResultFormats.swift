import Experiments
import Statistics

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
        case .latex: sheet(marking: "bold") { $0.scores.count == $0.seeds ? "" : $0.remark }.latex
        case .csv: csv
        }
    }

    /// The table before it takes a form; the best of a column is set off in bold type.
    package var sheet: Sheet { sheet(marking: "bold") { $0.remark } }

    /// - Parameters:
    ///   - mark: what sets off the best method of a column.
    ///   - remark: what stands behind a cell's figures.
    private func sheet(marking mark: String, remark: (SeedScores) -> String) -> Sheet {
        let place = split == .dev ? "" : ", \(split.rawValue) set"
        var sheet = Sheet(
            title:
                "\(sweep) on \(model)\(place): percent, mean ± standard deviation (\(hasFolds ? "seeds × folds" : "seeds"))",
            columns: [("method", .left)] + columns.map { ($0.title, .right) })
        for (number, (method, row)) in zip(methods, cells).enumerated() {
            let figures = columns.indices.map { place in
                let cell = row[place]
                return cell.summary.map {
                    Sheet.Cell(
                        figures: $0.figures(cell.target?.metric ?? columns[place].metric), words: remark(cell),
                        isMarked: leaders[place] == .shown(number))
                } ?? Sheet.Cell(words: "\(cell.undefined > 0 ? "undefined" : "–") \(remark(cell))")
            }
            sheet.rows.append([.words(method)] + figures)
        }
        if let constantName {
            sheet.rows.append(
                [.words(constantName)]
                    + constants.map { $0.map { $0.value == nil ? .words($0.figure) : .figures($0.figure) } ?? .nothing }
            )
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
        let leaderNote = Leader.note(leaders, haveFolds: folds.map { $0 != nil }, marking: mark)
        let evaluationNote = EvaluationSet.note(evaluation, leaderNote == nil ? "± speaks" : "p and ± speak")
        return notes
            + [
                undefinedNote, constantNote, collapseNote, unitNote, targetNote, leaderNote, evaluationNote,
                foldNote, searchWarning, markWarning, earlierNote,
            ].compactMap { $0 }
    }

    private var earlierNote: String? {
        earlier.isEmpty
            ? nil
            : "rows of earlier settings are not in this table: \(earlier.joined(separator: "; ")); --all shows them"
    }

    private var hasFolds: Bool { folds.contains { $0 != nil } }

    /// What scores over folds are, and what can be said of them.
    private var foldNote: String? {
        guard hasFolds else { return nil }
        let tasks = zip(columns, folds).compactMap { column, count in count.map { "\(column.task) in \($0) folds" } }
            .distinct().joined(separator: ", ")
        guard split == .dev else {
            return
                "\(tasks): the models of all folds are scored on the same test file; no test here reckons with what they have "
                + "in common then, its examples besides those trained on, so none is marked"
        }
        let intervals = columns.indices.compactMap { place in
            bestMeanOverFolds(of: place).map { test, range in
                let figure = columns[place].metric.figure
                let bounds = "\(figure(range.lowerBound)) … \(figure(range.upperBound))"
                return "\(bounds) around \(figure(test.mean)) on \(columns[place].title)"
            }
        }
        let interval =
            intervals.isEmpty ? "" : "; 95 % intervals of the best means: \(intervals.joined(separator: ", "))"
        return
            "\(tasks): each fold is scored on once, after training on the others; what "
            + "two trainings share is reckoned with by the corrected resampled t-test (Nadeau and Bengio 2003), in which the "
            + "mean over a fold's seeds counts once\(interval)"
    }

    private func bestMeanOverFolds(of place: Int) -> (StudentTest, ClosedRange<Double>)? {
        let merit = columns[place].metric.merit
        let known = cells.map { $0[place] }.filter { $0.target == nil }
        let tests = known.compactMap { StudentTest(folds: $0.scores) }
        return tests.max { merit($0.mean) < merit($1.mean) }.flatMap { test in test.interval.map { (test, $0) } }
    }

    private var undefinedNote: String? {
        guard cells.contains(where: { $0.contains { $0.undefined > 0 } }) || constants.contains(where: \.isUndefined)
        else { return nil }
        return
            "undefined: the score has no value, as a correlation with what never changes or the area under a curve of "
            + "one class alone; no mean has it"
    }

    /// What the last row says of every example; nil where there is no such row.
    private var constantWords: String? {
        let known = zip(columns, constants).filter { $1 != nil }.map(\.0.metric.isForRegression)
        let words = [known.contains(false) ? "majority class" : nil, known.contains(true) ? "mean" : nil]
        return known.isEmpty ? nil : words.compactMap { $0 }.joined(separator: " or ")
    }

    /// In brackets, since it is that of no method.
    private var constantName: String? { constantWords.map { "(\($0))" } }

    private var constantNote: String? {
        constantWords.map {
            "(\($0)): a baseline and no method, which says the training set's \($0) of every example"
        }
    }

    /// Which stages tell no examples apart, and what the deviation of their scores means.
    private var collapseNote: String? {
        let collapsed = zip(methods, cells).flatMap { method, row in
            // Several metrics of a task are of the same predictions.
            zip(columns, row).filter { !$1.onlyLabels.isEmpty }.map { column, cell in
                let labels = Set(cell.onlyLabels.values).sorted().map { "'\($0)'" }.joined(separator: " or ")
                let task = cell.target?.task ?? column.task
                return (
                    words: "\(method) on \(task) (\(labels), \(cell.onlyLabels.count) of \(cell.seeds) seeds)",
                    isSteady: cell.onlyLabels.count > 1 && cell.summary?.deviation == 0
                )
            }
        }
        guard !collapsed.isEmpty else { return nil }
        let steady =
            collapsed.contains(where: \.isSteady)
            ? "; a ± of 0 is then that of saying always the same, and no sign of a method that is stable" : ""
        return "says one class of every example: \(collapsed.map(\.words).distinct().joined(separator: ", "))\(steady)"
    }

    private var unitNote: String? {
        let own = columns.filter { !$0.metric.isShare }.map(\.title)
        let errors = columns.filter(\.metric.isError).map(\.title)
        let notes = [
            own.isEmpty ? nil : "not in percent but in a unit of its own: \(own.joined(separator: ", "))",
            errors.isEmpty ? nil : "less is better: \(errors.joined(separator: ", "))",
        ].compactMap { $0 }
        return notes.isEmpty ? nil : notes.joined(separator: "; ")
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

    private var csv: String { commaSeparated(fields) }

    /// One line for each task, metric and method; means and deviations in percent.
    var fields: [[String]] {
        var lines = [["task", "metric", "method", "mean", "deviation", "finished", "failed", "seeds", "undefined"]]
        for (place, column) in columns.enumerated() {
            for (method, row) in zip(methods, cells) {
                let cell = row[place]
                let metric = cell.target?.metric ?? column.metric
                lines.append([
                    column.task, column.metric.rawValue, method, cell.summary.map { metric.figure($0.mean) } ?? "",
                    cell.summary?.deviation.map(metric.figure) ?? "", "\(cell.finished)", "\(cell.failed)",
                    "\(cell.seeds)", "\(cell.undefined)",
                ])
            }
            if let constantName, let constant = constants[place] {
                let figure = constant.value.map(column.metric.figure) ?? ""
                lines.append([column.task, column.metric.rawValue, constantName, figure, "", "", "", "", ""])
            }
        }
        return lines
    }
}

extension ResultTable.SeedScores {
    /// The seeds in brackets: "(4)", or "(3/4)" where scores are missing, with "!" where some will not come; and
    /// "(4, 1 undefined)".
    fileprivate var remark: String {
        let seeds = finished == seeds ? "\(seeds)" : "\(finished)/\(seeds)\(failed > 0 ? "!" : "")"
        return undefined > 0 && summary != nil ? "(\(seeds), \(undefined) undefined)" : "(\(seeds))"
    }
}

extension Score? {
    fileprivate var isUndefined: Bool { map { $0.value == nil } ?? false }
}
