/// The products that one `Compute` has multiplied with so far. The library generates code for each shape, which takes a
/// fraction of a millisecond, and the last block of rows has another height with each number of tokens.
final class PackedProducts {
    private var products: [BlockProduct.Shape: BlockProduct] = [:]

    subscript(_ shape: BlockProduct.Shape) -> BlockProduct {
        if let product = products[shape] { return product }
        do {
            let product = try BlockProduct(shape)
            products[shape] = product
            return product
        } catch {
            // A matrix of these sizes and numbers was packed, so that the library knows such products.
            fatalError("out of memory: \(error)")
        }
    }
}

extension Compute {
    /// Rows of a result that are computed together, by one thread, whatever the number of threads: what is in a block
    /// decides in which order the library sums. Low ones are shared out evenly; of fewer rows, products get slower.
    package static let blockRows = 32

    /// result = start + left · right, with fp32 sums.
    ///
    /// - Parameters:
    ///   - left: [m, k], of the same numbers as `right`.
    ///   - right: [k, n]
    ///   - result: [m, n]; only one of fp32 can be added to.
    ///   - finish: called for each block of the result's rows on the thread that has just computed it, with the block still
    ///     in its cache.
    package func multiply<Left: LeftOperand, Result: ProductResult>(
        _ left: Left, _ right: PackedMatrix, into result: Result, from start: ProductStart = .zero,
        finish: (Range<Int>) -> Void = { _ in }
    ) {
        precondition(left.columns == right.rows && left.rows == result.rows && right.columns == result.columns)
        precondition(Left.format == right.format)
        guard left.rows > 0 else { return }
        let product = { [packedProducts] (rows: Int) in
            packedProducts[
                BlockProduct.Shape(
                    operands: Left.format, result: Result.format, rows: rows, inner: right.rows, columns: right.columns,
                    start: start.kind)]
        }
        let blockRows = min(Self.blockRows, left.rows)
        let rest = left.rows % blockRows
        let (whole, last) = (product(blockRows), rest == 0 ? nil : product(rest))
        forEachPortion(of: blockRows, upTo: left.rows) { range in
            // A thread alone gets all rows at once.
            for first in stride(from: range.lowerBound, to: range.upperBound, by: blockRows) {
                let rows = first..<min(first + blockRows, left.rows)
                let product = rows.count == blockRows ? whole : last ?? whole
                product.multiply(
                    left.address(ofRow: first), right.start, bias: start.bias, into: result.address(ofRow: first))
                finish(rows)
            }
        }
    }
}

extension ProductStart {
    fileprivate var kind: BlockProduct.Start {
        switch self {
        case .zero: .zero
        case .current: .current
        case .row: .row
        }
    }

    fileprivate var bias: UnsafePointer<Float>? {
        if case .row(let row) = self { row } else { nil }
    }
}
