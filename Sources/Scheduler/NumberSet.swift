/// Whole numbers below a bound, of which the next one after any is found at once: a tree of words in which a bit says
/// whether the word below it holds anything. A million numbers have four levels, and take little more than a bit each.
package struct NumberSet: Sendable {
    /// The lowest one first.
    private var levels: [[UInt64]] = []

    package init(below bound: Int) {
        var count = bound
        repeat {
            count = max(1, (count + 63) / 64)
            levels.append(Array(repeating: 0, count: count))
        } while count > 1
    }

    package var isEmpty: Bool { levels.last?.first == 0 }

    package func contains(_ number: Int) -> Bool { levels[0][number / 64] & bit(number) != 0 }

    package mutating func insert(_ number: Int) {
        var place = number
        for level in levels.indices {
            let wasEmpty = levels[level][place / 64] == 0
            levels[level][place / 64] |= bit(place)
            guard wasEmpty else { return }
            place /= 64
        }
    }

    package mutating func remove(_ number: Int) {
        var place = number
        for level in levels.indices {
            levels[level][place / 64] &= ~bit(place)
            guard levels[level][place / 64] == 0 else { return }
            place /= 64
        }
    }

    /// The least number from this one on: up until a word has a bit from there on, then down along the lowest bits.
    package func first(from number: Int = 0) -> Int? {
        var (level, place) = (0, number)
        while level < levels.count, place / 64 < levels[level].count {
            let rest = levels[level][place / 64] & ~(bit(place) - 1)
            guard rest == 0 else {
                place = place / 64 * 64 + rest.trailingZeroBitCount
                for below in levels[..<level].reversed() { place = place * 64 + below[place].trailingZeroBitCount }
                return place
            }
            place = place / 64 + 1
            level += 1
        }
        return nil
    }

    /// The greatest number, or the greatest below this one.
    package func last(below number: Int? = nil) -> Int? {
        var (level, place) = (0, (number ?? levels[0].count * 64) - 1)
        while level < levels.count, place >= 0 {
            let rest = levels[level][place / 64] & (bit(place) | (bit(place) - 1))
            guard rest == 0 else {
                place = place / 64 * 64 + 63 - rest.leadingZeroBitCount
                for below in levels[..<level].reversed() { place = place * 64 + 63 - below[place].leadingZeroBitCount }
                return place
            }
            place = place / 64 - 1
            level += 1
        }
        return nil
    }

    private func bit(_ place: Int) -> UInt64 { 1 << UInt64(place % 64) }
}
