import CKernels
import Numerics
import Testing

struct PackedProductTests {
    /// [rows, inner, columns]: single numbers, odd, around the sizes of tiles (6 rows), panels (64 columns) and blocks (32
    /// rows), few rows of many columns, more rows than are computed together, and the sizes of MiniLM.
    static let shapes = [
        [1, 1, 1], [1, 5, 3], [13, 9, 36], [6, 32, 64], [31, 33, 65], [33, 384, 1536], [97, 64, 1152], [203, 40, 2],
        [130, 1536, 384],
    ]

    /// The definition takes long.
    static let smallShapes = shapes.filter { $0.reduce(1, *) < 10_000_000 }

    @Test(arguments: smallShapes, PackedKind.all)
    func `a product is what its definition says`(shape: [Int], kind: PackedKind) {
        for form in kind.forms {
            let product = PackedProduct(shape, kind, form)
            let result = product.compute(threads: 2)
            // Sums of `inner` terms below 1: each is rounded at about its size times 2^-24.
            let tolerance = 1e-6 * Float(shape[1])
            #expect(zip(result, product.plain()).allSatisfy { abs($0 - $1) <= tolerance }, "\(form)")
        }
    }

    @Test(arguments: shapes, PackedKind.all)
    func `a product has the same bits with any number of threads and each time`(shape: [Int], kind: PackedKind) {
        for form in kind.forms {
            let product = PackedProduct(shape, kind, form)
            let results = [1, 1, 2, 3, 4, 7].map { product.compute(threads: $0).map(\.bitPattern) }
            #expect(results.allSatisfy { $0 == results[0] }, "\(form)")
        }
    }

    /// What the processor's instruction computes, number by number: two products to a sum, the second first, each rounded
    /// once. A processor without it comes to the same, and so do rows that were packed, of more than one panel.
    @Test func `products of bfloat16 have the bits of their definition on any processor`() {
        let (rows, inner, columns) = (77, 33, 70)
        let left = randomNumbers(rows * inner, stream: 1).map(BfloatTests.nearest)
        let right = randomNumbers(inner * columns, stream: 2).map(BfloatTests.nearest)
        let turned = (0..<inner).flatMap { index in (0..<rows).map { left[$0 * inner + index] } }
        let (leftPanels, rightPanels) = (Self.panels(turned, rows: inner), Self.panels(right, rows: inner))
        var inRows = packed_product(
            inner: inner, columns: columns, a_stride: inner, a_step: 2, a_panel: 0, c_stride: columns, bias: nil,
            adds: 0)
        var inPanels = inRows
        (inPanels.a_stride, inPanels.a_step) = (2, 2 * PANEL_COLUMNS)
        inPanels.a_panel = packed_depth(inner) * PANEL_COLUMNS
        var results = [[Float]](repeating: [Float](repeating: 7, count: rows * columns), count: 4)
        multiply_packed_bfloat(0, rows, &inRows, left, rightPanels, &results[0])
        multiply_packed_bfloat_plainly(0, rows, &inRows, left, rightPanels, &results[1])
        multiply_packed_bfloat(0, rows, &inPanels, leftPanels, rightPanels, &results[2])
        multiply_packed_bfloat_plainly(0, rows, &inPanels, leftPanels, rightPanels, &results[3])
        for row in 0..<rows {
            for column in 0..<columns {
                var sum: Float = 0
                for pair in stride(from: 0, to: inner, by: 2) {
                    for index in [pair + 1, pair] where index < inner {
                        sum.addProduct(
                            BfloatTests.widened(left[row * inner + index]),
                            BfloatTests.widened(right[index * columns + column]))
                    }
                }
                #expect(results.allSatisfy { $0[row * columns + column] == sum })
            }
        }
    }

    private static func panels(_ values: [UInt16], rows: Int) -> [UInt16] {
        let columns = values.count / rows
        var panels = [UInt16](repeating: 7, count: packed_depth(rows) * packed_panels(columns) * PANEL_COLUMNS)
        pack_bfloat_panels(0, packed_panels(columns), rows, columns, values, columns, &panels)
        return panels
    }

    @Test func `the library's version is that of a release`() {
        #expect(OneDNN.version.split(separator: ".").compactMap { Int($0) }.count == 3)
    }
}

/// Whose product it is, of what numbers.
struct PackedKind: CustomTestStringConvertible, Sendable {
    let format: NumberFormat
    var usesOneDNN = false

    static let all =
        NumberFormat.allCases.map { PackedKind(format: $0) }
        + (OneDNN.bfloatUnit == nil ? [] : [PackedKind(format: .bf16, usesOneDNN: true)])

    /// Of a transpose on the left, oneDNN knows nothing.
    var forms: [ProductForm] { ProductForm.all.filter { !usesOneDNN || !$0.leftTransposed } }

