import CKernels
import Foundation

/// What a random number is for. Numbers for different purposes have nothing to do with each other.
package struct RandomPurpose: RawRepresentable, Hashable, Sendable {
    package let rawValue: UInt32
    package init(rawValue: UInt32) { self.rawValue = rawValue }

    /// The order of the examples in an epoch (`step` is the epoch).
    package static let order = RandomPurpose(rawValue: 1)
    /// Which examples are held out for validation.
    package static let split = RandomPurpose(rawValue: 2)
    /// Initial values of the head (`example` is the parameter's index within the head).
    package static let headInitialization = RandomPurpose(rawValue: 3)

    /// Which entries of a backbone a random subset has.
    package static let entries = RandomPurpose(rawValue: 4)
    /// Which training examples are used where not all are.
    package static let samples = RandomPurpose(rawValue: 5)
    /// Initial values of a backbone that is drawn anew (`example` is the parameter's index in the table).
    package static let reinitialization = RandomPurpose(rawValue: 6)
    /// Which gradients child-tuning keeps in a step (`example` is the parameter's index in the table).
    package static let childTuning = RandomPurpose(rawValue: 7)
    /// Which weights mixout sets back in a step (`example` is the parameter's index in the table).
    package static let mixout = RandomPurpose(rawValue: 8)
    /// Initial values of an adapter (`example` is the parameter's index within the adapter).
    package static let adapterInitialization = RandomPurpose(rawValue: 9)

    /// Dropout at one place of the network.
    package static func dropout(_ site: DropoutSite) -> RandomPurpose {
        RandomPurpose(rawValue: 0x1_0000 + site.rawValue)
    }
}

/// A place of the network where dropout acts.
package struct DropoutSite: RawRepresentable, Hashable, Sendable {
    package let rawValue: UInt32
    package init(rawValue: UInt32) { self.rawValue = rawValue }

    package static let embeddings = DropoutSite(rawValue: 0)
    package static let headInput = DropoutSite(rawValue: 1)
    package static let headHidden = DropoutSite(rawValue: 2)
    package static func attentionProbabilities(layer: Int) -> DropoutSite { site(0, layer) }
    package static func attentionOutput(layer: Int) -> DropoutSite { site(1, layer) }
    package static func feedForwardOutput(layer: Int) -> DropoutSite { site(2, layer) }

    /// The input of a low-rank addition.
    /// - Parameter module: its number in the layer, below 8.
    package static func lowRank(layer: Int, module: Int) -> DropoutSite {
        DropoutSite(rawValue: 0x8000 + 8 * UInt32(layer) + UInt32(module))
    }

    private static func site(_ number: UInt32, _ layer: Int) -> DropoutSite {
        DropoutSite(rawValue: 16 + 4 * UInt32(layer) + number)
    }
}

/// Random numbers as a function of (seed, purpose, step, example, position): nothing is stored, and nothing depends on
/// what was drawn before. Philox4x32-10 (Salmon et al. 2011) under the key `seed`, with the counter (block of
/// positions, example, step, purpose).
package struct CounterRandom: Sendable {
    private let stream: random_stream

    package init(seed: UInt64, purpose: RandomPurpose, step: Int = 0, example: Int = 0) {
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
