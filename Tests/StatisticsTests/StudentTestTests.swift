import Experiments
import Foundation
import Numerics
import Statistics
import Testing

struct StudentTestTests {
    // MARK: - Against SciPy

    /// scipy.stats.ttest_1samp(values, 0) of SciPy 1.16: p-value and confidence_interval(0.95).
    @Test(arguments: references)
    func `without overlap it is the test of SciPy`(_ values: [Double], _ pValue: Double, _ low: Double, _ high: Double)
    {
        let test = StudentTest(values)
        #expect(abs(test.pValue - pValue) < 1e-9)
        #expect(abs((test.interval?.lowerBound ?? .nan) - low) < 1e-9)
        #expect(abs((test.interval?.upperBound ?? .nan) - high) < 1e-9)
    }

    static let references: [([Double], Double, Double, Double)] = [
        ([0.02, 0.01, -0.005, 0.03], 0.162733109824, -0.0100075886999, 0.0375075886999),
        ([0.1, 0.3], 0.295167235301, -1.07062047362, 1.47062047362),
        ([1, 2, -1, 0.5, 3, 2.5, -0.25, 1.5, 0.75, 2], 0.0138987384114, 0.308590152043, 2.09140984796),
        ([0.01, 0.02, 0.015, 0.03, 0.01, -0.02, 0.04], 0.0808671202252, -0.00250704746234, 0.0325070474623),
    ]

    /// Nadeau and Bengio (2003): t is the mean over the root of (1/J + n2/n1) times the variance, with J - 1 degrees of
    /// freedom; of 5 folds n2/n1 is 1/4. By hand: mean 0.02, variance 0.00025, t = 0.02 / sqrt(0.45 * 0.00025), and
    /// 2 * scipy.stats.t.sf(t, 4).
    @Test func `folds count by the corrected variance`() throws {
        let values = [0.00, 0.01, 0.02, 0.03, 0.04]
        let test = try #require(StudentTest(folds: folds(values.map { [$0] })))
        #expect(abs(test.mean - 0.02) < 1e-15 && test.degreesOfFreedom == 4)
        #expect(abs((test.standardError ?? 0) - (0.45 * 0.00025).squareRoot()) < 1e-15)
        #expect(abs(test.pValue - 0.13241892222) < 1e-9)
        #expect(test.pValue > StudentTest(values).pValue, "it claims less than if the folds shared nothing")
    }

