package import Safetensors

/// Chosen entries of a parameter as two tensors of a file: `NAME.indices` (I32, ascending) and `NAME.values` (F32).
package enum SparseTensor {
    package static let indices = ".indices"
    package static let values = ".values"

    /// The parameter that a tensor of a file belongs to.
    package static func parameterName(_ tensor: String) -> String {
        for suffix in [indices, values] where tensor.hasSuffix(suffix) { return String(tensor.dropLast(suffix.count)) }
        return tensor
    }
}

extension SafetensorsFile {
    /// Whether the file has anything of a parameter, be it chosen entries alone.
    package func names(_ parameter: Parameter) -> Bool {
        tensor(named: parameter.name) != nil || tensor(named: parameter.name + SparseTensor.indices) != nil
    }

    /// The chosen entries of a parameter, ascending; nil where the file names none.
    package func entries(of parameter: Parameter) throws(ModelError) -> [Int32]? {
        let name = parameter.name + SparseTensor.indices
        guard let tensor = tensor(named: name) else { return nil }
        guard tensor.type == .i32, tensor.shape.count == 1 else {
            throw ModelError(path: path, problem: "tensor '\(name)' is no list of I32 indices")
        }
        let entries = (0..<tensor.count).map {
            Int32(littleEndian: tensor.bytes.loadUnaligned(fromByteOffset: $0 * 4, as: Int32.self))
        }
        guard let first = entries.first, first >= 0, entries[entries.count - 1] < Int32(parameter.count),
            zip(entries, entries.dropFirst()).allSatisfy({ $0 < $1 })
        else {
            throw ModelError(
                path: path,
                problem: "tensor '\(name)' is empty, not ascending, or beyond the \(parameter.count) entries")
        }
        return entries
    }

    /// Sets the chosen entries in `floats`.
    /// - Returns: whether the file has any of this parameter.
    func place(_ parameter: Parameter, into floats: inout [Float]) throws(ModelError) -> Bool {
        guard let entries = try entries(of: parameter) else { return false }
        let name = parameter.name + SparseTensor.values
        guard let values = tensor(named: name)?.floats(), values.count == entries.count else {
            throw ModelError(path: path, problem: "tensor '\(name)' does not hold \(entries.count) values")
        }
        for (entry, value) in zip(entries, values) { floats[Int(entry)] = value }
        return true
    }
}
