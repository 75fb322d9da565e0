import Experiments
import Statistics

extension MethodComparison {
    package func rendered(_ format: ResultFormat, width: Int = 100) -> String {
        format == .csv ? csv : sheet.rendered(format, width: width)
    }

    private var sheet: Sheet {
        var sheet = Sheet(
            title: "\(sweep) on \(model): \(first) less \(second), over the seeds that both have; percentage points",
            columns: [
                ("task", .left), ("pairs", .right), (first, .right), (second, .right), ("difference", .right),
                ("95 % interval", .right), ("w/l/t", .right), ("p", .right),
            ])
        for task in tasks {
            let means = [\Pair.first, \Pair.second].map { side in
                percent(task.pairs.map { $0[keyPath: side] }.reduce(0, +) / Double(task.pairs.count))
            }
            sheet.rows.append([.words("\(task.task) \(task.metric.rawValue)")] + cells(task.evidence, means: means))
        }
        if tasks.count > 1 { sheet.rows.append([.words("all")] + cells(overall, means: ["", ""])) }
        sheet.notes = [verdict] + explanations
        return sheet
    }

    private func cells(_ evidence: Evidence, means: [String]) -> [Sheet.Cell] {
        let differences = evidence.differences
        let interval = evidence.interval.map {
            Sheet.Cell.figures("\(signedPercent($0.lowerBound)) … \(signedPercent($0.upperBound))")
        }
        return [.figures("\(differences.all.count)")] + means.map(Sheet.Cell.figures)
            + [.figures(signedPercent(differences.mean)), interval ?? .nothing]
            + [
                .figures("\(differences.wins)/\(differences.losses)/\(differences.ties)"),
                .figures(pValueText(evidence.test.pValue)),
            ]
    }

    private var explanations: [String] {
        let counted = overall.test.draws.map { "\($0) sign patterns drawn, always the same ones" }
        let method =
            "p: two-sided paired permutation test of the differences' signs, \(counted ?? "all patterns counted"). "
            + "Interval: percentile bootstrap of the mean difference, pairs drawn within each task. "
            + "w/l/t: wins, losses and ties of \(first)."
        return [method, leftOutNote, searchWarning].compactMap { $0 }
    }

    /// "Left out, as one of the two has no score: cb seed 3; rte seeds 1, 2."
    private var leftOutNote: String? {
        guard !leftOut.isEmpty else { return nil }
        var seeds: [(task: String, seeds: [String])] = []
        for pair in leftOut {
            if seeds.last?.task != pair.task { seeds.append((pair.task, [])) }
            seeds[seeds.count - 1].seeds.append("\(pair.seed)")
        }
        let list = seeds.map { "\($0.task) seed\($0.seeds.count == 1 ? "" : "s") \($0.seeds.joined(separator: ", "))" }
        return "Left out, as one of the two has no score: \(list.joined(separator: "; "))."
    }

    /// One line for each pair.
    private var csv: String {
        commaSeparated(
            [["task", "metric", "seed", first, second, "difference"]]
                + tasks.flatMap { task in
                    task.pairs.map { pair in
                        [task.task, task.metric.rawValue, "\(pair.seed)"]
                            + [pair.first, pair.second, pair.first - pair.second].map(percent)
                    }
                })
    }
}

extension MethodComparison: Encodable {
    package func encode(to encoder: any Encoder) throws {
        try encoder.encode([
            "sweep": sweep, "model": model, "first": first, "second": second, "tasks": tasks, "overall": overall,
            "leftOut": leftOut, "searchWarning": searchWarning, "verdict": verdict,
        ])
    }
}

extension MethodComparison.Evidence: Encodable {
    /// Every key is there, `interval` and `draws` as null where there are none.
    package func encode(to encoder: any Encoder) throws {
        try encoder.encode([
            "pairs": differences.all.count, "mean": differences.mean,
            "interval": interval.map { [$0.lowerBound, $0.upperBound] }, "wins": differences.wins,
            "losses": differences.losses, "ties": differences.ties, "pValue": test.pValue, "draws": test.draws,
        ])
    }
}
