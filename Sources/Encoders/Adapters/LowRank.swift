import CKernels
import Experiments
import Numerics

/// (alpha / rank) B A dropout(x), which is added to what a linear layer makes of x (Hu et al. 2021, section 4.1).
final class LowRank {
    /// A [rank, inputs] and B [outputs, rank].
    private let down: Factor
    private let up: Factor
    private let scale: Float
    private let site: DropoutSite
    /// [rows, rank], (alpha / rank) A x; then its gradient.
    private let inner: FloatBuffer
    /// [rows, inputs], the input that A sees; then its gradient.
    private let dropped: FloatBuffer

    /// nil where the model's adapter adds nothing to this layer.
    ///
    /// - Parameter name: of the linear layer within the encoder layer.
    init?(_ name: String, layer: Int, in store: ParameterStore, _ memory: LayerMemory) {
        guard case .lora(let settings) = store.table.adapter,
            let module = LoRAModule.allCases.firstIndex(where: { $0.layerName == name }),
            settings.modules.contains(LoRAModule.allCases[module])
        else { return nil }
        inner = memory.buffer()
        dropped = memory.buffer()
        let name = ParameterTable.layerPrefix(layer) + name
        down = Factor(name + ParameterTable.lowRankDown, in: store)
        up = Factor(name + ParameterTable.lowRankUp, in: store)
        scale = Float(settings.alpha / Double(settings.rank))
        site = .lowRank(layer: layer, module: module)
    }

    var moves: Bool { down.gradient != nil || up.gradient != nil }

    /// Adds to the output.
    ///
    /// - Parameters:
    ///   - input: [rows, inputs]
    ///   - output: [rows, outputs]
    func forward(_ input: Matrix, addingTo output: MutableMatrix, _ pass: Pass) {
        let seen = dropOut(input, pass)
        inner.reserve(input.rows * down.values.rows)
        pass.compute.multiply(seen, down.values.transposed, into: innerMatrix(input.rows))
        scaleInner(rows: input.rows, pass.compute)
        pass.compute.multiply(innerMatrix(input.rows).readable, up.values.transposed, into: output, from: .current)
    }

    /// Adds to the gradients of A and B, as far as they move, and to the input's.
    ///
    /// - Parameters:
    ///   - input: of the forward pass, [rows, inputs].
    ///   - gradient: of the output, [rows, outputs].
    ///   - inputGradient: [rows, inputs], or nil where nothing below moves.
    func backward(
        input: Matrix, gradient: Matrix, addingTo inputGradient: MutableMatrix?, _ pass: Pass
    ) {
        let (inner, compute) = (innerMatrix(input.rows), pass.compute)
        if let target = up.gradient {
            compute.multiply(gradient.transposed, inner.readable, into: target, from: .current)
        }
        guard down.gradient != nil || inputGradient != nil else { return }
        compute.multiply(gradient, up.values, into: inner)
        scaleInner(rows: input.rows, compute)
        let site = pass.site(site, probability: \.adapter)
        if let target = down.gradient {
            let seen = site.threshold == 0 ? input : droppedMatrix(input.rows).readable
            compute.multiply(inner.readable.transposed, seen, into: target, from: .current)
        }
        guard let inputGradient else { return }
        if site.threshold == 0 {
            compute.multiply(inner.readable, down.values, into: inputGradient, from: .current)
        } else {
            compute.multiply(inner.readable, down.values, into: droppedMatrix(input.rows))
            addDropped(to: inputGradient, site, compute)
        }
    }

    private func innerMatrix(_ rows: Int) -> MutableMatrix {
        MutableMatrix(inner.start, rows: rows, columns: down.values.rows)
    }

    private func droppedMatrix(_ rows: Int) -> MutableMatrix {
        MutableMatrix(dropped.start, rows: rows, columns: down.values.columns)
    }

    private func scaleInner(rows: Int, _ compute: Compute) {
        compute.forEach(rows * down.values.rows, grain: Grain.entries) { range in
            scale_by(range.count, scale, inner.start + range.lowerBound)
        }
    }
}

/// The dropout of A's input.
extension LowRank {
    private func dropOut(_ input: Matrix, _ pass: Pass) -> Matrix {
        let site = pass.site(site, probability: \.adapter)
        guard site.threshold != 0 else { return input }
        dropped.reserve(input.rows * input.columns)
        let result = droppedMatrix(input.rows)
        pass.compute.forEach(input.rows, grain: Grain.rows) { range in
            for row in range {
                (result.start + row * result.stride).update(
                    from: input.start + row * input.stride, count: input.columns)
            }
            site.apply(to: result, rows: range)
        }
        return result.readable
    }

    /// The mask of the forward pass times its scale, on the gradient in `dropped`.
    private func addDropped(to inputGradient: MutableMatrix, _ site: dropout_site, _ compute: Compute) {
        let from = droppedMatrix(inputGradient.rows)
        compute.forEach(inputGradient.rows, grain: Grain.rows) { range in
            site.apply(to: from, rows: range)
            for row in range {
                add_to(from.columns, from.start + row * from.stride, inputGradient.start + row * inputGradient.stride)
            }
        }
    }
}

/// A parameter that is a factor of a product, and its gradient where it moves.
private struct Factor {
    let values: Matrix
    let gradient: MutableMatrix?

    init(_ name: String, in store: ParameterStore) {
        let index = store.requiredIndex(of: name)
        values = store.matrix(index)
        gradient = store.gradientMatrix(index)
    }
}

extension ParameterStore {
    /// A parameter's values with what LoRA adds to it: W + (alpha / rank) B A, [outputs, inputs], summed in double
    /// precision; any other parameter's values as they are.
    package func mergedValues(_ index: Int) -> [Float] {
        let parameter = table.parameters[index]
        var values = Array(values(index))
        guard let lowRank = lowRank(of: index) else { return values }
        let (a, b) = (self.values(lowRank.down), self.values(lowRank.up))
        let (outputs, inputs, rank) = (parameter.shape[0], parameter.shape[1], lowRank.rank)
        for output in 0..<outputs {
            for input in 0..<inputs {
                var sum = 0.0
                for inner in 0..<rank { sum += Double(b[output * rank + inner]) * Double(a[inner * inputs + input]) }
                values[output * inputs + input] += Float(lowRank.scale * sum)
            }
        }
        return values
    }

    /// What LoRA adds to a weight matrix; nil where it adds nothing.
    package func lowRank(of index: Int) -> LowRankPlaces? {
        let name = table.parameters[index].name
        let layer = name.dropLast(".weight".count)
        guard case .lora(let settings) = table.adapter, name.hasSuffix(".weight"),
            let down = table.index(of: layer + ParameterTable.lowRankDown),
            let up = table.index(of: layer + ParameterTable.lowRankUp)
        else { return nil }
        return LowRankPlaces(down: down, up: up, rank: settings.rank, scale: settings.alpha / Double(settings.rank))
    }
}

/// Where the factors are that LoRA adds to a weight matrix: (alpha / rank) B A.
package struct LowRankPlaces: Hashable, Sendable {
    /// The indices of A [rank, inputs] and B [outputs, rank].
    package let down: Int
    package let up: Int
    package let rank: Int
    /// alpha / rank
    package let scale: Double
}
