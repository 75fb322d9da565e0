import Statistics
import Testing

struct BinomialIntervalTests {
    /// The chances of 0, 1, ... count examples that are right.
    private func chances(_ share: Double, _ count: Int) -> [Double] {
        var chances = [1.0] + [Double](repeating: 0, count: count)
        for _ in 0..<count {
            for right in stride(from: count, through: 1, by: -1) {
                chances[right] = chances[right] * (1 - share) + chances[right - 1] * share
            }
            chances[0] *= 1 - share
        }
        return chances
    }

    @Test(arguments: [(48, 56), (0, 56), (56, 56), (139, 277), (1, 2)])
    func `the bounds are the shares that lie 1.96 deviations of their own away`(right: Int, count: Int) {
        let share = Double(right) / Double(count)
        let interval = binomialInterval(share: share, examples: count)
        for bound in [interval.lowerBound, interval.upperBound] where bound > 0 && bound < 1 {
            let deviation = (bound * (1 - bound) / Double(count)).squareRoot()
            #expect(abs(abs(share - bound) / deviation - 1.959964) < 1e-9)
        }
        #expect(interval.contains(share))
    }

    @Test func `the bounds are those of SciPy`() {
        // scipy.stats.binomtest(48, 56).proportion_ci(method='wilson')
        let interval = binomialInterval(share: 48.0 / 56, examples: 56)
        #expect(abs(interval.lowerBound - 0.7426407877) < 1e-6)
        #expect(abs(interval.upperBound - 0.9257921146) < 1e-6)
    }

    @Test func `over all shares the interval holds the true one in 95 of 100 evaluation sets`() {
        let count = 56
        let shares = stride(from: 0.02, through: 0.98, by: 0.02)
        let coverage = shares.map { share in
            zip(0..., chances(share, count)).reduce(0.0) { sum, right in
                let interval = binomialInterval(share: Double(right.0) / Double(count), examples: count)
                return interval.contains(share) ? sum + right.1 : sum
            }
        }
        let mean = coverage.reduce(0, +) / Double(coverage.count)
        #expect(abs(mean - 0.95) < 0.01, "\(mean)")
        #expect(coverage.allSatisfy { $0 > 0.9 })
    }
}
