package import Statistics

/// What a set of paired differences says.
package struct Evidence: Hashable, Sendable {
    package let differences: PairedDifferences
    /// The 95 % interval of the mean difference; nil where there are too few pairs for bounds.
    package let interval: ClosedRange<Double>?
    package let intervalMethod: IntervalMethod
    package let test: Test

    package enum Test: Hashable, Sendable {
        /// Over seeds.
        case signFlip(SignFlipTest)
        /// Where some of the tasks have folds; the interval is this test's, too.
        case student(StudentTest)

        package var pValue: Double {
            switch self {
            case .signFlip(let test): test.pValue
            case .student(let test): test.pValue
            }
        }

        var draws: Int? { if case .signFlip(let test) = self { test.draws } else { nil } }
    }

    /// - Parameter student: the test of the differences where some are those of folds.
    init(_ differences: PairedDifferences, _ intervalMethod: IntervalMethod, student: StudentTest? = nil) {
        self.differences = differences
        self.intervalMethod = intervalMethod
        interval = student.map(\.interval) ?? differences.interval(by: intervalMethod)
        test = student.map(Test.student) ?? .signFlip(SignFlipTest(differences.all))
    }

    /// The test of folds; nil where there are seeds alone.
    package var student: StudentTest? { if case .student(let test) = test { test } else { nil } }

    private var isUnbounded: Bool { interval == nil && intervalMethod == .permutation && student == nil }

    /// What the interval is around.
    package var mean: Double { student?.mean ?? differences.mean }
}

extension Evidence {
    /// The columns that `cells` fill.
    static let titles: [(title: String, alignment: Columns.Alignment)] = [
        ("difference", .right), ("95 % interval", .right), ("w/l/t", .right), ("p", .right),
    ]

    var cells: [Sheet.Cell] {
        let bounds = interval.map {
            Sheet.Cell.figures("\(signedPercent($0.lowerBound)) … \(signedPercent($0.upperBound))")
        }
        return [
            .figures(signedPercent(mean)), bounds ?? (isUnbounded ? .words("unbounded") : .nothing),
            .figures("\(differences.wins)/\(differences.losses)/\(differences.ties)"),
            .figures(pValueText(test.pValue)),
        ]
    }

    /// How p and the intervals of some rows came about.
    static func words(_ rows: [Evidence]) -> String {
        let seeds = rows.filter { $0.student == nil }
        return [seeds.isEmpty ? nil : wordsOfSeeds(seeds), seeds.count < rows.count ? wordsOfFolds : nil]
            .compactMap(\.self).joined(separator: " ")
    }

    private static let wordsOfFolds =
        "p over folds: two-sided corrected resampled t-test (Nadeau and Bengio 2003), as the folds' training sets share "
        + "examples; the mean over a fold's seeds counts once, and tasks without folds join it by Welch's. Interval: the "
        + "same test's, whatever `--interval` says."

    private static func wordsOfSeeds(_ rows: [Evidence]) -> String {
        let drawn = rows.compactMap(\.test.draws).first
        let patterns = drawn.map { "\($0) sign patterns drawn, always the same ones" } ?? "all patterns counted"
        let interval =
            switch rows.first?.intervalMethod {
            case .permutation, nil: "the differences that this test does not reject"
            case .bootstrap:
                "percentile bootstrap of the mean difference, pairs drawn within each task; with few pairs it is narrower "
                    + "than it should be, and may leave out 0 where p does not say so"
            }
        return "p: two-sided paired permutation test of the differences' signs, \(patterns). Interval: \(interval)."
    }

    /// - Returns: nil where all have bounds.
    static func unboundedNote(_ rows: [Evidence]) -> String? {
        guard rows.contains(where: \.isUnbounded) else { return nil }
        return
            "unbounded: with fewer than \(SignFlipTest.leastPairs()) pairs the test rejects no difference, however large."
    }
}

extension Evidence: Encodable {
    /// Every key is there, `interval` and `draws` as null where there are none.
    package func encode(to encoder: any Encoder) throws {
        try encoder.encode([
            "pairs": differences.all.count, "mean": mean,
            "interval": interval.map { [$0.lowerBound, $0.upperBound] },
            "intervalMethod": student == nil ? intervalMethod.rawValue : "corrected-t",
            "wins": differences.wins, "losses": differences.losses, "ties": differences.ties, "pValue": test.pValue,
            "draws": test.draws,
        ])
    }
}
