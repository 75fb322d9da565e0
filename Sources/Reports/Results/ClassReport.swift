package import Experiments
import Statistics
import Tasks

/// What a score does not say: how each class fares, and which is taken for which. Of the results' own task, by method, over
/// the seeds.
package struct ClassReport: Hashable, Sendable {
    package let sweep: String
    package let model: String
    /// In the order of the table, those of which something is known.
    package let entries: [Entry]

    /// One method on one task.
    package struct Entry: Hashable, Sendable {
        package let cell: Cell
        /// Seeds whose results say something of classes, each as often as there are folds.
        package let seeds: Int
        package let classes: [Class]
        /// All seeds added up.
        package let confusion: Confusion

        var labels: [String] { classes.map(\.label) }
    }

    package struct Class: Hashable, Sendable {
        package let label: String
        /// Examples of the dev set that are of the class.
        package let examples: Int
        /// In the order of folds and seeds; nil where it is undefined, as the precision of what was never said.
        package let precision: [Double?]
        package let recall: [Double?]
        package let f1: [Double?]
    }

    /// Of one model on some examples of a task.
    /// - Parameters:
    ///   - method: what was trained.
    ///   - model: what it was trained from.
    package init(method: String, model: String, task: TaskDefinition, _ confusion: Confusion) {
        sweep = method
        self.model = model
        let entry = Entry(Cell(task: task.name, method: method), task.labels ?? [], [(nil, confusion)])
        entries = [entry].compactMap(\.self)
    }

    package init(_ snapshot: SweepSnapshot) {
        let plan = snapshot.plan
        sweep = plan.name
        model = plan.model.name
        let rows = Dictionary(grouping: plan.rows) { $0.cell }
        entries = plan.rows.map(\.cell).distinct().compactMap { cell in
            let rows = (rows[cell] ?? []).filter { plan.otherTarget(of: $0) == nil }
            let runs = rows.compactMap { row in snapshot.result(of: row)?.confusion.map { (row.fold, $0) } }
            return plan.trained(cell.task).first?.definition.labels.flatMap { Entry(cell, $0, runs) }
        }
    }
}

extension ClassReport.Entry {
    /// - Returns: nil where nothing is known.
    fileprivate init?(_ cell: Cell, _ labels: [String], _ runs: [(fold: Fold?, confusion: Confusion)]) {
        guard !runs.isEmpty else { return nil }
        let counts = runs.map { ClassCounts($0.confusion) }
        let folds = runs.map(\.fold)
        // Every seed is scored on the same examples, and every fold on others.
        let firstOfFolds = folds.distinct().compactMap { fold in folds.firstIndex(of: fold) }
        self.init(
            cell: cell, seeds: runs.count,
            classes: labels.enumerated().map { place, label in
                ClassReport.Class(
                    label: label, examples: firstOfFolds.reduce(0) { $0 + counts[$1].support(of: place) },
                    precision: counts.map { $0.precision(of: place) }, recall: counts.map { $0.recall(of: place) },
                    f1: counts.map { $0.f1(of: place) })
            },
            confusion: Confusion(sum: runs.map(\.confusion)))
    }
}

/// How each class fares.
extension ClassReport {
    package func classes(_ format: ResultFormat, width: Int = 100) -> String {
        if format == .csv { return classesCSV }
        let sheets = entries.map(\.cell.task).distinct().map { task in classSheet(of: task) }
        return sheets.map { $0.rendered(format, width: width) }.joined(separator: "\n\n")
    }

