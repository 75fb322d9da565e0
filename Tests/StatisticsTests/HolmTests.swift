import Numerics
import Statistics
import Testing

struct HolmTests {
    private enum Purpose: UInt32 { case pValues }

    /// Holm's steps at a level: the smallest of m p-values is held against level / m, the next against level / (m - 1),
    /// and so on until one is not below.
    private func rejected(_ pValues: [Double], at level: Double) -> Set<Int> {
        var rejected: Set<Int> = []
        for place in pValues.indices.sorted(by: { pValues[$0] < pValues[$1] }) {
            guard pValues[place] * Double(pValues.count - rejected.count) < level else { break }
            rejected.insert(place)
        }
        return rejected
    }

    @Test func `a corrected value is below a level exactly where Holm's steps reject at it`() {
        for trial in 0..<200 {
            let random = CounterRandom(seed: 1, purpose: Purpose.pValues, example: trial)
            // Multiples of 1/64, as few pairs have them, so that some are equal.
            let pValues = (0..<(1 + random.below(7, 0))).map { Double(1 + random.below(12, 1 + $0)) / 64 }
            let corrected = holm(pValues)
            for level in [0.01, 0.05, 0.1, 0.3, 0.7] {
                let below = Set(corrected.indices.filter { corrected[$0] < level })
                #expect(below == rejected(pValues, at: level), "\(pValues) at \(level)")
            }
        }
    }

    @Test func `the values are those of R`() {
        // p.adjust(c(0.03, 0.01, 0.04, 0.02, 0.5), "holm")
        for (value, expected) in zip(holm([0.03, 0.01, 0.04, 0.02, 0.5]), [0.09, 0.05, 0.09, 0.08, 0.5]) {
            #expect(abs(value - expected) < 1e-15)
        }
        #expect(holm([0.4]) == [0.4])
        #expect(holm([0.7, 0.6]) == [1, 1])
        #expect(holm([]) == [])
    }

    @Test(arguments: 1...12) func `the fewest pairs are those whose least value survives the correction`(tests: Int) {
        let fewest = SignFlipTest.leastPairs(of: tests)
        let survives = { (pairs: Int) in
            let others = [Double](repeating: 1, count: tests - 1)
            return holm([SignFlipTest([Double](repeating: 1, count: pairs)).pValue] + others)[0] < SignFlipTest.level
        }
        #expect(survives(fewest) && !survives(fewest - 1))
    }
}
