import CKernels
import Numerics
import Testing

struct PackedProductTests {
    /// Without a unit for bfloat16 the library may refuse such products.
    static let formats = NumberFormat.allCases.filter { $0 == .fp32 || OneDNN.bfloatUnit != nil }

    /// [rows, inner, columns]: single numbers, odd, less than a block, one more than a block, and the sizes of MiniLM.
    static let shapes = [
        [1, 1, 1], [1, 5, 3], [13, 9, 36], [31, 33, 49], [32, 384, 384], [33, 384, 1536], [97, 64, 1152],
        [130, 1536, 384],
    ]

    /// The definition takes long.
    static let smallShapes = shapes.filter { $0.reduce(1, *) < 10_000_000 }

    @Test(arguments: smallShapes, formats)
    func `a product is what its definition says`(shape: [Int], format: NumberFormat) throws {
        let compute = Compute(threads: 2)
        for form in PackedForm.all {
            let product = try PackedProduct(shape, format, form)
            let result = product.compute(compute)
            // Sums of `inner` terms below 1: each is rounded at about its size times 2^-24.
            let tolerance = 1e-6 * Float(shape[1])
            #expect(zip(result, product.plain()).allSatisfy { abs($0 - $1) <= tolerance }, "\(form)")
        }
    }

    @Test(arguments: shapes, formats)
    func `a product has the same bits with any number of threads and each time`(
        shape: [Int], format: NumberFormat
    ) throws {
        let computes = [1, 1, 2, 3, 4, 7].map { Compute(threads: $0) }
        for form in PackedForm.all {
            let product = try PackedProduct(shape, format, form)
            let results = (computes + computes).map { product.compute($0).map(\.bitPattern) }
            #expect(results.allSatisfy { $0 == results[0] }, "\(form)")
        }
    }

    @Test(.enabled(if: OneDNN.bfloatUnit != nil, "this processor has no unit for bfloat16"))
    func `a result in bfloat16 is the rounded one`() throws {
        let product = try PackedProduct([45, 384, 200], .bf16, PackedForm(isTransposed: true, start: .row))
        let (single, rounded) = product.bothResults(Compute(threads: 2))
        #expect(zip(single, rounded).allSatisfy { BfloatTests.nearest($0) == $1 })
    }

    @Test(arguments: [1, 2, 5])
    func `each block is finished once, after it was computed`(threads: Int) throws {
        let (rows, columns) = (3 * Compute.blockRows + 5, 16)
        let ones = [Float](repeating: 1, count: rows * columns)
        let result = FloatBuffer(count: rows * columns)
        let right = try PackedMatrix(rows: columns, columns: columns, format: .fp32)
        ones.withUnsafeBufferPointer {
            right.fill(from: Matrix($0.baseAddress!, rows: columns, columns: columns))
            Compute(threads: threads).multiply(
                Matrix($0.baseAddress!, rows: rows, columns: columns), right,
                into: MutableMatrix(result.start, rows: rows, columns: columns)
            ) { block in
                for entry in block.lowerBound * columns..<block.upperBound * columns { result.start[entry] += 1 }
            }
        }
        #expect(result.values.allSatisfy { $0 == Float(columns + 1) })
    }

    @Test func `a matrix without entries cannot be packed, and the error says so`() {
        #expect {
            _ = try PackedMatrix(rows: 0, columns: 4, format: .fp32)
        } throws: {
            "\($0)".contains("a packed matrix [0, 4] of fp32: invalid_arguments")
        }
    }

    @Test func `the library's version is that of a release`() {
        #expect(OneDNN.version.split(separator: ".").compactMap { Int($0) }.count == 3)
    }
}

struct PackedForm: CustomStringConvertible {
    /// Whether the right matrix is packed from its transpose, within a larger one.
    let isTransposed: Bool
    let start: ProductForm.Start

    static let all = ProductForm.Start.allCases.flatMap { start in
        [false, true].map { PackedForm(isTransposed: $0, start: start) }
    }

    var description: String { "right' \(isTransposed), from \(start)" }
}

/// A product of random matrices, the right one packed.
struct PackedProduct {
    private let rows, inner, columns: Int
    private let form: PackedForm
    private let format: NumberFormat
    private let left, right, initial, bias: [Float]
    private let packed: PackedMatrix

    init(_ shape: [Int], _ format: NumberFormat, _ form: PackedForm) throws {
        (rows, inner, columns) = (shape[0], shape[1], shape[2])
        self.form = form
        self.format = format
        left = Self.numbers(rows * inner, 1, format)
        right = randomNumbers((inner + 1) * (columns + 1), stream: 2)
        initial = randomNumbers(rows * columns, stream: 3)
        bias = randomNumbers(columns, stream: 4)
        packed = try PackedMatrix(rows: inner, columns: columns, format: format)
        right.withUnsafeBufferPointer { right in
            packed.fill(
                from: form.isTransposed
                    ? Matrix(right.baseAddress!, rows: columns, columns: inner, stride: inner + 1).transposed
                    : Matrix(right.baseAddress!, rows: inner, columns: columns, stride: columns + 1))
        }
    }

    /// Numbers that the format holds exactly.
    private static func numbers(_ count: Int, _ stream: Int, _ format: NumberFormat) -> [Float] {
        randomNumbers(count, stream: stream).map { rounded($0, format) }
    }

    private static func rounded(_ number: Float, _ format: NumberFormat) -> Float {
        format == .fp32 ? number : BfloatTests.widened(BfloatTests.nearest(number))
    }

    func compute(_ compute: Compute) -> [Float] {
        let result = FloatBuffer(count: initial.count)
        _ = result.values.update(from: initial)
        multiply(compute, into: MutableMatrix(result.start, rows: rows, columns: columns))
        return Array(result.values)
    }

    /// In single precision, and as bfloat16.
    func bothResults(_ compute: Compute) -> ([Float], [UInt16]) {
        let rounded = BfloatBuffer(count: initial.count)
        multiply(compute, into: MutableBfloatMatrix(rounded.start, rows: rows, columns: columns))
        return (self.compute(compute), Array(rounded.values))
    }

    private func multiply(_ compute: Compute, into result: some ProductResult) {
        bias.withUnsafeBufferPointer { bias in
            let start: ProductStart =
                switch form.start {
                case .zero: .zero
                case .current: .current
                case .row: .row(bias.baseAddress!)
                }
            left.withUnsafeBufferPointer { left in
                switch format {
                case .fp32:
                    compute.multiply(
                        Matrix(left.baseAddress!, rows: rows, columns: inner), packed, into: result, from: start)
                case .bf16:
                    left.map { UInt16($0.bitPattern >> 16) }.withUnsafeBufferPointer {
                        compute.multiply(
                            BfloatMatrix($0.baseAddress!, rows: rows, columns: inner), packed, into: result, from: start
                        )
                    }
                }
            }
        }
    }

    /// By the definition, in double precision, of what the right matrix is rounded to.
    func plain() -> [Float] {
        var result = initial
        let right = right.map { Double(Self.rounded($0, format)) }
        for row in 0..<rows {
            for column in 0..<columns {
                var sum =
                    switch form.start {
                    case .zero: 0.0
                    case .current: Double(initial[row * columns + column])
                    case .row: Double(bias[column])
                    }
                for index in 0..<inner {
                    let place = form.isTransposed ? column * (inner + 1) + index : index * (columns + 1) + column
                    sum += Double(left[row * inner + index]) * right[place]
                }
                result[row * columns + column] = Float(sum)
            }
        }
        return result
    }
}
