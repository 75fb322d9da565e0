import Experiments
import Numerics

extension PairedDifferences {
    /// The percentile bootstrap (Efron 1979) of the mean: pairs are drawn anew within each stratum, as many as it has, and
    /// the interval holds the middle 95 of 100 of the means. It is a function of the differences: draws are counted, not
    /// random in time. With few pairs it is narrower than it should be.
    ///
    /// - Returns: nil where a stratum has but one pair, whose spread nobody knows.
    package func bootstrapInterval(resamples: Int = 10_000) -> ClosedRange<Double>? {
        guard strata.allSatisfy({ $0.count > 1 }) else { return nil }
        let middle = middle((0..<resamples).map { resampledMean($0) })
        // A bound that is 0 but for rounding is 0: whether the interval holds it is a question people ask.
        let slack = 1e-12 * all.map(abs).reduce(0, +)
        let bound = { (value: Double) in abs(value) <= slack ? 0 : value }
        return bound(middle.lowerBound)...bound(middle.upperBound)
    }

    private func resampledMean(_ resample: Int) -> Double {
        let random = CounterRandom(seed: 0, purpose: RandomPurpose.resampling, example: resample)
        var position = 0
        var sum = 0.0
        for stratum in strata {
            for _ in stratum {
                sum += stratum[random.below(stratum.count, position)]
                position += 1
            }
        }
        return sum / Double(position)
    }
}

/// The percentile bootstrap of a score over the examples that it is of: they are drawn anew, as many as there are.
///
/// - Parameter score: of the examples at these places, one as often as it stands there; nil where it is undefined of
///   them, which leaves them out.
/// - Returns: nil where no resample has a score.
package func bootstrapInterval(examples: Int, resamples: Int, _ score: ([Int]) -> Double?) -> ClosedRange<Double>? {
    let scores = (0..<resamples).compactMap { resample in
        let random = CounterRandom(seed: 0, purpose: RandomPurpose.resampling, example: resample)
        return score((0..<examples).map { random.below(examples, $0) })
    }
    return scores.isEmpty ? nil : middle(scores)
}

/// What holds the middle 95 of 100 of the values.
private func middle(_ values: [Double]) -> ClosedRange<Double> {
    let sorted = values.sorted()
    return quantile(0.025, of: sorted)...quantile(0.975, of: sorted)
}

/// Between two neighbours of a sorted list by linear interpolation, as numpy and R have it by default.
private func quantile(_ share: Double, of sorted: [Double]) -> Double {
    let place = share * Double(sorted.count - 1)
    let below = Int(place)
    let above = min(below + 1, sorted.count - 1)
    return sorted[below] + (place - Double(below)) * (sorted[above] - sorted[below])
}
