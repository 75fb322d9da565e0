import Numerics

/// A linear layer of an encoder layer, with what an adapter adds to it.
struct Projection {
    private struct Addition {
        let lowRank: LowRank
        /// The outputs it is added to.
        let columns: Range<Int>
    }

    private let linear: Linear
    private let packs: PackedLinears
    private let packed: PackedLinear
    private let additions: [Addition]

    /// - Parameters:
    ///   - name: of the linear layer within the encoder layer.
    init(
        _ name: String, layer: Int, in store: ParameterStore, _ packs: PackedLinears, _ memory: LayerMemory
    ) {
        let linear = Linear(ParameterTable.layerPrefix(layer) + name, in: store)
        let lowRank = LowRank(name, layer: layer, in: store, memory)
        self.init(
            linear, packs,
            lowRank.map { [Addition(lowRank: $0, columns: 0..<linear.outputs)] } ?? [])
    }

    private init(_ linear: Linear, _ packs: PackedLinears, _ additions: [Addition]) {
        self.linear = linear
        self.packs = packs
        packed = packs[linear]
        self.additions = additions
    }

    var outputs: Int { linear.outputs }
    var moves: Bool { linear.moves || additions.contains(where: \.lowRank.moves) }

    /// Whether what it reads may be rounded by whoever computes it; an adapter reads what is exact.
    var takesRounded: Bool { packed.takesRounded && additions.isEmpty }

    /// - Parameters:
    ///   - input: [rows, inputs]
    ///   - output: [rows, outputs]
    func forward(_ input: LinearInput, into output: MutableMatrix, _ pass: Pass) {
        packed.forward(input, into: output, pass)
        guard case .exact(let input) = input else { return precondition(additions.isEmpty) }
        for addition in additions {
            pass.compute.phase(.adapters) {
                addition.lowRank.forward(input, addingTo: output.columns(addition.columns), pass)
            }
        }
    }

    /// As `Linear.backward`.
    func backward(
        input: LinearInput, gradient: Matrix, into inputGradient: MutableMatrix?, from start: ProductStart = .zero,
        _ pass: Pass
    ) {
        packed.backward(input: input, gradient: gradient, into: inputGradient, from: start, pass)
        guard case .exact(let input) = input else { return precondition(additions.isEmpty) }
        for addition in additions {
            pass.compute.phase(.adapters) {
                addition.lowRank.backward(
                    input: input, gradient: gradient.columns(addition.columns), addingTo: inputGradient, pass)
            }
        }
    }

    /// This layer and one whose outputs follow, as a single layer; nil where the parameters are not side by side.
    func joined(with next: Projection) -> Projection? {
        linear.joined(with: next.linear).map { joined in
            let shifted = next.additions.map { addition in
                let columns = addition.columns
                return Addition(
                    lowRank: addition.lowRank,
                    columns: columns.lowerBound + outputs..<columns.upperBound + outputs)
            }
            return Projection(joined, packs, additions + shifted)
        }
    }
}
