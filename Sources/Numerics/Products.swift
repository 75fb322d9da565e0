import CKernels
import COpenBLAS

/// What the result of a product holds before it is added up.
package enum ProductStart {
    case zero
    /// What is there already.
    case current
    /// This row, in every row: a bias.
    case row(UnsafePointer<Float>)
}

extension Compute {
    /// result = start + left · right.
    ///
    /// - Parameters:
    ///   - left: [m, k]
    ///   - right: [k, n]
    ///   - result: [m, n]
    package func multiply(_ left: Matrix, _ right: Matrix, into result: MutableMatrix, from start: ProductStart = .zero)
    {
        precondition(left.columns == right.rows && left.rows == result.rows && right.columns == result.columns)
        guard result.rows > 0, result.columns > 0 else { return }
        clock?.count(gigaflop: gigaflop(result, inner: left.columns))
        let work = result.rows * result.columns * left.columns
        let pieces = min(threads, max(1, work / Self.leastWork))
        if result.rows >= result.columns || !BLASCore.columnsAreIndependent {
            forEachPortion(of: Self.portion(result.rows, pieces), upTo: result.rows) { rows in
                Self.multiply(left.rows(rows), right, into: result.rows(rows), from: start)
            }
        } else {
            forEachPortion(of: Self.portion(result.columns, pieces), upTo: result.columns) { columns in
                Self.multiply(
                    left, right.columns(columns), into: result.columns(columns), from: start.columns(columns))
            }
        }
    }

    func gigaflop(_ result: MutableMatrix, inner: Int) -> Double {
        2 * Double(result.rows) * Double(result.columns) * Double(inner) / 1e9
    }

    /// Multiply-adds below which a piece is not worth a thread. OpenBLAS has kernels of its own for products under a
    /// million, which sum in another order; pieces stay well above, so that a product and its pieces agree bit for bit.
    private static let leastWork = 2_500_000

    /// Borders lie at multiples of all the tile sizes of OpenBLAS's kernels, so that each number of the result comes
    /// from the same kernel however the matrix is cut.
    private static let tile = 48

    private static func portion(_ count: Int, _ pieces: Int) -> Int {
        let share = (count + pieces - 1) / pieces
        return (share + tile - 1) / tile * tile
    }

    private static func multiply(
        _ left: Matrix, _ right: Matrix, into result: MutableMatrix, from start: ProductStart
    ) {
        var beta: Float = 1
        switch start {
        case .zero: beta = 0
        case .current: break
        case .row(let row):
            for index in 0..<result.rows {
                (result.start + index * result.stride).update(from: row, count: result.columns)
            }
        }
        cblas_sgemm(
            CblasRowMajor, left.isTransposed ? CblasTrans : CblasNoTrans,
            right.isTransposed ? CblasTrans : CblasNoTrans, Int32(result.rows), Int32(result.columns),
            Int32(left.columns), 1, left.start, Int32(left.stride), right.start, Int32(right.stride), beta,
            result.start, Int32(result.stride))
    }
}

extension ProductStart {
    func columns(_ range: Range<Int>) -> ProductStart {
        if case .row(let row) = self { .row(row + range.lowerBound) } else { self }
    }
}
