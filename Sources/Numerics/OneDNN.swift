import COneDNN

/// The library that multiplies bfloat16 where the processor has a unit for tiles of it, and what it finds here.
package enum OneDNN {
    package static var version: String {
        let version = conednn_library_version()
        return "\(version.major).\(version.minor).\(version.patch)"
    }

    /// What multiplies bfloat16 on this processor.
    package enum BfloatUnit: String, Sendable {
        case avx512 = "AVX-512"
        case amx = "AMX"
    }

    /// nil where nothing does.
    package static var bfloatUnit: BfloatUnit? {
        switch conednn_bfloat() {
        case CONEDNN_AVX512: .avx512
        case CONEDNN_AMX: .amx
        default: nil
        }
    }
}

/// The library's products that one `Compute` has multiplied with so far. Code is generated for each shape, which takes a
/// fraction of a millisecond, and the last block of rows has another height with each number of tokens.
final class OneDNNProducts {
    private var products: [OneDNNProduct.Shape: OneDNNProduct] = [:]

    subscript(_ shape: OneDNNProduct.Shape) -> OneDNNProduct {
        if let product = products[shape] { return product }
        let product = OneDNNProduct(shape)
        products[shape] = product
        return product
    }
}

/// The code that multiplies blocks of one shape.
final class OneDNNProduct {
    struct Shape: Hashable {
        let rows: Int
        let inner: Int
        let columns: Int
        let start: Start
    }

    enum Start: Hashable { case zero, current, row }

    private let handle: OpaquePointer

    init(_ shape: Shape) {
        let start =
            switch shape.start {
            case .zero: CONEDNN_ZERO
            case .current: CONEDNN_CURRENT
            case .row: CONEDNN_BIAS
            }
        var described = conednn_shape(rows: shape.rows, inner: shape.inner, columns: shape.columns, start: start)
        var handle: OpaquePointer?
        let code = conednn_product_create(&described, &handle)
        guard code == 0, let handle else { Self.fail(code) }
        self.handle = handle
    }

    deinit { conednn_product_free(handle) }

    func multiply(
        _ left: UnsafePointer<UInt16>, _ right: UnsafePointer<UInt16>, bias: UnsafePointer<Float>?,
        into result: UnsafeMutablePointer<Float>
    ) {
        let code = conednn_multiply(handle, left, right, bias, result)
        guard code == 0 else { Self.fail(code) }
    }

    /// What the library can refuse to matrices of bfloat16, where it has said that it multiplies them, is memory.
    private static func fail(_ code: Int32) -> Never {
        fatalError("out of memory: oneDNN \(OneDNN.version) says \(String(cString: conednn_message(code)))")
    }
}

extension Compute {
    /// Rows that are computed together, whatever the number of threads: the order in which the library sums is its own,
    /// and may depend on them.
    private static let blockRows = 32

    /// As `multiply`, of matrices without gaps between rows.
    func multiplyWithOneDNN(
        _ left: BfloatMatrix, _ right: PackedMatrix, into result: MutableMatrix, from start: ProductStart
    ) {
        guard result.rows > 0, result.columns > 0 else { return }
        let blockRows = min(Self.blockRows, left.rows)
        let whole = product(of: blockRows, right, start)
        let last = product(of: (left.rows - 1) % blockRows + 1, right, start)
        forEachPortion(of: blockRows, upTo: left.rows) { range in
            // A thread alone gets all rows at once.
            for first in stride(from: range.lowerBound, to: range.upperBound, by: blockRows) {
                let rows = first..<min(first + blockRows, left.rows)
                (rows.count == blockRows ? whole : last).multiply(
                    left.start + first * left.columns, right.bfloats(from: 0), bias: start.bias,
                    into: result.start + first * result.columns)
            }
        }
    }

    private func product(of rows: Int, _ right: PackedMatrix, _ start: ProductStart) -> OneDNNProduct {
        oneDNNProducts[
            OneDNNProduct.Shape(rows: rows, inner: right.rows, columns: right.columns, start: start.kind)]
    }
}

extension ProductStart {
    fileprivate var kind: OneDNNProduct.Start {
        switch self {
        case .zero: .zero
        case .current: .current
        case .row: .row
        }
    }

    fileprivate var bias: UnsafePointer<Float>? {
        if case .row(let row) = self { row } else { nil }
    }
}
