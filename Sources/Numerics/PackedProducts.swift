import CKernels

extension Compute {
    /// result = start + left · right, in single precision.
    ///
    /// - Parameters:
    ///   - left: [m, k], not a transpose.
    ///   - right: [k, n]
    ///   - result: [m, n]
    ///   - finish: called for ranges of the result's rows by the thread that has just computed them, which has them in its
    ///     cache then.
    package func multiply(
        _ left: Matrix, _ right: PackedMatrix, into result: MutableMatrix, from start: ProductStart = .zero,
        finish: ((Range<Int>) -> Void)? = nil
    ) {
        precondition(left.columns == right.rows && left.rows == result.rows && right.columns == result.columns)
        precondition(right.format == .fp32 && !left.isTransposed)
        share(result, inner: left.columns, finish) { rows, panels in
            let columns = right.columns(of: panels)
            var product = packed_product(left, start.columns(columns), result.columns(columns))
            multiply_packed(
                rows.lowerBound, rows.upperBound, &product, left.start, right.floats(from: panels.lowerBound),
                result.start + columns.lowerBound)
        }
    }

    /// result = start + left · right, of numbers in bfloat16, summed in single precision.
    package func multiply(
        _ left: BfloatMatrix, _ right: PackedMatrix, into result: MutableMatrix, from start: ProductStart = .zero,
        finish: ((Range<Int>) -> Void)? = nil
    ) {
        precondition(left.columns == right.rows && left.rows == result.rows && right.columns == result.columns)
        precondition(right.format == .bf16)
        if usesOneDNN, left.stride == left.columns, result.stride == result.columns {
            return multiplyWithOneDNN(left, right, into: result, from: start, finish: finish)
        }
        share(result, inner: left.columns, finish) { rows, panels in
            let columns = right.columns(of: panels)
            var product = packed_product(left, start.columns(columns), result.columns(columns))
            multiply_packed_bfloat(
                rows.lowerBound, rows.upperBound, &product, left.start, right.bfloats(from: panels.lowerBound),
                result.start + columns.lowerBound)
        }
    }

    /// Calls `body` for ranges of the result's rows and of the right operand's panels that together cover the result: a
    /// number's bits do not depend on what is computed with it.
    private func share(
        _ result: MutableMatrix, inner: Int, _ finish: ((Range<Int>) -> Void)?, _ body: (Range<Int>, Range<Int>) -> Void
    ) {
        guard result.rows > 0, result.columns > 0 else { return }
        let panels = packed_panels(result.columns)
        if finish == nil, result.rows < Self.rowsWorthSharing {
            let work = result.rows * inner * PANEL_COLUMNS
            return forEach(panels, grain: max(1, Self.leastPackedWork / max(1, work))) { body(0..<result.rows, $0) }
        }
        let leastRows = Self.leastPackedWork / max(1, inner * result.columns)
        let share = min(Self.mostRows, max(leastRows, (result.rows + threads * 4 - 1) / (threads * 4)))
        forEachPortion(of: max(1, (share + Self.tileRows - 1) / Self.tileRows) * Self.tileRows, upTo: result.rows) {
            range in
            // A thread alone gets all rows at once.
            for first in stride(from: range.lowerBound, to: range.upperBound, by: Self.mostRows) {
                let rows = first..<min(first + Self.mostRows, range.upperBound)
                body(rows, 0..<panels)
                finish?(rows)
            }
        }
    }

    /// Fewer rows than this are left together, and threads share the columns.
    private static let rowsWorthSharing = 64
    /// More rows than this would push each other out of a core's cache, while one panel after the other meets them.
    private static let mostRows = 96
    /// Multiply-adds below which a piece is not worth a thread.
    private static let leastPackedWork = 500_000
    /// What the kernels compute together.
    private static let tileRows = 6
}

extension packed_product {
    fileprivate init(_ left: Matrix, _ start: ProductStart, _ result: MutableMatrix) {
        self.init(inner: left.columns, leftStride: left.stride, start, result)
    }

    fileprivate init(_ left: BfloatMatrix, _ start: ProductStart, _ result: MutableMatrix) {
        self.init(inner: left.columns, leftStride: left.stride, start, result)
    }

    private init(inner: Int, leftStride: Int, _ start: ProductStart, _ result: MutableMatrix) {
        self.init(
            inner: inner, columns: result.columns, a_stride: leftStride, c_stride: result.stride, bias: nil, adds: 0)
        switch start {
        case .zero: break
        case .current: adds = 1
        case .row(let row): bias = row
        }
    }
}
