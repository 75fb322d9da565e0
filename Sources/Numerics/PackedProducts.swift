import CKernels

extension Compute {
    /// Whether packed matrices of single precision are multiplied faster than by OpenBLAS.
    package static var packsFloats: Bool { processor_has_avx512() }

    /// Whether a row of a product with a packed matrix has the same bits whatever rows are computed with it, as our own
    /// kernels promise and the libraries do not.
    package func rowsAreIndependent(_ format: NumberFormat) -> Bool {
        Self.rowsAreIndependent(format, usesOneDNN: usesOneDNN)
    }

    /// The same of this machine as long as nobody chooses otherwise.
    package static func rowsAreIndependent(_ format: NumberFormat, usesOneDNN: Bool = prefersOneDNN) -> Bool {
        format == .bf16 ? !usesOneDNN : packsFloats
    }

    /// result = start + left · right, in single precision.
    ///
    /// - Parameters:
    ///   - left: [m, k]
    ///   - right: [k, n]
    ///   - result: [m, n]
    package func multiply(
        _ left: Matrix, _ right: PackedMatrix, into result: MutableMatrix, from start: ProductStart = .zero
    ) {
        precondition(left.columns == right.rows && left.rows == result.rows && right.columns == result.columns)
        precondition(right.format == .fp32)
        share(result, inner: left.columns) { rows, panels in
            let columns = right.columns(of: panels)
            var product = packed_product(left, start.columns(columns), result.columns(columns))
            multiply_packed(
                rows.lowerBound, rows.upperBound, &product, left.start, right.floats(from: panels.lowerBound),
                result.start + columns.lowerBound)
        }
    }

    /// result = start + left · right, of numbers in bfloat16, summed in single precision.
    package func multiply(
        _ left: BfloatMatrix, _ right: PackedMatrix, into result: MutableMatrix, from start: ProductStart = .zero
    ) {
        precondition(left.columns == right.rows && left.rows == result.rows && right.columns == result.columns)
        precondition(right.format == .bf16)
        if usesOneDNN, left.stride == left.columns, result.stride == result.columns {
            return multiplyWithOneDNN(left, right, into: result, from: start)
        }
        share(result, inner: left.columns) { rows, panels in
            let columns = right.columns(of: panels)
            var product = packed_product(left, start.columns(columns), result.columns(columns))
            multiply_packed_bfloat(
                rows.lowerBound, rows.upperBound, &product, left.start, right.bfloats(from: panels.lowerBound),
                result.start + columns.lowerBound)
        }
    }

    /// result = start + leftᵀ · right, of numbers in bfloat16, summed in single precision: the gradient of a weight, which
    /// sums over tokens.
    ///
    /// - Parameters:
    ///   - left: packed, [k, m].
    ///   - right: [k, n]
    ///   - result: [m, n]
    package func multiply(
        transposeOf left: PackedMatrix, _ right: PackedMatrix, into result: MutableMatrix,
        from start: ProductStart = .zero
    ) {
        precondition(left.rows == right.rows && left.columns == result.rows && right.columns == result.columns)
        precondition(left.format == .bf16 && right.format == .bf16)
        share(result, inner: left.rows, rowsTogether: PANEL_COLUMNS) { rows, panels in
            let columns = right.columns(of: panels)
            var product = packed_product(
                transposeOf: left, start.columns(columns), result.columns(columns))
            multiply_packed_bfloat(
                rows.lowerBound, rows.upperBound, &product, left.bfloats(from: 0),
                right.bfloats(from: panels.lowerBound), result.start + columns.lowerBound)
        }
    }

    /// Calls `body` for ranges of the result's rows and of the right operand's panels that together cover the result: a
    /// number's bits do not depend on what is computed with it.
    ///
    /// - Parameter rowsTogether: what the kernels compute at once, or take from one panel on the left.
    private func share(
        _ result: MutableMatrix, inner: Int, rowsTogether: Int = 6, _ body: (Range<Int>, Range<Int>) -> Void
    ) {
        guard result.rows > 0, result.columns > 0 else { return }
        clock?.count(gigaflop: gigaflop(result, inner: inner))
        let panels = packed_panels(result.columns)
        if result.rows < Self.rowsWorthSharing {
            let work = max(1, result.rows * inner * PANEL_COLUMNS)
            return forEach(panels, grain: max(1, Self.leastPackedWork / work)) { body(0..<result.rows, $0) }
        }
        let leastRows = Self.leastPackedWork / max(1, inner * result.columns)
        let share = max(leastRows, (result.rows + threads * 4 - 1) / (threads * 4))
        let most = Self.mostRows / rowsTogether * rowsTogether
        let portion = max(1, (share + rowsTogether - 1) / rowsTogether) * rowsTogether
        forEachPortion(of: portion, upTo: result.rows) { range in
            for first in stride(from: range.lowerBound, to: range.upperBound, by: most) {
                body(first..<min(first + most, range.upperBound), 0..<panels)
            }
        }
    }

    /// Fewer rows than this are left together, and threads share the columns.
    private static let rowsWorthSharing = 64
    /// More rows than this would push each other out of a core's cache, while one panel after the other meets them.
    private static let mostRows = 96
    /// Multiply-adds below which a piece is not worth a thread.
    private static let leastPackedWork = 500_000
}

extension packed_product {
    fileprivate init(_ left: Matrix, _ start: ProductStart, _ result: MutableMatrix) {
        let (stride, step) = left.isTransposed ? (1, left.stride) : (left.stride, 1)
        self.init(inner: left.columns, stride, step, start, result)
    }

    fileprivate init(_ left: BfloatMatrix, _ start: ProductStart, _ result: MutableMatrix) {
        self.init(inner: left.columns, left.stride, 2, start, result)
    }

    fileprivate init(transposeOf left: PackedMatrix, _ start: ProductStart, _ result: MutableMatrix) {
        self.init(inner: left.rows, 2, 2 * PANEL_COLUMNS, panel: left.panelCount, start, result)
    }

    private init(
        inner: Int, _ stride: Int, _ step: Int, panel: Int = 0, _ start: ProductStart, _ result: MutableMatrix
    ) {
        self.init(
            inner: inner, columns: result.columns, a_stride: stride, a_step: step, a_panel: panel,
            c_stride: result.stride, bias: nil, adds: 0)
        switch start {
        case .zero: break
        case .current: adds = 1
        case .row(let row): bias = row
        }
    }
}
