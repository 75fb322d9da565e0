import CKernels
import Numerics

/// Keys and values that stand before each sequence's own in one layer's attention (Li and Liang 2021).
final class Prefix {
    /// [length, H] each, with a stride in numbers between rows.
    struct Rows {
        let keys: Matrix
        let values: Matrix
        /// nil where nothing that they are made of moves.
        let keyGradient: MutableMatrix?
        let valueGradient: MutableMatrix?
    }

    private let rows: Rows

    init(_ rows: Rows) {
        self.rows = rows
    }

    var moves: Bool { rows.keyGradient != nil || rows.valueGradient != nil }
    private var length: Int { rows.keys.rows }
    private var hidden: Int { rows.keys.columns }

    /// - Parameters:
    ///   - own: keys and values of the sequences, [T, 2H].
    ///   - result: [keys, 2H]
    func join(_ own: Matrix, into result: UnsafeMutablePointer<Float>, _ pass: Pass) {
        let (layout, width) = (pass.layout, 2 * hidden)
        pass.compute.forEach(layout.exampleCount) { sequences in
            for sequence in sequences {
                var target = result + layout.keys(of: sequence).lowerBound * width
                for row in 0..<length {
                    target.update(from: rows.keys.start + row * rows.keys.stride, count: hidden)
                    (target + hidden).update(from: rows.values.start + row * rows.values.stride, count: hidden)
                    target += width
                }
                let tokens = layout.offsets[sequence]..<layout.offsets[sequence + 1]
                target.update(from: own.start + tokens.lowerBound * width, count: tokens.count * width)
            }
        }
    }

    /// Adds to the prefix's gradients, as far as they move, and sets those of the sequences' own keys and values.
    ///
    /// - Parameters:
    ///   - joined: the gradient of `join`'s result, [keys, 2H].
    ///   - own: [T, 2H]
    func split(_ joined: UnsafePointer<Float>, into own: MutableMatrix, _ pass: Pass) {
        let (layout, width) = (pass.layout, 2 * hidden)
        pass.compute.forEach(layout.exampleCount) { sequences in
            for sequence in sequences {
                let tokens = layout.offsets[sequence]..<layout.offsets[sequence + 1]
                let first = layout.keys(of: sequence).lowerBound + length
                (own.start + tokens.lowerBound * width).update(
                    from: joined + first * width, count: tokens.count * width)
            }
        }
        // Rows are independent of each other; in each, sequences are added in their order.
        pass.compute.forEach(length) { range in
            for row in range {
                for sequence in 0..<layout.exampleCount {
                    let from = joined + (layout.keys(of: sequence).lowerBound + row) * width
                    if let target = rows.keyGradient { add_to(hidden, from, target.start + row * target.stride) }
                    if let target = rows.valueGradient {
                        add_to(hidden, from + hidden, target.start + row * target.stride)
                    }
                }
            }
        }
    }
}
