/// Which rows of the word embedding have a gradient in this step, and which have moments.
///
/// Gradients of rows that are not `touched` are 0: whoever adds to the gradients of a row (the backward pass; the
/// reduction over ranks) marks it, and the norm, the reduction and the clearing leave the others out.
package final class SparseRows {
    /// The word embedding's entries in the arena.
    package let range: Range<Int>
    /// Entries of a row.
    package let width: Int
    /// For each row 1 if its gradient may differ from 0, else 0. Ranks reduce by taking the maximum.
    package let touched: UnsafeMutableBufferPointer<UInt8>
    /// For each row 1 if its moments may differ from 0, else 0.
    let active: UnsafeMutableBufferPointer<UInt8>

    init(range: Range<Int>, width: Int) {
        self.range = range
        self.width = width
        touched = .allocate(capacity: range.count / width)
        active = .allocate(capacity: range.count / width)
        touched.initialize(repeating: 0)
        active.initialize(repeating: 0)
    }

    deinit {
        touched.deallocate()
        active.deallocate()
    }

    package var count: Int { touched.count }

    /// For whoever writes gradients without knowing which.
    package func touchAll() { touched.update(repeating: 1) }

    /// The entries of a row in the arena.
    package func entries(_ row: Int) -> Range<Int> {
        let start = range.lowerBound + row * width
        return start..<(start + width)
    }
}
