package import Experiments
import Numerics

/// Choices of entries, as ascending numbers.
package enum EntrySelection {
    /// `count` of `total` numbers, every subset as likely as any other, as a function of the seed.
    package static func drawn(_ count: Int, of total: Int, seed: UInt64) -> [Int] {
        // Drawing the smaller of chosen and left out, repetitions are few.
        let leavesOut = count > total / 2
        let draws = leavesOut ? total - count : count
        let random = CounterRandom(seed: seed, purpose: RandomPurpose.entries)
        var isDrawn = [Bool](repeating: false, count: total)
        var (drawn, position) = (0, 0)
        while drawn < draws {
            let entry = random.below(total, position)
            position += 1
            if isDrawn[entry] { continue }
            isDrawn[entry] = true
            drawn += 1
        }
        return isDrawn.indices.filter { isDrawn[$0] != leavesOut }
    }

    /// The `count` numbers with the highest or lowest scores; of equal scores those of lower numbers.
    /// - Parameter scores: at least 0, and finite.
    package static func ranked(_ count: Int, by scores: [Float], _ pick: Pick) -> [Int] {
        // Numbers from 0 are ordered as their bits are.
        let rank = { (score: Float) in pick == .highest ? score.bitPattern : ~score.bitPattern }
        let (threshold, ties) = threshold(of: count, scores, rank)
        var chosen: [Int] = []
        chosen.reserveCapacity(count)
        var tiesLeft = ties
        for (number, score) in scores.enumerated() {
            let own = rank(score)
            if own > threshold {
                chosen.append(number)
            } else if own == threshold, tiesLeft > 0 {
                chosen.append(number)
                tiesLeft -= 1
            }
        }
        return chosen
    }

    /// The value below which a share of the scores lies, interpolated linearly between neighbours as numpy does.
    /// - Parameter scores: at least one, at least 0, and finite.
    static func quantile(_ share: Double, of scores: [Float]) -> Float {
        let place = share * Double(scores.count - 1)
        let lower = Int(place.rounded(.down))
        let value = { (rank: Int) in
            Float(bitPattern: threshold(of: scores.count - rank, scores, \.bitPattern).rank)
        }
        let (low, high) = (value(lower), value(min(lower + 1, scores.count - 1)))
        return low + Float(place - Double(lower)) * (high - low)
    }

    /// The rank of the last chosen score, and how many of those equal to it are chosen: by counting the upper half of
    /// the bits, then the lower half of those that share the upper one.
    private static func threshold(
        of count: Int, _ scores: [Float], _ rank: (Float) -> UInt32
    ) -> (rank: UInt32, ties: Int) {
        var left = count
        let upper = bucket(&left) { counts in
            for score in scores { counts[Int(rank(score) >> 16)] += 1 }
        }
        let lower = bucket(&left) { counts in
            for score in scores where rank(score) >> 16 == upper { counts[Int(rank(score) & 0xFFFF)] += 1 }
        }
        return (upper << 16 | lower, left)
    }

    /// The highest bucket at which `left` things are reached from above; `left` becomes what is wanted of it.
    private static func bucket(_ left: inout Int, _ fill: (inout [Int]) -> Void) -> UInt32 {
        var counts = [Int](repeating: 0, count: 1 << 16)
        fill(&counts)
        for bucket in counts.indices.reversed() {
            if counts[bucket] >= left { return UInt32(bucket) }
            left -= counts[bucket]
        }
        preconditionFailure("fewer scores than were to be chosen")
    }
}
