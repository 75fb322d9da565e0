import Experiments
package import Statistics

/// Which of several methods of a sweep are better than which: all pairs of them, with p-values corrected for the number of
/// pairs.
package struct PairwiseComparison: Hashable, Sendable {
    package let sweep: String
    package let model: String
    package let methods: [String]
    /// At least one. The first method with each other, then the second with each behind it, and so on.
    package let comparisons: [MethodComparison]
    /// The p-value of each comparison over all its pairs, corrected by Holm's procedure.
    package let corrected: [Double]
    /// What the examples of each task add, around the best mean.
    package let evaluation: [EvaluationSet]
    /// That settings of the methods were searched on what is compared; nil where they were not.
    package let searchWarning: String?

    /// - Parameter methods: at least two.
    package init(
        _ snapshot: SweepSnapshot, _ methods: [String], intervals: IntervalMethod = .permutation
    ) throws(ComparisonError) {
        var comparisons: [MethodComparison] = []
        for (place, first) in methods.enumerated() {
            for second in methods[(place + 1)...] {
                comparisons.append(try MethodComparison(snapshot, first, second, intervals: intervals))
            }
        }
        sweep = snapshot.plan.name
        model = snapshot.plan.model.name
        self.methods = methods
        self.comparisons = comparisons
        corrected = holm(comparisons.map(\.overall.test.pValue))
        let sets = Dictionary(grouping: comparisons.flatMap(\.evaluation)) { $0.column }
        evaluation = comparisons.flatMap(\.evaluation).map(\.column).distinct().compactMap { column in
            sets[column]?.max { column.metric.merit($0.mean) < column.metric.merit($1.mean) }
        }
        searchWarning = snapshot.plan.searchWarning(of: methods)
    }

    /// What the numbers mean, in one sentence.
    package var verdict: String {
        let family = counted(comparisons.count, "comparison")
        let shown = zip(comparisons, corrected).filter { $1 < SignFlipTest.level }.map { comparison, pValue in
            "'\(comparison.better)' is better than '\(comparison.worse)' (p = \(pValueText(pValue)))"
        }
        if !shown.isEmpty {
            let others = shown.count == comparisons.count ? "" : "; the others are within it"
            return "Beyond noise, corrected for \(family): \(shown.joined(separator: ", "))\(others)."
        }
        let most = comparisons.map { $0.overall.differences.wins + $0.overall.differences.losses }.max() ?? 0
        if most == 0 { return "All have the same scores: nothing tells them apart." }
        let within = "Within noise: none of \(family) is beyond it, corrected for their number."
        if comparisons.contains(where: { $0.overall.student != nil }) { return within }
        return tooFew(pairs: most, "pair", tests: comparisons.count, "comparisons").map {
            "Noise cannot be ruled out: \($0)."
        } ?? within
    }
}

extension PairwiseComparison {
    package func rendered(_ format: ResultFormat, width: Int = 100) -> String {
        format == .csv ? csv : sheet.rendered(format, width: width)
    }

    package var sheet: Sheet {
        var sheet = Sheet(
            title:
                "\(sweep) on \(model): each pair of \(methods.count) methods, the first less the second, over the tasks "
                + "and seeds that both have; percentage points",
            columns: [("first", .left), ("second", .left), ("pairs", .right)] + Evidence.titles
                + [("p (Holm)", .right)], fixed: 2)
        for (comparison, pValue) in zip(comparisons, corrected) {
            sheet.rows.append(
                [.words(comparison.first), .words(comparison.second)]
                    + [.figures("\(comparison.overall.differences.all.count)")] + comparison.overall.cells
                    + [.figures(pValueText(pValue))])
        }
        sheet.notes = [verdict] + explanations
        return sheet
    }

    private var explanations: [String] {
        let rows = comparisons.map(\.overall)
        let words =
            "\(Evidence.words(rows)) Both are of each comparison by itself; p (Holm) is corrected for all of them, and what is "
            + "said here goes by it. w/l/t: wins, losses and ties of the first. `--compare` with two methods shows each task."
        let leftOut = comparisons.contains { !$0.leftOut.isEmpty }
        return [
            words, comparisons.first?.unitNote, Evidence.unboundedNote(rows),
            EvaluationSet.note(evaluation, "p and the interval speak"),
            leftOut ? "Seeds that one of the two has no score of are left out." : nil, searchWarning,
        ].compactMap { $0 }
    }

    /// One line for each comparison.
    private var csv: String {
        let titles = [
            "first", "second", "pairs", "difference", "low", "high", "wins", "losses", "ties", "p", "p-holm",
        ]
        let lines = zip(comparisons, corrected).map { comparison, pValue in
            let evidence = comparison.overall
            let differences = evidence.differences
            return [comparison.first, comparison.second, "\(differences.all.count)", percent(evidence.mean)]
                + [evidence.interval?.lowerBound, evidence.interval?.upperBound].map { $0.map(percent) ?? "" }
                + [differences.wins, differences.losses, differences.ties].map { "\($0)" }
                + [evidence.test.pValue, pValue].map(pValueText)
        }
        return commaSeparated([titles] + lines)
    }
}

extension PairwiseComparison: Encodable {
    package func encode(to encoder: any Encoder) throws {
        try encoder.encode([
            "sweep": sweep, "model": model, "methods": methods,
            "comparisons": zip(comparisons, corrected).map(Entry.init), "evaluation": evaluation,
            "searchWarning": searchWarning, "verdict": verdict,
        ])
    }

    /// Without the verdict on it alone, which is not corrected.
    private struct Entry: Encodable {
        let comparison: MethodComparison
        let corrected: Double

        func encode(to encoder: any Encoder) throws {
            try encoder.encode([
                "first": comparison.first, "second": comparison.second, "tasks": comparison.tasks,
                "overall": comparison.overall, "correctedPValue": corrected, "leftOut": comparison.leftOut,
            ])
        }
    }
}
