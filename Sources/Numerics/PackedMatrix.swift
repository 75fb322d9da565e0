import CKernels

/// The right operand of products, laid out in the order in which the processor multiplies it: a weight that many rows are
/// multiplied with, converted once. See `CKernels/include/packed_product.h`.
package final class PackedMatrix {
    package let format: NumberFormat
    package private(set) var rows = 0
    package private(set) var columns = 0
    private let floats = FloatBuffer()
    private let bfloats = BfloatBuffer()

    /// Without entries until it is filled.
    package init(_ format: NumberFormat) { self.format = format }

    /// Takes a matrix's shape and values, rounded to the nearest where they become bfloat16. Memory is allocated where it
    /// is larger than all before it.
    package func fill(from matrix: Matrix, _ compute: Compute) {
        reshape(matrix.rows, matrix.columns)
        let isTransposed: Int32 = matrix.isTransposed ? 1 : 0
        compute.forEach(packed_panels(columns), grain: grain) { panels in
            let (begin, end) = (panels.lowerBound, panels.upperBound)
            switch format {
            case .fp32:
                pack_panels(begin, end, rows, columns, matrix.start, matrix.stride, isTransposed, floats.start)
            case .bf16:
                pack_rounded_panels(begin, end, rows, columns, matrix.start, matrix.stride, isTransposed, bfloats.start)
            }
        }
    }

    /// Takes the shape and values of a matrix in bfloat16, as this one is.
    package func fill(from matrix: BfloatMatrix, _ compute: Compute) {
        precondition(format == .bf16)
        reshape(matrix.rows, matrix.columns)
        compute.forEach(packed_panels(columns), grain: grain) { panels in
            pack_bfloat_panels(
                panels.lowerBound, panels.upperBound, rows, columns, matrix.start, matrix.stride, bfloats.start)
        }
    }

    private func reshape(_ rows: Int, _ columns: Int) {
        (self.rows, self.columns) = (rows, columns)
        let count = panelCount * packed_panels(columns)
        switch format {
        case .fp32: floats.reserve(count)
        case .bf16: bfloats.reserve(count)
        }
    }

    /// The numbers of a panel.
    var panelCount: Int { packed_depth(rows) * Self.panelColumns }

    /// Panels that are worth a thread.
    private var grain: Int { max(1, Grain.movedEntries / max(1, panelCount)) }

    private static let panelColumns = PANEL_COLUMNS
}

/// Where the kernels find it.
extension PackedMatrix {
    func columns(of panels: Range<Int>) -> Range<Int> {
        panels.lowerBound * Self.panelColumns..<min(panels.upperBound * Self.panelColumns, columns)
    }

    func floats(from panel: Int) -> UnsafePointer<Float> { UnsafePointer(floats.start + panel * panelCount) }
    func bfloats(from panel: Int) -> UnsafePointer<UInt16> { UnsafePointer(bfloats.start + panel * panelCount) }
}
