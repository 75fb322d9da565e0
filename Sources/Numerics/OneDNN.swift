import COneDNN

/// The library that multiplies packed matrices, and what it finds in this processor.
package enum OneDNN {
    package static var version: String {
        let version = conednn_library_version()
        return "\(version.major).\(version.minor).\(version.patch)"
    }

    /// What multiplies bfloat16 here.
    package enum BfloatUnit: String, Sendable {
        case avx512 = "AVX-512"
        case amx = "AMX"
    }

    /// nil where nothing does: such products would take longer than those of single precision.
    package static var bfloatUnit: BfloatUnit? {
        switch conednn_bf16() {
        case CONEDNN_AVX512: .avx512
        case CONEDNN_AMX: .amx
        default: nil
        }
    }
}

/// A call to oneDNN that failed.
package struct OneDNNError: Error, CustomStringConvertible {
    package let description: String

    fileprivate init(_ code: Int32, _ what: String) {
        description = "oneDNN \(OneDNN.version) cannot make \(what): \(String(cString: conednn_message(code)))"
    }
}

/// What numbers in memory are.
package enum NumberFormat: String, CaseIterable, Sendable {
    case fp32
    /// The upper half of a single-precision number.
    case bf16

    fileprivate var type: conednn_type { self == .fp32 ? CONEDNN_FP32 : CONEDNN_BF16 }
}

/// The way of matrices of one shape into the layout of a right operand.
final class Packing {
    struct Shape: Equatable {
        let source: NumberFormat
        let target: NumberFormat
        let rows: Int
        let columns: Int
        let stride: Int
        let isTransposed: Bool
    }

    let shape: Shape
    private let handle: OpaquePointer

    init(_ shape: Shape) throws(OneDNNError) {
        self.shape = shape
        var described = conednn_packing_shape(
            from: shape.source.type, to: shape.target.type, inner: shape.rows, columns: shape.columns,
            stride: shape.stride, is_transposed: shape.isTransposed)
        var handle: OpaquePointer?
        let code = conednn_packing_create(&described, &handle)
        guard code == 0, let handle else {
            throw OneDNNError(code, "a packed matrix [\(shape.rows), \(shape.columns)] of \(shape.target.rawValue)")
        }
        self.handle = handle
    }

    deinit { conednn_packing_free(handle) }

    /// What the packed matrix takes.
    var byteCount: Int { conednn_packing_bytes(handle) }

    func pack(_ values: UnsafeRawPointer, into packed: UnsafeMutableRawPointer) {
        let code = conednn_pack(handle, values, packed)
        guard code == 0 else { fatalError("out of memory: \(OneDNNError(code, "its copy of a matrix"))") }
    }
}

/// The code that multiplies blocks of one shape.
final class BlockProduct {
    struct Shape: Hashable {
        let operands: NumberFormat
        let result: NumberFormat
        let rows: Int
        let inner: Int
        let columns: Int
        let start: Start
    }

    enum Start: Hashable { case zero, current, row }

    private let handle: OpaquePointer

    init(_ shape: Shape) throws(OneDNNError) {
        let start =
            switch shape.start {
            case .zero: CONEDNN_ZERO
            case .current: CONEDNN_CURRENT
            case .row: CONEDNN_BIAS
            }
        var described = conednn_product_shape(
            type: shape.operands.type, result: shape.result.type, rows: shape.rows, inner: shape.inner,
            columns: shape.columns, start: start)
        var handle: OpaquePointer?
        let code = conednn_product_create(&described, &handle)
        guard code == 0, let handle else {
            throw OneDNNError(
                code,
                "a product [\(shape.rows), \(shape.inner)] [\(shape.inner), \(shape.columns)] of "
                    + shape.operands.rawValue)
        }
        self.handle = handle
    }

    deinit { conednn_product_free(handle) }

    /// The library's name of the kernel that it chose.
    var kernel: String { String(cString: conednn_product_kernel(handle)) }

    func multiply(
        _ left: UnsafeRawPointer, _ right: UnsafeRawPointer, bias: UnsafePointer<Float>?,
        into result: UnsafeMutableRawPointer
    ) {
        let code = conednn_multiply(handle, left, right, bias, result)
        guard code == 0 else { fatalError("out of memory: \(OneDNNError(code, "a product"))") }
    }
}
