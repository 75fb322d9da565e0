import CKernels
import Numerics
import Testing

struct BfloatTests {
    /// Bit patterns of single precision at which something changes: zeros, the smallest and largest denormal and normal
    /// numbers, halves between two bfloat16 with even and odd neighbours, what rounds beyond the largest, infinities, and
    /// what is no number, whose only payload bit may be one that is cut off.
    static let borders: [UInt32] = [
        0, 1, 0x7FFF, 0x8000, 0x8001, 0x1_7FFF, 0x1_8000, 0x1_8001, 0x7F_FFFF, 0x80_0000, 0x3F80_0000, 0x3F80_7FFF,
        0x3F80_8000, 0x3F80_8001, 0x3F81_7FFF, 0x3F81_8000, 0x3F81_8001, 0x3FFF_8000, 0x7F7F_7FFF, 0x7F7F_8000,
        0x7F7F_FFFF, 0x7F80_0000, 0x7F80_0001, 0x7F80_FFFF, 0x7FC0_0000, 0x7FFF_FFFF,
    ]

    @Test func `rounding takes the nearest, and the even one of two`() {
        let drawn = CounterRandom(seed: 5, purpose: Purpose.first).bits(count: 200_000)
        let patterns = Self.borders + Self.borders.map { $0 | 0x8000_0000 } + drawn
        var rounded = [UInt16](repeating: 7, count: patterns.count)
        round_to_bfloat(patterns.count, patterns.map { Float(bitPattern: $0) }, &rounded)
        for (pattern, result) in zip(patterns, rounded) {
            let number = Float(bitPattern: pattern)
            if number.isNaN {
                #expect(Self.widened(result).isNaN && result >> 15 == pattern >> 31)
            } else {
                #expect(result == Self.nearest(number), "\(number)")
            }
        }
    }

    @Test func `widening is exact`() {
        let all = (0...UInt16.max).map { $0 }
        var wide = [Float](repeating: 7, count: all.count)
        widen_bfloat(all.count, all, &wide)
        #expect(zip(all, wide).allSatisfy { $1.bitPattern == UInt32($0) << 16 })
    }

    static func widened(_ bits: UInt16) -> Float { Float(bitPattern: UInt32(bits) << 16) }

    /// By the definition, in double precision: of the two neighbours the nearer one, of two as near the one whose last bit
    /// is 0. Beyond the largest number infinity stands for the next power of two.
    static func nearest(_ number: Float) -> UInt16 {
        let below = UInt16(number.bitPattern >> 16)
        guard number.bitPattern & 0xFFFF != 0 else { return below }
        let above = below + 1
        let (toBelow, toAbove) = (distance(number, below), distance(number, above))
        if toBelow == toAbove { return below & 1 == 0 ? below : above }
        return toBelow < toAbove ? below : above
    }

    private static func distance(_ number: Float, _ bits: UInt16) -> Double {
        let candidate = widened(bits).isInfinite ? 0x1p128 : Double(widened(bits)).magnitude
        return (Double(number).magnitude - candidate).magnitude
    }
}
