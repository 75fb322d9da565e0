import Numerics

/// A parameter of which only chosen entries move. The network computes with a whole copy of its values and adds to a
/// whole gradient; the arena, and with it optimizer, traffic and checkpoint, has the chosen entries alone.
final class PartialParameter {
    let entries: [Int32]
    /// The chosen entries in the arena, in the order of `entries`.
    private let range: Range<Int>
    let values: FloatBuffer
    let gradient: FloatBuffer
    /// The rows of the word embedding with a gradient in this step; nil for any other parameter.
    let rows: SparseRows?

    init(
        _ parameter: Parameter, _ entries: [Int32], at range: Range<Int>, initial: UnsafeBufferPointer<Float>
    ) {
        self.entries = entries
        self.range = range
        values = FloatBuffer(count: parameter.count)
        _ = values.values.update(from: initial)
        gradient = FloatBuffer(count: parameter.count)
        rows =
            parameter.name == ParameterTable.wordEmbeddings
            ? SparseRows(range: 0..<parameter.count, width: parameter.shape[1]) : nil
    }

    /// Adds the chosen entries of the gradient to the arena's, and sets the whole gradient to 0.
    func collectGradient(into arena: Arena, _ compute: Compute) {
        let target = arena.gradients.baseAddress! + range.lowerBound
        compute.forEach(entries.count, grain: Grain.entries) { part in
            for place in part { target[place] += gradient.start[Int(entries[place])] }
        }
        if let rows {
            for row in 0..<rows.count where rows.touched[row] != 0 {
                (gradient.start + rows.entries(row).lowerBound).update(repeating: 0, count: rows.width)
                rows.touched[row] = 0
            }
        } else {
            compute.forEach(gradient.count, grain: Grain.movedEntries) { part in
                (gradient.start + part.lowerBound).update(repeating: 0, count: part.count)
            }
        }
    }

    /// Brings the arena's values to where the network reads them.
    func publishValues(of arena: Arena) {
        for (place, entry) in entries.enumerated() { values.start[Int(entry)] = arena.values[range.lowerBound + place] }
    }

    /// Takes the arena's values from where the network reads them.
    func initialize(_ arena: Arena) {
        for (place, entry) in entries.enumerated() { arena.values[range.lowerBound + place] = values.start[Int(entry)] }
    }
}
