package import Files

/// A tensor to be written.
package struct TensorSource {
    package let name: String
    package let type: ElementType
    package let shape: [Int]
    private let storage: Storage

    private enum Storage {
        case owned([Float])
        case ownedIndices([Int32])
        case borrowed(UnsafeRawBufferPointer)
    }

    /// A list of indices, as I32.
    package init(name: String, indices: [Int32]) {
        self.init(name: name, type: .i32, shape: [indices.count], storage: .ownedIndices(indices))
    }

    package init(name: String, shape: [Int], floats: [Float]) {
        self.init(name: name, type: .f32, shape: shape, storage: .owned(floats))
    }

    /// - Parameter floats: borrowed until the tensor is written.
    package init(name: String, shape: [Int], floats: UnsafeBufferPointer<Float>) {
        self.init(name: name, type: .f32, shape: shape, storage: .borrowed(UnsafeRawBufferPointer(floats)))
    }

    /// - Parameter bytes: row-major, little-endian, borrowed until the tensor is written.
    package init(name: String, type: ElementType, shape: [Int], bytes: UnsafeRawBufferPointer) {
        self.init(name: name, type: type, shape: shape, storage: .borrowed(bytes))
    }

    private init(name: String, type: ElementType, shape: [Int], storage: Storage) {
        self.name = name
        self.type = type
        self.shape = shape
        self.storage = storage
        withBytes { precondition($0.count == byteCount, "\(name): \($0.count) bytes for shape \(shape)") }
    }

    package func renamed(_ name: String) -> TensorSource {
        TensorSource(name: name, type: type, shape: shape, storage: storage)
    }

    var byteCount: Int { shape.reduce(type.byteCount, *) }

    func withBytes<Failure: Error>(_ body: (UnsafeRawBufferPointer) throws(Failure) -> Void) throws(Failure) {
        switch storage {
        case .owned(let floats): try floats.span.bytes.withUnsafeBytes { bytes throws(Failure) in try body(bytes) }
        case .ownedIndices(let indices):
            try indices.span.bytes.withUnsafeBytes { bytes throws(Failure) in try body(bytes) }
        case .borrowed(let bytes): try body(bytes)
        }
    }
}

/// Writes safetensors files whose bytes depend on the tensors and the metadata alone: tensors in ascending order of
/// their names, keys sorted, the header padded with spaces so that the data begins at a multiple of 64 bytes.
package enum SafetensorsWriter {
    /// - Parameter tensors: in any order; names must differ.
    package static func write(
        _ tensors: [TensorSource], metadata: [String: String] = [:], to path: String
    ) throws(FileError) {
        let sorted = tensors.sorted { $0.name < $1.name }
        try AtomicFile.write(to: path) { append throws(FileError) in
            try header(of: sorted, metadata).span.bytes.withUnsafeBytes { bytes throws(FileError) in try append(bytes) }
            for tensor in sorted { try tensor.withBytes { bytes throws(FileError) in try append(bytes) } }
        }
    }

    private static func header(of tensors: [TensorSource], _ metadata: [String: String]) -> [UInt8] {
        var fields: [String] = []
        if !metadata.isEmpty {
            let entries = metadata.sorted { $0.key < $1.key }.map { "\(quoted($0.key)):\(quoted($0.value))" }
            fields.append("\"__metadata__\":{\(entries.joined(separator: ","))}")
        }
        var offset = 0
        for tensor in tensors {
            let shape = tensor.shape.map(String.init).joined(separator: ",")
            let end = offset + tensor.byteCount
            fields.append(
                "\(quoted(tensor.name)):{\"dtype\":\"\(tensor.type.rawValue)\",\"shape\":[\(shape)],"
                    + "\"data_offsets\":[\(offset),\(end)]}")
            offset = end
        }
        var text = Array("{\(fields.joined(separator: ","))}".utf8)
        text.append(contentsOf: repeatElement(UInt8(ascii: " "), count: (64 - (text.count + 8) % 64) % 64))
        return withUnsafeBytes(of: UInt64(text.count).littleEndian) { Array($0) } + text
    }

    /// A JSON string.
    private static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\u{0}"..<"\u{20}":
                let digits = String(scalar.value, radix: 16)
                result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }
}
