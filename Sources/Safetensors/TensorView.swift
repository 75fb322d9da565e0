/// One tensor of a safetensors file, seen where it lies in the mapped file.
package struct TensorView: Sendable {
    package let name: String
    package let type: ElementType
    package let shape: [Int]
    private let file: SafetensorsFile
    private let range: Range<Int>

    init(name: String, type: ElementType, shape: [Int], file: SafetensorsFile, range: Range<Int>) {
        self.name = name
        self.type = type
        self.shape = shape
        self.file = file
        self.range = range
    }

    package var count: Int { range.count / type.byteCount }

    /// Row-major, little-endian; valid while the file object lives.
    package var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: file.bytes[range]) }

    /// The entries in the mapped file itself; nil unless they are F32 and lie at an address that is a multiple of 4.
    /// Valid while the file object lives.
    package var floatsInPlace: UnsafeBufferPointer<Float>? {
        guard type == .f32, count > 0, Int(bitPattern: bytes.baseAddress) % MemoryLayout<Float>.alignment == 0 else {
            return nil
        }
        return bytes.bindMemory(to: Float.self)
    }

    /// The entries as single-precision numbers; nil where the type is none of F32, F16 and BF16.
    package func floats() -> [Float]? {
        let bytes = bytes
        switch type {
        case .f32:
            return (0..<count).map { Float(bitPattern: Self.load(UInt32.self, bytes, at: $0)) }
        case .bf16:
            return (0..<count).map { Float(bitPattern: UInt32(Self.load(UInt16.self, bytes, at: $0)) << 16) }
        case .f16:
            return (0..<count).map { float(fromHalf: Self.load(UInt16.self, bytes, at: $0)) }
        default:
            return nil
        }
    }

    private static func load<Word: FixedWidthInteger & BitwiseCopyable>(
        _: Word.Type, _ bytes: UnsafeRawBufferPointer, at index: Int
    ) -> Word {
        Word(littleEndian: bytes.loadUnaligned(fromByteOffset: index * MemoryLayout<Word>.size, as: Word.self))
    }
}

/// IEEE 754 half precision to single precision, exact; `Float16` is not available on every platform.
func float(fromHalf half: UInt16) -> Float {
    let sign = UInt32(half & 0x8000) << 16
    let exponent = UInt32(half >> 10) & 0x1F
    let fraction = UInt32(half & 0x3FF)
    switch exponent {
    case 0:
        let magnitude = Float(fraction) * 0x1p-24
        return sign == 0 ? magnitude : -magnitude
    case 0x1F:
        return Float(bitPattern: sign | 0x7F80_0000 | fraction << 13)
    default:
        return Float(bitPattern: sign | (exponent + 112) << 23 | fraction << 13)
    }
}
