/// A matrix of numbers that belong to someone else, to be read.
package struct Matrix {
    package let start: UnsafePointer<Float>
    package let rows: Int
    package let columns: Int
    /// The distance from one stored row to the next, in numbers.
    package let stride: Int
    /// Whether the stored matrix is the transpose: [columns, rows].
    package let isTransposed: Bool

    /// - Parameter start: row-major, [rows, columns].
    package init(_ start: UnsafePointer<Float>, rows: Int, columns: Int, stride: Int? = nil) {
        self.init(start: start, rows: rows, columns: columns, stride: stride ?? columns, isTransposed: false)
    }

    private init(start: UnsafePointer<Float>, rows: Int, columns: Int, stride: Int, isTransposed: Bool) {
        self.start = start
        self.rows = rows
        self.columns = columns
        self.stride = stride
        self.isTransposed = isTransposed
    }

    package var transposed: Matrix {
        Matrix(start: start, rows: columns, columns: rows, stride: stride, isTransposed: !isTransposed)
    }

    func rows(_ range: Range<Int>) -> Matrix {
        let offset = isTransposed ? range.lowerBound : range.lowerBound * stride
        return Matrix(
            start: start + offset, rows: range.count, columns: columns, stride: stride, isTransposed: isTransposed)
    }

    package func columns(_ range: Range<Int>) -> Matrix { transposed.rows(range).transposed }
}

/// A row-major matrix of numbers that belong to someone else, to be written.
package struct MutableMatrix {
    package let start: UnsafeMutablePointer<Float>
    package let rows: Int
    package let columns: Int
    /// The distance from one row to the next, in numbers.
    package let stride: Int

    package init(_ start: UnsafeMutablePointer<Float>, rows: Int, columns: Int, stride: Int? = nil) {
        self.start = start
        self.rows = rows
        self.columns = columns
        self.stride = stride ?? columns
    }

    package var readable: Matrix { Matrix(start, rows: rows, columns: columns, stride: stride) }

    package func rows(_ range: Range<Int>) -> MutableMatrix {
        MutableMatrix(start + range.lowerBound * stride, rows: range.count, columns: columns, stride: stride)
    }

    package func columns(_ range: Range<Int>) -> MutableMatrix {
        MutableMatrix(start + range.lowerBound, rows: rows, columns: range.count, stride: stride)
    }
}
