import CKernels
import Numerics

/// Three things that random numbers are for.
enum Purpose: UInt32 {
    case first = 1
    case second, third
}

/// Random numbers between -range and range, another list for every `stream`.
func randomNumbers(_ count: Int, stream: Int, range: Double = 1) -> [Float] {
    CounterRandom(seed: 99, purpose: Purpose.second, step: stream).bits(count: count).map {
        Float(range * (Double($0) * 0x1p-31 - 1))
    }
}

func largestDifference(_ a: some Sequence<Float>, _ b: some Sequence<Double>) -> Double {
    zip(a, b).map { abs(Double($0) - $1) }.max() ?? .infinity
}

/// A dropout site over rows that belong to examples of three tokens each.
final class TestSite {
    private let examples: [UInt32]
    private let places: [UInt32]
    private let probability: Double

    init(rows: Int, probability: Double) {
        examples = (0..<rows).map { UInt32($0 / 3) }
        places = (0..<rows).map { UInt32($0 % 3) }
        self.probability = probability
    }

    func with(_ body: (UnsafePointer<dropout_site>) -> Void) {
        examples.withUnsafeBufferPointer { examples in
            places.withUnsafeBufferPointer { places in
                var site = dropout_site(
                    seed: 11, step: 3, purpose: 5, threshold: UInt32(probability * 0x1p32),
                    scale: Float(1 / (1 - probability)), example: examples.baseAddress, place: places.baseAddress)
                body(&site)
            }
        }
    }

    /// What each entry is multiplied by, one random number at a time.
    func factors(width: Int) -> [Double] {
        examples.indices.flatMap { row in
            (0..<width).map { column in
                var stream = random_stream(seed: 11, example: examples[row], step: 3, purpose: 5)
                let position = Int(places[row]) * ((width + 63) / 64 * 64) + column
                let isKept = random_bits(&stream, UInt64(position)) >= UInt32(probability * 0x1p32)
                return isKept ? Double(Float(1 / (1 - probability))) : 0
            }
        }
    }
}
