/// The 95 % interval of a share of so many examples that were got right, as other examples of the same kind would have it
/// (Wilson 1927): it stays within 0 and 1 and holds for few examples too.
///
/// - Parameter share: of one run. For the mean over seeds it is no narrower than it should be, as the mean varies no more
///   with the examples than one run does.
package func binomialInterval(share: Double, examples: Int) -> ClosedRange<Double> {
    let count = Double(examples)
    let squared = normalBound * normalBound / count
    let centre = (share + squared / 2) / (1 + squared)
    let half = normalBound / (1 + squared) * (share * (1 - share) / count + squared / (4 * count)).squareRoot()
    return max(0, centre - half)...min(1, centre + half)
}

/// The 0.975 quantile of the normal distribution.
let normalBound = 1.959964
