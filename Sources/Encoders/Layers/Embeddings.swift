import CKernels
import Experiments
import Numerics

/// Word, position and token type embeddings, summed, normalized and dropped out (Devlin et al. 2019, figure 2).
final class Embeddings {
    private struct Table {
        let values: UnsafePointer<Float>
        let gradient: UnsafeMutablePointer<Float>?

        init(_ name: String, in store: ParameterStore) {
            let index = store.requiredIndex(of: "embeddings.\(name).weight")
            values = store.values(index).baseAddress!
            gradient = store.gradient(index)?.baseAddress
        }
    }

    private let configuration: EncoderConfiguration
    private let words: Table
    private let positions: Table
    private let types: Table
    private let norm: ResidualNorm
    private let rows: SparseRows?
    private let sum = FloatBuffer()
    private let movingTables: Int

    init(in store: ParameterStore) {
        configuration = store.table.configuration
        words = Table("word_embeddings", in: store)
        positions = Table("position_embeddings", in: store)
        types = Table("token_type_embeddings", in: store)
        norm = ResidualNorm("embeddings.LayerNorm", in: store, LayerMemory())
        rows = store.wordRows
        movingTables = [words, positions, types].count { $0.gradient != nil }
    }

    private var tablesMove: Bool { movingTables > 0 }
    var moves: Bool { norm.moves || tablesMove }

    /// - Returns: [T, H], valid until the next forward pass.
    func forward(_ pass: Pass) -> MutableMatrix {
        pass.compute.phase(.embedding, bytes: pass.layout.tokenCount * configuration.hidden * 16) { embed(pass) }
    }

    private func embed(_ pass: Pass) -> MutableMatrix {
        let (layout, hidden) = (pass.layout, configuration.hidden)
        sum.reserve(layout.tokenCount * hidden)
        let places = pass.rows.places
        pass.compute.forEach(layout.tokenCount, grain: Grain.rows) { range in
            embedding_forward(
                range.lowerBound, range.upperBound, hidden, layout.tokens, places, configuration.firstPosition,
                layout.types, words.values, positions.values, types.values, sum.start)
        }
        let output = norm.forward(
            branch: sum.start, residual: nil, site: .none, rows: layout.tokenCount, pass.compute)
        pass.site(.embeddings, probability: \.hidden).apply(to: output, pass.compute)
        return output
    }

    /// - Parameter gradient: of the output [T, H]; overwritten.
    func backward(_ gradient: MutableMatrix, _ pass: Pass) {
        pass.compute.phase(.embedding, bytes: gradient.rows * gradient.columns * 12 * movingTables) {
            addGradients(gradient, pass)
        }
    }

    private func addGradients(_ gradient: MutableMatrix, _ pass: Pass) {
        pass.site(.embeddings, probability: \.hidden).apply(to: gradient, pass.compute)
        norm.backward(gradient, branchGradient: nil, site: .none, pass.compute)
        guard tablesMove else { return }
        markTouchedRows(pass.layout)
        let (layout, hidden) = (pass.layout, configuration.hidden)
        // Columns are independent of each other; in each, tokens are added in their order.
        pass.compute.forEach(hidden, grain: Grain.columns) { columns in
            func add(_ table: Table, _ row: UnsafePointer<Int32>, first: Int = 0) {
                guard let target = table.gradient else { return }
                embedding_add_gradient(
                    layout.tokenCount, columns.lowerBound, columns.upperBound, hidden, row, first, gradient.start,
                    target)
            }
            add(words, layout.tokens)
            add(positions, layout.signedPlaces, first: configuration.firstPosition)
            add(types, layout.types)
        }
    }

    private func markTouchedRows(_ layout: BatchLayout) {
        guard let rows else { return }
        for token in 0..<layout.tokenCount { rows.touched[Int(layout.tokens[token])] = 1 }
    }
}