    var testDescription: String { format.rawValue + (usesOneDNN ? " by oneDNN" : "") }
}

/// A product of random matrices, the right one packed. For our kernels all lie within larger ones, so that strides differ
/// from columns; for oneDNN the right one does.
struct PackedProduct {
    private let rows, inner, columns: Int
    private let gap: Int
    /// Of the left operand as it is stored.
    private let leftWidth: Int
    private let kind: PackedKind
    private let form: ProductForm
    private let left, right, bias: FloatBuffer
    private let roundedLeft: BfloatBuffer
    private let initial: [Float]

    init(_ shape: [Int], _ kind: PackedKind, _ form: ProductForm) {
        (rows, inner, columns) = (shape[0], shape[1], shape[2])
        self.kind = kind
        self.form = form
        gap = kind.usesOneDNN ? 0 : 3
        leftWidth = form.leftTransposed ? rows : inner
        left = Self.buffer((form.leftTransposed ? inner : rows) * (leftWidth + gap), stream: 1)
        right = Self.buffer((inner + 1) * (columns + 1), stream: 2)
        bias = Self.buffer(columns, stream: 4)
        initial = randomNumbers(rows * (columns + gap), stream: 3)
        roundedLeft = BfloatBuffer(count: left.count)
        // What stands between rows is nobody's.
        for index in 0..<left.count where index % (leftWidth + gap) >= leftWidth { left.start[index] = .nan }
        for index in 0..<left.count {
            roundedLeft.start[index] = left.start[index].isNaN ? 0x7FC0 : BfloatTests.nearest(left.start[index])
        }
    }

    private static func buffer(_ count: Int, stream: Int) -> FloatBuffer {
        let buffer = FloatBuffer(count: count)
        _ = buffer.values.update(from: randomNumbers(count, stream: stream))
        return buffer
    }

    func compute(threads: Int) -> [Float] {
        let compute = Compute(threads: threads)
        compute.usesOneDNN = kind.usesOneDNN
        let packed = packedRight(compute)
        let result = FloatBuffer(count: initial.count)
        _ = result.values.update(from: initial)
        let start: ProductStart =
            switch form.start {
            case .zero: .zero
            case .current: .current
            case .row: .row(bias.start)
            }
        let target = MutableMatrix(result.start, rows: rows, columns: columns, stride: columns + gap)
        switch kind.format {
        case .fp32: compute.multiply(leftMatrix, packed, into: target, from: start)
        case .bf16 where form.leftTransposed:
            let left = PackedMatrix(.bf16)
            left.fill(from: leftMatrix.transposed, compute)
            compute.multiply(transposeOf: left, packed, into: target, from: start)
        case .bf16:
            compute.multiply(
                BfloatMatrix(roundedLeft.start, rows: rows, columns: inner, stride: inner + gap), packed, into: target,
                from: start)
        }
        return Array(result.values)
    }

    private var leftMatrix: Matrix {
        form.leftTransposed
            ? Matrix(left.start, rows: inner, columns: rows, stride: rows + gap).transposed
            : Matrix(left.start, rows: rows, columns: inner, stride: inner + gap)
    }

    /// In memory that a larger matrix has used before.
    private func packedRight(_ compute: Compute) -> PackedMatrix {
        let packed = PackedMatrix(kind.format)
        let (moreRows, moreColumns) = (inner + 40, columns + 70)
        let large = FloatBuffer(count: moreRows * moreColumns)
        large.values.update(repeating: .nan)
        withExtendedLifetime(large) {
            packed.fill(from: Matrix(large.start, rows: moreRows, columns: moreColumns), compute)
        }
        packed.fill(
            from: form.rightTransposed
                ? Matrix(right.start, rows: columns, columns: inner, stride: inner + 1).transposed
                : Matrix(right.start, rows: inner, columns: columns, stride: columns + 1), compute)
        return packed
    }

    /// By the definition, in double precision; numbers beyond the columns stay.
    func plain() -> [Float] {
        var result = initial
        let round = { [kind] (number: Float) in
            Double(kind.format == .fp32 ? number : BfloatTests.widened(BfloatTests.nearest(number)))
        }
        let (left, right) = (left.values.map(round), right.values.map(round))
        for row in 0..<rows {
            for column in 0..<columns {
                var sum =
                    switch form.start {
                    case .zero: 0.0
                    case .current: Double(initial[row * (columns + gap) + column])
                    case .row: Double(bias.start[column])
                    }
                for index in 0..<inner {
                    let place = form.rightTransposed ? column * (inner + 1) + index : index * (columns + 1) + column
                    let leftPlace =
                        form.leftTransposed ? index * (rows + gap) + row : row * (inner + gap) + index
                    sum += left[leftPlace] * right[place]
                }
                result[row * (columns + gap) + column] = Float(sum)
            }
        }
        return result
    }
}
