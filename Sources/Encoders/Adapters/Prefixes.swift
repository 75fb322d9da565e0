import Experiments
import Numerics

/// The prefixes of all layers.
final class Prefixes {
    let length: Int
    private let layers: [Prefix]
    private let network: PrefixNetwork?

    /// nil where the model has none.
    init?(in store: ParameterStore) {
        guard case .prefix(let length, let width) = store.table.adapter else { return nil }
        self.length = length
        let network = width > 0 ? PrefixNetwork(in: store) : nil
        self.network = network
        layers = (0..<store.table.configuration.layers).map { layer in
            Prefix(network?.rows(layer) ?? Prefix.Rows(layer, in: store))
        }
    }

    subscript(layer: Int) -> Prefix { layers[layer] }

    func forward(_ compute: Compute) { network?.forward(compute) }

    /// After the backward passes of all layers.
    func backward(_ compute: Compute) { network?.backward(compute) }
}

extension Prefix.Rows {
    /// Keys and values that are parameters themselves.
    fileprivate init(_ layer: Int, in store: ParameterStore) {
        let prefix = ParameterTable.layerPrefix(layer)
        let key = store.requiredIndex(of: prefix + ParameterTable.prefixKey)
        let value = store.requiredIndex(of: prefix + ParameterTable.prefixValue)
        keys = store.matrix(key)
        values = store.matrix(value)
        keyGradient = store.gradientMatrix(key)
        valueGradient = store.gradientMatrix(value)
    }
}

extension ParameterStore {
    /// A parameter of two dimensions.
    func matrix(_ index: Int) -> Matrix {
        let shape = table.parameters[index].shape
        return Matrix(values(index).baseAddress!, rows: shape[0], columns: shape[1])
    }

    /// nil where the parameter does not move.
    func gradientMatrix(_ index: Int) -> MutableMatrix? {
        let shape = table.parameters[index].shape
        return gradient(index).map { MutableMatrix($0.baseAddress!, rows: shape[0], columns: shape[1]) }
    }
}