    private func classSheet(of task: String) -> Sheet {
        let over = entries.contains { $0.seeds > 1 } ? ", mean ± standard deviation over the seeds" : ""
        var sheet = Sheet(
            title: "\(sweep) on \(model), \(task) by class: percent\(over)",
            columns: [
                ("method", .left), ("class", .left), ("examples", .right), ("precision", .right), ("recall", .right),
                ("F1", .right),
            ], fixed: 2)
        for entry in entries where entry.cell.task == task {
            sheet.rows += entry.classes.map { of in
                [.words(entry.cell.method), .words(of.label), .figures("\(of.examples)")]
                    + [of.precision, of.recall, of.f1].map(Self.cell)
            }
        }
        let all = entries.filter { $0.cell.task == task }.flatMap(\.classes).flatMap {
            $0.precision + $0.recall + $0.f1
        }
        if all.contains(where: { $0 == nil }) {
            sheet.notes = ["undefined: what was never said has no precision, and what is not there no recall"]
        }
        return sheet
    }

    private static func cell(_ seeds: [Double?]) -> Sheet.Cell {
        let undefined = seeds.count { $0 == nil }
        return Summary(seeds.compactMap(\.self)).map {
            Sheet.Cell(figures: $0.figures, words: undefined > 0 ? "(\(undefined) of \(seeds.count) undefined)" : "")
        } ?? .words("undefined")
    }

    private var classesCSV: String {
        let titles =
            ["task", "method", "class", "examples", "seeds"]
            + ["precision", "recall", "f1"].flatMap { [$0, "\($0)-deviation", "\($0)-undefined"] }
        let lines = entries.flatMap { entry in
            entry.classes.map { of in
                [entry.cell.task, entry.cell.method, of.label, "\(of.examples)", "\(entry.seeds)"]
                    + [of.precision, of.recall, of.f1].flatMap { seeds in
                        let summary = Summary(seeds.compactMap(\.self))
                        return [
                            summary.map { percent($0.mean) } ?? "", summary?.deviation.map(percent) ?? "",
                            "\(seeds.count { $0 == nil })",
                        ]
                    }
            }
        }
        return commaSeparated([titles] + lines)
    }
}

/// Which class is taken for which.
extension ClassReport {
    package func confusion(_ format: ResultFormat, width: Int = 100) -> String {
        if format == .csv { return confusionCSV }
        return entries.map { confusionSheet(of: $0).rendered(format, width: width) }.joined(separator: "\n\n")
    }

    private func confusionSheet(of entry: Entry) -> Sheet {
        let over = entry.seeds == 1 ? "" : ", \(entry.seeds) seeds added up"
        var sheet = Sheet(
            title:
                "\(entry.cell.task) \(entry.cell.method): examples by what is right (down) and what was said (across)\(over)",
            columns: [("right", .left)] + entry.labels.map { ($0, .right) })
        sheet.rows = entry.labels.enumerated().map { place, label in
            [.words(label)] + entry.labels.indices.map { .figures("\(entry.count(expected: place, predicted: $0))") }
        }
        return sheet
    }

    private var confusionCSV: String {
        let lines = entries.flatMap { entry in
            entry.confusion.entries.map {
                [
                    entry.cell.task, entry.cell.method, "\(entry.seeds)", entry.label($0.expected),
                    entry.label($0.predicted), "\($0.count)",
                ]
            }
        }
        return commaSeparated([["task", "method", "seeds", "right", "said", "count"]] + lines)
    }
}

extension ClassReport.Entry {
    fileprivate func count(expected: Int, predicted: Int) -> Int {
        confusion.entries.first { $0.expected == expected && $0.predicted == predicted }?.count ?? 0
    }

    /// A class that the task no longer names has its number.
    fileprivate func label(_ place: Int) -> String { labels.indices.contains(place) ? labels[place] : "\(place)" }
}

extension ClassReport: Encodable {
    package func encode(to encoder: any Encoder) throws { try encoder.encode(["entries": entries]) }
}

extension ClassReport.Entry: Encodable {
    /// The confusion as `[expected, predicted, count]`, classes by their places.
    package func encode(to encoder: any Encoder) throws {
        try encoder.encode([
            "task": cell.task, "method": cell.method, "seeds": seeds, "classes": classes, "confusion": confusion,
        ])
    }
}

extension ClassReport.Class: Encodable {}
