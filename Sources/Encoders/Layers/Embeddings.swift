import CKernels
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

    init(in store: ParameterStore) {
        configuration = store.table.configuration
        words = Table("word_embeddings", in: store)
        positions = Table("position_embeddings", in: store)
        types = Table("token_type_embeddings", in: store)
        norm = ResidualNorm("embeddings.LayerNorm", in: store)
        rows = store.wordRows
    }

    private var tablesMove: Bool { words.gradient != nil || positions.gradient != nil || types.gradient != nil }
    var moves: Bool { norm.moves || tablesMove }

    /// - Returns: [T, H], valid until the next forward pass.
    func forward(_ pass: Pass) -> MutableMatrix {
        let (layout, hidden) = (pass.layout, configuration.hidden)
        sum.reserve(layout.tokenCount * hidden)
        let places = layout.rows(.all).places
        pass.compute.forEach(layout.tokenCount, grain: 16) { range in
            embedding_forward(
                range.lowerBound, range.upperBound, hidden, layout.tokens, places, configuration.firstPosition,
                layout.types, words.values, positions.values, types.values, sum.start)
        }
        let output = norm.forward(
            branch: sum.start, residual: nil, site: .none, rows: layout.tokenCount, pass.compute)
        dropOut(output, pass)
        return output
    }

    /// - Parameter gradient: of the output [T, H]; overwritten.
    func backward(_ gradient: MutableMatrix, _ pass: Pass) {
        dropOut(gradient, pass)
        norm.backward(gradient, branchGradient: nil, site: .none, pass.compute)
        guard tablesMove else { return }
        markTouchedRows(pass.layout)
        let (layout, hidden) = (pass.layout, configuration.hidden)
        // Columns are independent of each other; in each, tokens are added in their order.
        pass.compute.forEach(hidden, grain: 64) { columns in
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

    /// The same mask times the same scale, on the way forward and on the way back.
    private func dropOut(_ states: MutableMatrix, _ pass: Pass) {
        let site = pass.site(.embeddings, pass.layout.rows(.all), probability: \.hidden)
        guard site.threshold != 0 else { return }
        pass.compute.forEach(states.rows, grain: 8) { range in
            withUnsafePointer(to: site) {
                dropout_rows(range.lowerBound, range.upperBound, states.columns, $0, states.start)
            }
        }
    }
}

extension dropout_site {
    /// No dropout.
    static var none: dropout_site {
        dropout_site(seed: 0, step: 0, purpose: 0, threshold: 0, scale: 1, example: nil, place: nil)
    }
}
