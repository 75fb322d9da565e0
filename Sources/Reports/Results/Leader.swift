package import Experiments
import Statistics

/// What can be said of the best method of a column.
package enum Leader: Hashable, Sendable {
    /// Fewer than two methods have scores.
    case alone
    /// The difference between the best and the next may be chance; they share so many seeds with scores, nil where they
    /// were compared over folds.
    case open(seeds: Int?)
    /// The best is this method.
    case shown(Int)
}

extension Leader {
    /// The leaders of a table's columns. In each, the method with the highest mean is held against the one with the next
    /// highest, over the seeds that both have scores of. It leads where the paired permutation test, or over folds the
    /// corrected resampled t-test, falls below 0.05 after Holm's correction for the number of columns.
    /// - Parameter columns: scores by method, then by what was trained.
    package static func leaders(of columns: [[[Repetition: Double]]]) -> [Leader] {
        let races = columns.map(Race.init)
        var corrected = holm(races.compactMap { $0?.pValue })[...]
        return races.map { race in
            guard let race, let pValue = corrected.popFirst() else { return .alone }
            return pValue < SignFlipTest.level ? .shown(race.best) : .open(seeds: race.seeds)
        }
    }

    /// - Parameter haveFolds: of each column whether its task has folds.
    /// - Returns: nil where no column has two methods to compare.
    static func note(_ leaders: [Leader], haveFolds: [Bool], marking mark: String) -> String? {
        let compared = zip(leaders, haveFolds).filter { $0.0 != .alone }
        guard !compared.isEmpty else { return nil }
        let family = compared.count == 1 ? "" : " after Holm's correction for the table's \(compared.count) columns"
        let tests = [
            compared.contains { !$0.1 } ? "paired permutation test over the seeds" : nil,
            compared.contains { $0.1 } ? "corrected resampled t-test over the folds" : nil,
        ].compactMap(\.self)
        let rule = "\(tests.joined(separator: ", ")), p < 0.05\(family)"
        if compared.contains(where: { if case .shown = $0.0 { true } else { false } }) {
            return "\(mark): better than the next best beyond noise (\(rule)); elsewhere the best is not told apart"
        }
        let nowhere = "nowhere is it beyond noise of the next (\(rule))"
        let seeds = compared.compactMap { if case .open(let seeds) = $0.0 { seeds } else { nil } }
        guard seeds.count == compared.count, let most = seeds.max() else {
            return "no method is marked as best: \(nowhere)"
        }
        guard most > 0 else { return "no method is marked as best: the best and the next have no seed in common" }
        return "no method is marked as best: "
            + (tooFew(pairs: most, "seed", tests: compared.count, "columns") ?? nowhere)
    }
}

/// The best method of a column against the next best.
private struct Race {
    let best: Int
    /// nil where there are folds.
    let seeds: Int?
    let pValue: Double

    /// - Returns: nil where fewer than two methods have scores.
    init?(_ scores: [[Repetition: Double]]) {
        let ranking = scores.indices.compactMap { place in mean(scores[place]).map { (place: place, mean: $0) } }
            .sorted { ($1.mean, $0.place) < ($0.mean, $1.place) }
        guard ranking.count > 1 else { return nil }
        let (leading, next) = (scores[ranking[0].place], scores[ranking[1].place])
        let shared = leading.keys.filter { next[$0] != nil }
        let differences = Dictionary(uniqueKeysWithValues: shared.map { ($0, (leading[$0] ?? 0) - (next[$0] ?? 0)) })
        best = ranking[0].place
        if let test = StudentTest(folds: differences) {
            (seeds, pValue) = (nil, test.pValue)
        } else {
            seeds = differences.count
            pValue = SignFlipTest(differences.sorted { $0.key < $1.key }.map(\.value)).pValue
        }
    }
}

/// Why so few pairs show nothing, and how many would be needed: "over 2 seeds a paired test cannot go below p = 0.5, or 1
/// after Holm's correction for 3 columns; 7 seeds are the fewest that could show anything".
/// - Parameters:
///   - pairs: of the test that has most of them.
///   - unit: what one pair is.
///   - family: what each of the tests is of.
/// - Returns: nil where they could.
func tooFew(pairs: Int, _ unit: String, tests: Int, _ family: String) -> String? {
    let least = SignFlipTest.leastPairs(of: tests)
    guard pairs < least else { return nil }
    let value = SignFlipTest.leastValue(pairs: pairs)
    let corrected = pValueText(min(1, value * Double(tests)))
    let correction = tests == 1 ? "" : ", or \(corrected) after Holm's correction for \(tests) \(family)"
    return "over \(counted(pairs, unit)) a paired test cannot go below p = \(pValueText(value))\(correction); "
        + "\(least) \(unit)s are the fewest that could show anything"
}

/// - Returns: nil where there are no scores.
private func mean(_ scores: [Repetition: Double]) -> Double? {
    // In the order of the seeds, so that equal scores have equal means to the last bit.
    Summary(scores.sorted { $0.key < $1.key }.map(\.value))?.mean
}