    @Test func `seeds repeat a fold and make no more of it`() throws {
        let means = [0.01, 0.03, 0.02, 0.05, 0.00]
        let one = try #require(StudentTest(folds: folds(means.map { [$0] })))
        let four = try #require(
            StudentTest(folds: folds(means.map { mean in [-3, -1, 1, 3].map { mean + 0.01 * $0 } })))
        #expect(abs(one.pValue - four.pValue) < 1e-12 && four.degreesOfFreedom == 4)
        #expect(
            StudentTest(folds: [Repetition(seed: 1): 0.1, Repetition(seed: 2): 0.2]) == nil, "seeds alone have none")
    }

    @Test func `what is known of no spread is not believed`() throws {
        let same = try #require(StudentTest(folds: folds([[0.02], [0.02], [0.02]])))
        #expect(same.pValue == 1 && same.interval == nil)
        let equal = try #require(StudentTest(folds: folds([[0], [0], [0]])))
        #expect(equal.pValue == 1 && equal.interval == 0...0)
        let single = try #require(StudentTest(folds: [Repetition(fold: Fold(2, of: 5), seed: 1): 0.02]))
        #expect(single.pValue == 1 && single.interval == nil)
    }

    @Test func `the interval leaves out 0 exactly where p is below 0.05`() {
        for trial in 0..<300 {
            let random = CounterRandom(seed: 2, purpose: Purpose.scores, example: trial)
            let test = StudentTest((0..<(2 + trial % 9)).map { 0.8 + random.normal($0) }, overlap: 0.25)
            #expect(test.interval?.contains(0) == (test.pValue >= 0.05))
        }
    }

    /// Welch's test of two samples is that of two means with the weights 1 and -1:
    /// scipy.stats.ttest_ind(first, second, equal_var=False) has 3.418 degrees of freedom, here rounded down.
    @Test func `means of several tasks are combined by Welch's degrees of freedom`() {
        let (first, second) = (StudentTest([0.1, 0.3, 0.2, 0.6]), StudentTest([0.2, 0.1, 0.15]))
        let test = StudentTest(combining: [(first, 0.5), (second, 0.5)])
        #expect(test.degreesOfFreedom == 3)
        #expect(abs(test.mean - 0.225) < 1e-15)
        #expect(abs((test.standardError ?? 0) - 0.055901699437495) < 1e-12)
        let unknown = StudentTest(combining: [(first, 0.5), (StudentTest([0.1]), 0.5)])
        #expect(unknown.pValue == 1 && unknown.interval == nil)
    }

    // MARK: - Where nothing is to be found

    private enum Purpose: UInt32 { case scores }

    /// How often 1,000 sweeps in which neither method is better may be said to show a difference: 5 in 100, give or take
    /// 1.5.
    private static let allowed = 35...65

    /// The differences of 5 folds over 4 seeds. Means of folds have in common what their training sets share: a
    /// correlation of 1/5, the share of the examples that a fold is scored on (Nadeau and Bengio 2003, section 3).
    private func nullFolds(_ trial: Int, folds count: Int, seeds: Int) -> [Repetition: Double] {
        let random = CounterRandom(seed: 7, purpose: Purpose.scores, example: trial)
        let correlation = 1 / Double(count)
        // Of the variance of a fold's mean half is of the seeds.
        let common = correlation.squareRoot() * random.normal(0)
        let means = (1...count).map { common + ((1 - correlation) / 2).squareRoot() * random.normal($0) }
        return folds(
            means.enumerated().map { fold, mean in
                (0..<seeds).map { seed in
                    let noise = random.normal(1000 + fold * seeds + seed) * Double(seeds).squareRoot()
                    return mean + ((1 - correlation) / 2).squareRoot() * noise
                }
            })
    }

    /// - Parameter values: by fold, then by seed.
    private func folds(_ values: [[Double]]) -> [Repetition: Double] {
        let pairs = values.enumerated().flatMap { place, seeds in
            seeds.enumerated().map { seed, value in
                (Repetition(fold: Fold(place + 1, of: values.count), seed: UInt64(seed)), value)
            }
        }
        return Dictionary(uniqueKeysWithValues: pairs)
    }

    @Test(arguments: [(5, 4), (5, 1), (10, 3), (3, 8)])
    func `over folds chance is taken for a difference in 5 of 100 sweeps`(count: Int, seeds: Int) throws {
        var (found, held) = (0, 0)
        for trial in 0..<4000 {
            let differences = nullFolds(trial, folds: count, seeds: seeds)
            let test = try #require(StudentTest(folds: differences))
            if test.pValue < 0.05 { found += 1 }
            if test.interval?.contains(0) == true { held += 1 }
        }
        #expect((4 * 35...4 * 65).contains(found), "\(found) of 4000")
        #expect(held == 4000 - found)
    }

    @Test func `pairs of folds as if they were independent would show far too much`() {
        let found = (0..<1000).count { trial in
            let differences = nullFolds(trial, folds: 5, seeds: 2).sorted { $0.key < $1.key }
            return SignFlipTest(differences.map(\.value)).pValue < 0.05
        }
        #expect(found > 100, "\(found) of 1000")
    }

    @Test(arguments: [6, 8, 12, 50])
    func `over seeds chance is taken for a difference in at most 5 of 100 sweeps`(seeds: Int) {
        let found = (0..<1000).count { trial in
            let random = CounterRandom(seed: 8, purpose: Purpose.scores, example: trial)
            return SignFlipTest((0..<seeds).map { random.normal($0) }, draws: 500).pValue < 0.05
        }
        // Of 6 seeds no p lies between 2/64 and 4/64.
        #expect((seeds == 6 ? 16...46 : Self.allowed).contains(found), "\(found) of 1000")
    }

    @Test func `a task with folds beside one with seeds, too`() throws {
        let found = try (0..<1000).count { trial in
            let random = CounterRandom(seed: 9, purpose: Purpose.scores, example: trial)
            let folds = try #require(StudentTest(folds: nullFolds(trial, folds: 5, seeds: 2)))
            let seeds = StudentTest((0..<8).map { random.normal($0) })
            return StudentTest(combining: [(folds, 0.5), (seeds, 0.5)]).pValue < 0.05
        }
        #expect(Self.allowed.contains(found), "\(found) of 1000")
    }

    // MARK: - Where something is learned

    /// Two classifiers by the nearest mean, which see five features each, all alike: neither is better.
    @Test func `what is learned on folds is taken for a difference no more often`() throws {
        var (found, naive) = (0, 0)
        for trial in 0..<500 {
            let data = LearnedFolds(trial: trial, rows: 100, folds: 5, seeds: 2)
            if try #require(StudentTest(folds: folds(data.differences))).pValue < 0.05 { found += 1 }
            if StudentTest(data.differences.flatMap(\.self)).pValue < 0.05 { naive += 1 }
        }
        #expect(found <= 32, "\(found) of 500")
        #expect(naive > 50, "pairs as if they were independent: \(naive) of 500")
    }
}

/// A dataset of two classes, and what two classifiers score on its folds.
private struct LearnedFolds {
    private enum Purpose: UInt32 { case features, folds, samples }

    private let features: [[Double]]
    private let classes: [Int]
    /// By fold, then by seed.
    private(set) var differences: [[Double]] = []

    init(trial: Int, rows: Int, folds: Int, seeds: Int) {
        classes = (0..<rows).map { $0 % 2 }
        let random = CounterRandom(seed: 12, purpose: Purpose.features, example: trial)
        features = classes.indices.map { [classes] row in
            (0..<10).map { random.normal(row * 10 + $0) + 0.6 * Double(classes[row]) }
        }
        let order = CounterRandom(seed: 12, purpose: Purpose.folds, example: trial).permutation(rows)
        differences = (0..<folds).map { fold in
            let (train, dev) = (order.filter { $0 % folds != fold }, order.filter { $0 % folds == fold })
            return (0..<seeds).map { seed in
                let random = CounterRandom(
                    seed: 12, purpose: Purpose.samples, step: fold * seeds + seed, example: trial)
                // What a seed decides here is which rows count how often.
                let sample = train.indices.map { train[random.below(train.count, $0)] }
                return share(of: dev, rightAfter: sample, seeing: 0..<5)
                    - share(of: dev, rightAfter: sample, seeing: 5..<10)
            }
        }
    }

    private func share(of dev: [Int], rightAfter sample: [Int], seeing columns: Range<Int>) -> Double {
        let means = (0...1).map { label in
            let rows = sample.filter { classes[$0] == label }
            return columns.map { column in
                rows.reduce(0) { $0 + features[$1][column] } / Double(max(1, rows.count))
            }
        }
        let right = dev.count { row in
            let distances = means.map { mean in
                zip(columns, mean).reduce(0) { sum, pair in
                    let difference = features[row][pair.0] - pair.1
                    return sum + difference * difference
                }
            }
            return (distances[1] < distances[0] ? 1 : 0) == classes[row]
        }
        return Double(right) / Double(dev.count)
    }
}
