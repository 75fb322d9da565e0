import CKernels
import Experiments
import Numerics

/// What ends both halves of a layer: linear, dropout, an adapter's bottleneck where there is one, and the LayerNorm over
/// the residual sum.
final class BranchEnd {
    private let dense: Projection
    private let bottleneck: Bottleneck?
    private let norm: ResidualNorm
    private let site: DropoutSite

    /// - Parameters:
    ///   - name: within the encoder layer, of linear and LayerNorm.
    ///   - bottleneck: within the encoder layer.
    init(
        _ name: String, bottleneck: String, layer: Int, site: DropoutSite, in store: ParameterStore,
        _ packs: PackedLinears, _ memory: LayerMemory
    ) {
        dense = Projection("\(name).dense", layer: layer, in: store, packs, memory)
        self.bottleneck = Bottleneck(bottleneck, layer: layer, in: store, memory)
        norm = ResidualNorm(ParameterTable.layerPrefix(layer) + "\(name).LayerNorm", in: store, memory)
        self.site = site
    }

    /// Whether what it reads may be rounded by whoever computes it.
    var takesRounded: Bool { dense.takesRounded }
    var moves: Bool { dense.moves || bottleneck?.moves == true || norm.moves }

    /// - Parameters:
    ///   - input: [rows, inputs], must stay until the backward pass.
    ///   - residual: [rows, H]
    /// - Returns: [rows, H], valid until the next forward pass.
    func forward(_ input: LinearInput, residual: Matrix, _ pass: Pass) -> MutableMatrix {
        let branch = MutableMatrix(pass.workspace.branch.start, rows: input.rows, columns: dense.outputs)
        dense.forward(input, into: branch, pass)
        let site = pass.site(site, probability: \.hidden)
        if let bottleneck { pass.compute.phase(.adapters) { bottleneck.forward(branch, site, pass.compute) } }
        return norm.forward(
            branch: branch.start, residual: residual.start, site: bottleneck == nil ? site : .none, rows: input.rows,
            pass.compute)
    }

    /// - Parameters:
    ///   - gradient: of the output [rows, H]; becomes that of the residual.
    ///   - input: of the forward pass.
    ///   - inputGradient: [rows, inputs], or nil where nothing below moves.
    func backward(
        _ gradient: MutableMatrix, input: LinearInput, into inputGradient: MutableMatrix?, _ pass: Pass
    ) {
        let branch = MutableMatrix(pass.workspace.branch.start, rows: input.rows, columns: dense.outputs)
        let site = pass.site(site, probability: \.hidden)
        norm.backward(
            gradient, branchGradient: branch.start, site: bottleneck == nil ? site : .none, pass.compute)
        let isNeededBelow = dense.moves || inputGradient != nil
        if let bottleneck {
            pass.compute.phase(.adapters) {
                bottleneck.backward(branch, site, isNeededBelow: isNeededBelow, pass.compute)
            }
        }
        guard isNeededBelow else { return }
        dense.backward(input: input, gradient: branch.readable, into: inputGradient, pass)
    }
}
