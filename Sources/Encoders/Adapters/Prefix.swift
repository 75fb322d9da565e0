import CKernels
import Experiments
package import Numerics

/// The prefixes of all layers.
final class Prefixes {
    let length: Int
    private let layers: [Prefix]
    private let network: PrefixNetwork?

    /// nil where the model has none.
    init?(in store: ParameterStore) {
        guard case .prefix(let length, let width, _) = store.table.adapter else { return nil }
        self.length = length
        let network = width > 0 ? PrefixNetwork(in: store) : nil
        self.network = network
        layers = (0..<store.table.configuration.layers).map { layer in
            Prefix(network?.rows(layer) ?? Prefix.Rows(layer, in: store), layer: layer)
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

extension ParameterStore {
    /// The prefixes as what computes them in training makes them, [length, 2 layers H]: for each place of the prefix the
    /// layers' keys and values in turn; nil where the model has none.
    package func prefixes(_ compute: Compute) -> [Float]? {
        guard let prefixes = Prefixes(in: self) else { return nil }
        prefixes.forward(compute)
        let layers = table.configuration.layers
        return (0..<prefixes.length).flatMap { place in
            (0..<layers).flatMap { prefixes[$0].row(place) }
        }
    }
}

/// Keys and values that stand before each sequence's own in one layer's attention (Li and Liang 2021).
final class Prefix {
    /// [length, H] each, with a stride in numbers between rows.
    struct Rows {
        let keys: Matrix
        let values: Matrix
        /// nil where nothing that they are made of moves.
        let keyGradient: MutableMatrix?
        let valueGradient: MutableMatrix?
    }

    private let rows: Rows
    private let site: DropoutSite
    /// [length], each row's place.
    private let places: AlignedBuffer<UInt32>

    init(_ rows: Rows, layer: Int) {
        self.rows = rows
        site = .prefix(layer: layer)
        places = AlignedBuffer(count: rows.keys.rows)
        for row in 0..<rows.keys.rows { places.start[row] = UInt32(row) }
    }

    var moves: Bool { rows.keyGradient != nil || rows.valueGradient != nil }

    /// The key and the value of one place, [2H].
    fileprivate func row(_ place: Int) -> [Float] {
        [rows.keys, rows.values].flatMap {
            Array(UnsafeBufferPointer(start: $0.start + place * $0.stride, count: hidden))
        }
    }

    private var length: Int { rows.keys.rows }
    private var hidden: Int { rows.keys.columns }

    /// - Parameters:
    ///   - own: keys and values of the sequences, [T, 2H].
    ///   - result: [keys, 2H]
    func join(_ own: Matrix, into result: UnsafeMutablePointer<Float>, _ pass: Pass) {
        let (layout, width) = (pass.layout, 2 * hidden)
        pass.compute.forEach(layout.exampleCount) { sequences in
            for sequence in sequences {
                var target = result + layout.keys(of: sequence).lowerBound * width
                for row in 0..<length {
                    target.update(from: rows.keys.start + row * rows.keys.stride, count: hidden)
                    (target + hidden).update(from: rows.values.start + row * rows.values.stride, count: hidden)
                    dropOut(target, row, of: sequence, pass)
                    target += width
                }
                let tokens = layout.offsets[sequence]..<layout.offsets[sequence + 1]
                target.update(from: own.start + tokens.lowerBound * width, count: tokens.count * width)
            }
        }
    }

    /// Adds to the prefix's gradients, as far as they move, and sets those of the sequences' own keys and values.
    ///
    /// - Parameters:
    ///   - joined: the gradient of `join`'s result, [keys, 2H]; overwritten.
    ///   - own: [T, 2H]
    func split(_ joined: UnsafeMutablePointer<Float>, into own: MutableMatrix, _ pass: Pass) {
        let (layout, width) = (pass.layout, 2 * hidden)
        pass.compute.forEach(layout.exampleCount) { sequences in
            for sequence in sequences {
                let tokens = layout.offsets[sequence]..<layout.offsets[sequence + 1]
                let first = layout.keys(of: sequence).lowerBound + length
                (own.start + tokens.lowerBound * width).update(
                    from: joined + first * width, count: tokens.count * width)
            }
        }
        // Rows are independent of each other; in each, sequences are added in their order.
        pass.compute.forEach(length) { range in
            for row in range {
                for sequence in 0..<layout.exampleCount {
                    let from = joined + (layout.keys(of: sequence).lowerBound + row) * width
                    dropOut(from, row, of: sequence, pass)
                    if let target = rows.keyGradient { add_to(hidden, from, target.start + row * target.stride) }
                    if let target = rows.valueGradient {
                        add_to(hidden, from + hidden, target.start + row * target.stride)
                    }
                }
            }
        }
    }
}

extension Prefix {
    /// Drops out the keys and values [2H] of one place of the prefix before one sequence, or their gradient, in place.
    private func dropOut(_ values: UnsafeMutablePointer<Float>, _ row: Int, of sequence: Int, _ pass: Pass) {
        let examples = pass.layout.rows(.first).examples + sequence
        let rows = RowSet(count: 1, examples: examples, places: places.start + row)
        dropout_site(site, rows, pass.dropout, probability: \.adapter).apply(
            to: MutableMatrix(values, rows: 1, columns: 2 * hidden), rows: 0..<1)
    }
}

/// Computes the prefixes of all layers from one embedding: linear, tanh, linear (Li and Liang 2021, section 4.3, with the
/// layers of P-tuning v2 and peft). Its result has for each place of the prefix the layers' keys and values in turn.
final class PrefixNetwork {
    private let embedding: Matrix
    private let embeddingGradient: MutableMatrix?
    private let inner: Linear
    private let outer: Linear
    /// [length, width]
    private let activation: FloatBuffer
    private let activationGradient: FloatBuffer
    /// [length, 2 layers H]; the gradient is 0 between two backward passes.
    private let result: FloatBuffer
    private let gradient: FloatBuffer

    init(in store: ParameterStore) {
        let index = store.requiredIndex(of: ParameterTable.prefixEmbedding)
        embedding = store.matrix(index)
        embeddingGradient = store.gradientMatrix(index)
        inner = Linear(ParameterTable.prefixInner, in: store)
        outer = Linear(ParameterTable.prefixOuter, in: store)
        activation = FloatBuffer(count: embedding.rows * inner.outputs)
        activationGradient = FloatBuffer(count: embedding.rows * inner.outputs)
        result = FloatBuffer(count: embedding.rows * outer.outputs)
        gradient = FloatBuffer(count: embedding.rows * outer.outputs)
    }

    private var moves: Bool { embeddingGradient != nil || inner.moves || outer.moves }

    /// Where a layer finds its keys and values after `forward`, and adds their gradients to before `backward`.
    func rows(_ layer: Int) -> Prefix.Rows {
        let hidden = embedding.columns
        let keys = 2 * layer * hidden..<(2 * layer + 1) * hidden
        let values = keys.upperBound..<keys.upperBound + hidden
        return Prefix.Rows(
            keys: resultMatrix(result).columns(keys).readable, values: resultMatrix(result).columns(values).readable,
            keyGradient: moves ? resultMatrix(gradient).columns(keys) : nil,
            valueGradient: moves ? resultMatrix(gradient).columns(values) : nil)
    }

    func forward(_ compute: Compute) {
        inner.forward(embedding, into: innerMatrix(activation), compute)
        tanh_forward(activation.count, activation.start, activation.start)
        outer.forward(innerMatrix(activation).readable, into: resultMatrix(result), compute)
    }

    /// Adds to the gradients of the parameters that move, and clears those of the result.
    func backward(_ compute: Compute) {
        guard moves else { return }
        let isNeededInside = inner.moves || embeddingGradient != nil
        outer.backward(
            input: innerMatrix(activation).readable, gradient: resultMatrix(gradient).readable,
            into: isNeededInside ? innerMatrix(activationGradient) : nil, compute)
        gradient.values.update(repeating: 0)
        guard isNeededInside else { return }
        tanh_backward(activation.count, activation.start, activationGradient.start, activationGradient.start)
        inner.backward(
            input: embedding, gradient: innerMatrix(activationGradient).readable, into: embeddingGradient,
            from: .current, compute)
    }

    private func innerMatrix(_ buffer: FloatBuffer) -> MutableMatrix {
        MutableMatrix(buffer.start, rows: embedding.rows, columns: inner.outputs)
    }

    private func resultMatrix(_ buffer: FloatBuffer) -> MutableMatrix {
        MutableMatrix(buffer.start, rows: embedding.rows, columns: outer.outputs)
    }
}
