import Experiments
import Statistics

extension MethodComparison {
    /// What the numbers mean, in one sentence.
    package var verdict: String {
        let differences = overall.differences
        let differing = differences.wins + differences.losses
        if differing == 0 {
            return "'\(first)' and '\(second)' have the same score in \(counted(differences.all.count, "pair")): "
                + "nothing tells them apart."
        }
        if let student = overall.student { return verdict(student) }
        if differing < SignFlipTest.leastPairs() { return tooFew(differing) }
        return overall.test.pValue < SignFlipTest.level ? shown : "Within noise: \(outlook)."
    }

    private func verdict(_ student: StudentTest) -> String {
        if student.pValue < SignFlipTest.level { return shown }
        let reason =
            student.standardError == nil
            ? "there are too few folds with scores to know how much they vary"
            : "more seeds make each fold's mean surer, and more examples or folds the test"
        return "Within noise: \(reason)."
    }

    private var shown: String {
        "'\(better)' is better than '\(worse)' beyond noise: were neither better, chance would make a difference "
            + "this large in \(significant(overall.test.pValue * 100, 2)) % of such comparisons."
    }

    /// The method with the higher scores over all pairs.
    var better: String { overall.mean > 0 ? first : second }
    var worse: String { overall.mean > 0 ? second : first }

    private func tooFew(_ differing: Int) -> String {
        let all = overall.differences.all.count
        let pairs = all == differing ? counted(all, "pair") : "\(counted(all, "pair")), of which \(differing) differ,"
        let least = pValueText(SignFlipTest.leastValue(pairs: differing))
        return "\(pairs) can never go below p = \(least), so noise cannot be ruled out: \(outlook)."
    }

    /// How many runs would settle it.
    private var outlook: String {
        guard let pairs = overall.differences.pairsToShowIt else {
            return "at least \(SignFlipTest.leastPairs()) pairs that differ are needed"
        }
        let seeds = (pairs + tasks.count - 1) / tasks.count
        let runs = tasks.count == 1 ? "\(pairs) seeds" : "\(pairs) pairs, \(seeds) seeds on each task,"
        return "if the difference is what it seems, about \(runs) would show it four times in five"
    }
}
