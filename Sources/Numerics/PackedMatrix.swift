/// The right operand of products, laid out as the processor multiplies it: a weight that many rows are multiplied with,
/// converted once.
package final class PackedMatrix {
    package let rows: Int
    package let columns: Int
    package let format: NumberFormat
    private let values: AlignedBuffer<UInt8>
    /// The way that the last values took.
    private var packing: Packing

    /// All 0.
    package init(rows: Int, columns: Int, format: NumberFormat) throws(OneDNNError) {
        self.rows = rows
        self.columns = columns
        self.format = format
        packing = try Packing(
            Packing.Shape(
                source: .fp32, target: format, rows: rows, columns: columns, stride: columns, isTransposed: false))
        values = AlignedBuffer(count: packing.byteCount)
    }

    package var byteCount: Int { values.count }

    /// Where the numbers are, in the library's layout.
    var start: UnsafeRawPointer { UnsafeRawPointer(values.start) }

    /// Takes a matrix's values, rounded to the nearest where they become bfloat16. Several threads may fill different
    /// matrices at once.
    package func fill(from matrix: Matrix) {
        precondition(matrix.rows == rows && matrix.columns == columns)
        fill(.fp32, UnsafeRawPointer(matrix.start), stride: matrix.stride, isTransposed: matrix.isTransposed)
    }

    /// Takes the values of a matrix of bfloat16.
    package func fill(from matrix: BfloatMatrix) {
        precondition(matrix.rows == rows && matrix.columns == columns && format == .bf16)
        fill(.bf16, UnsafeRawPointer(matrix.start), stride: columns, isTransposed: false)
    }

    private func fill(_ source: NumberFormat, _ start: UnsafeRawPointer, stride: Int, isTransposed: Bool) {
        let shape = Packing.Shape(
            source: source, target: format, rows: rows, columns: columns, stride: stride, isTransposed: isTransposed)
        if packing.shape != shape {
            do { packing = try Packing(shape) } catch { fatalError("out of memory: \(error)") }
        }
        packing.pack(start, into: UnsafeMutableRawPointer(values.start))
    }
}
