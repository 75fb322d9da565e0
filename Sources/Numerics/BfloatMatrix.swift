import CKernels

/// A row-major matrix of bfloat16 numbers that belong to someone else, to be read.
package struct BfloatMatrix {
    package let start: UnsafePointer<UInt16>
    package let rows: Int
    package let columns: Int
    /// The distance from one row to the next, in numbers.
    package let stride: Int

    package init(_ start: UnsafePointer<UInt16>, rows: Int, columns: Int, stride: Int? = nil) {
        self.start = start
        self.rows = rows
        self.columns = columns
        self.stride = stride ?? columns
    }
}

extension Compute {
    /// A matrix rounded to the nearest, in memory that grows where it must.
    package func round(_ matrix: Matrix, into buffer: BfloatBuffer) -> BfloatMatrix {
        precondition(!matrix.isTransposed)
        let columns = matrix.columns
        buffer.reserve(matrix.rows * columns)
        forEach(matrix.rows, grain: max(1, Grain.movedEntries / max(1, columns))) { rows in
            for row in rows {
                round_to_bfloat(columns, matrix.start + row * matrix.stride, buffer.start + row * columns)
            }
        }
        return BfloatMatrix(buffer.start, rows: matrix.rows, columns: columns)
    }
}

package typealias BfloatBuffer = AlignedBuffer<UInt16>

/// What numbers in memory are.
package enum NumberFormat: String, CaseIterable, Sendable {
    case fp32
    /// The upper half of a single-precision number.
    case bf16

    /// The size of a number.
    package var bytes: Int { self == .fp32 ? 4 : 2 }
}
