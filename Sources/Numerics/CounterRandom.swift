import CKernels
import Foundation

/// Random numbers as a function of (seed, purpose, step, example, position): nothing is stored, and nothing depends on
/// what was drawn before. Philox4x32-10 (Salmon et al. 2011) under the key `seed`, with the counter (block of
/// positions, example, step, purpose).
package struct CounterRandom: Sendable {
    private let stream: random_stream

    /// - Parameter purpose: what the numbers are for; those for different purposes have nothing to do with each other.
    package init(seed: UInt64, purpose: some RawRepresentable<UInt32>, step: Int = 0, example: Int = 0) {
        stream = random_stream(
            seed: seed, example: UInt32(truncatingIfNeeded: example), step: UInt32(truncatingIfNeeded: step),
            purpose: purpose.rawValue)
    }

    /// 32 random bits. Positions are below 2^34.
    package func bits(_ position: Int) -> UInt32 {
        withUnsafePointer(to: stream) { random_bits($0, UInt64(position)) }
    }

    /// At least 0 and less than 1, a multiple of 2^-32.
    package func uniform(_ position: Int) -> Double { Double(bits(position)) * 0x1p-32 }

    /// An integer at least 0 and less than `bound`, which is at most 2^32.
    package func below(_ bound: Int, _ position: Int) -> Int { Int((UInt64(bits(position)) * UInt64(bound)) >> 32) }

    /// From the normal distribution with mean 0 and deviation 1 (Box and Muller 1958). Takes the bits at twice the
    /// position and the next one.
    package func normal(_ position: Int) -> Double {
        let radius = (-2 * log(1 - uniform(2 * position))).squareRoot()
        return radius * cos(2 * .pi * uniform(2 * position + 1))
    }

    /// The bits at positions `0 ..< count`.
    package func bits(count: Int) -> [UInt32] {
        let groups = (count + 63) / 64
        let padded = [UInt32](unsafeUninitializedCapacity: groups * 64) { buffer, filled in
            withUnsafePointer(to: stream) { random_fill($0, 0, groups, buffer.baseAddress) }
            filled = groups * 64
        }
        return Array(padded.prefix(count))
    }

    /// The bits at `position` and those that follow, as many as the buffer holds.
    /// - Parameter position: a multiple of 64, as is the buffer's size.
    package func fill(_ bits: UnsafeMutableBufferPointer<UInt32>, from position: Int) {
        precondition(position.isMultiple(of: 64) && bits.count.isMultiple(of: 64))
        withUnsafePointer(to: stream) { random_fill($0, UInt64(position / 64), bits.count / 64, bits.baseAddress) }
    }

    /// The numbers `0 ..< count` in random order (Fisher and Yates).
    package func permutation(_ count: Int) -> [Int] {
        var order = Array(0..<count)
        let bits = bits(count: count)
        for last in stride(from: count - 1, to: 0, by: -1) {
            order.swapAt(last, Int((UInt64(bits[last]) * UInt64(last + 1)) >> 32))
        }
        return order
    }
}
