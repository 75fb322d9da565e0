extension PairedDifferences {
    /// The permutation test inverted (Hartigan 1969): the differences that the test does not reject at its level, where
    /// taking one of them off every pair is what would make the methods equal. It leaves out 0 exactly where the test
    /// of the pairs falls below the level.
    ///
    /// - Parameter draws: sign patterns of each test that cannot count all.
    /// - Returns: nil where there are too few pairs to reject any difference, however large: it has no bounds.
    package func permutationInterval(draws: Int = 100_000) -> ClosedRange<Double>? {
        guard all.count >= SignFlipTest.leastPairs(), let least = all.min(), let most = all.max() else { return nil }
        let spread = most - least
        // Differences that are equal but for rounding are equal: any other is rejected.
        guard spread > 1e-12 * max(abs(least), abs(most)) else { return mean...mean }
        let test = ShiftedSignFlipTest(all, draws: draws)
        // 0 is tried itself: whether the interval holds it is what people ask.
        let holdsZero = test.isKept(0)
        return bound(within: least - spread, holdsZero, test)...bound(within: most + spread, holdsZero, test)
    }

    /// Halves the way from the mean, which is never rejected, to what is beyond all differences and always is. The
    /// p-value only falls on this way: each sign pattern is as extreme as what was observed up to one difference, the
    /// mean of the pairs that it turns round.
    private func bound(within outside: Double, _ holdsZero: Bool, _ test: ShiftedSignFlipTest) -> Double {
        var (kept, rejected) = (mean, outside)
        if (kept < 0) != (rejected < 0) {
            if holdsZero { kept = 0 } else { rejected = 0 }
        }
        for _ in 0..<40 {
            let middle = (kept + rejected) / 2
            if test.isKept(middle) { kept = middle } else { rejected = middle }
        }
        // A bound that is 0 but for rounding is 0.
        return holdsZero && abs(kept) < 1e-9 * abs(outside - mean) ? 0 : kept
    }
}
