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

package typealias BfloatBuffer = AlignedBuffer<UInt16>

/// What numbers in memory are.
package enum NumberFormat: String, CaseIterable, Sendable {
    case fp32
    /// The upper half of a single-precision number.
    case bf16
}
