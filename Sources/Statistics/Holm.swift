/// Holm's step-down correction (1979), as R's `p.adjust` has it: as many of the corrected values fall below a level as may
/// be believed together, with a chance of at most the level that any of them is chance.
/// - Returns: in the order of the p-values.
package func holm(_ pValues: [Double]) -> [Double] {
    var corrected = pValues
    var largest = 0.0
    for (rank, place) in pValues.indices.sorted(by: { pValues[$0] < pValues[$1] }).enumerated() {
        largest = max(largest, min(1, Double(pValues.count - rank) * pValues[place]))
        corrected[place] = largest
    }
    return corrected
}
