/// A row-major matrix of bfloat16 numbers without gaps that belong to someone else, to be read.
package struct BfloatMatrix {
    package let start: UnsafePointer<UInt16>
    package let rows: Int
    package let columns: Int

    package init(_ start: UnsafePointer<UInt16>, rows: Int, columns: Int) {
        self.start = start
        self.rows = rows
        self.columns = columns
    }
}

/// A row-major matrix of bfloat16 numbers without gaps that belong to someone else, to be written.
package struct MutableBfloatMatrix {
    package let start: UnsafeMutablePointer<UInt16>
    package let rows: Int
    package let columns: Int

    package init(_ start: UnsafeMutablePointer<UInt16>, rows: Int, columns: Int) {
        self.start = start
        self.rows = rows
        self.columns = columns
    }

    package var readable: BfloatMatrix { BfloatMatrix(start, rows: rows, columns: columns) }
}

package typealias BfloatBuffer = AlignedBuffer<UInt16>

/// What a packed product can read on its left: a matrix whose rows lie side by side without gaps.
package protocol LeftOperand {
    var rows: Int { get }
    var columns: Int { get }
    static var format: NumberFormat { get }
    /// The first entry of a row.
    func address(ofRow row: Int) -> UnsafeRawPointer
}

/// What a packed product can write.
package protocol ProductResult {
    var rows: Int { get }
    var columns: Int { get }
    static var format: NumberFormat { get }
    /// The first entry of a row.
    func address(ofRow row: Int) -> UnsafeMutableRawPointer
}

extension Matrix: LeftOperand {
    package static var format: NumberFormat { .fp32 }

    package func address(ofRow row: Int) -> UnsafeRawPointer {
        precondition(stride == columns && !isTransposed, "a packed product reads rows without gaps")
        return UnsafeRawPointer(start + row * columns)
    }
}

extension BfloatMatrix: LeftOperand {
    package static var format: NumberFormat { .bf16 }

    package func address(ofRow row: Int) -> UnsafeRawPointer { UnsafeRawPointer(start + row * columns) }
}

extension MutableMatrix: ProductResult {
    package static var format: NumberFormat { .fp32 }

    package func address(ofRow row: Int) -> UnsafeMutableRawPointer {
        precondition(stride == columns, "a packed product writes rows without gaps")
        return UnsafeMutableRawPointer(start + row * columns)
    }
}

extension MutableBfloatMatrix: ProductResult {
    package static var format: NumberFormat { .bf16 }

    package func address(ofRow row: Int) -> UnsafeMutableRawPointer {
        UnsafeMutableRawPointer(start + row * columns)
    }
}
