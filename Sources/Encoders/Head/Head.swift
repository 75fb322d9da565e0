import CKernels
import Experiments
import Numerics

/// The network on top of the rows that are read out of the final states. Layers keep what their backward pass needs.
protocol Head: AnyObject {
    /// - Parameter features: [R, width], must stay until the backward pass.
    /// - Returns: [R, outputs], valid until the next forward pass.
    func forward(_ features: Matrix, _ rows: RowSet, dropout: DropoutContext?, _ compute: Compute) -> Matrix

    /// - Parameters:
    ///   - gradient: of the outputs, [R, outputs].
    ///   - featureGradient: [R, width], or nil where nothing below the head moves.
    func backward(_ gradient: Matrix, into featureGradient: MutableMatrix?, _ compute: Compute)

    /// After `forward`: the states of its hidden layer [B, width], valid until the next forward pass; nil for a head
    /// without one.
    var hidden: Matrix? { get }
}

extension Head {
    var hidden: Matrix? { nil }
}

func makeHead(in store: ParameterStore) -> any Head {
    store.table.isLogistic ? LogisticHead(makePlainHead(in: store)) : makePlainHead(in: store)
}

private func makePlainHead(in store: ParameterStore) -> any Head {
    switch (store.table.head, store.table.configuration.family) {
    case (.linear, _): LinearHead(in: store)
    case (.mlp, _): MLPHead(in: store)
    case (.hf, .bert): BERTHead(in: store)
    case (.hf, .roberta): RoBERTaHead(in: store)
    }
}

/// Dropout of [R, H] at one place of the head.
struct HeadDropout {
    private let site: dropout_site
    private let compute: Compute

    init(_ place: DropoutSite, _ rows: RowSet, _ dropout: DropoutContext?, _ compute: Compute) {
        let probability = dropout?.classifier ?? 0
        self.compute = compute
        site = dropout_site(
            seed: dropout?.seed ?? 0, step: UInt32(truncatingIfNeeded: dropout?.step ?? 0),
            purpose: RandomPurpose.dropout(place).rawValue, threshold: DropoutContext.threshold(probability),
            scale: DropoutContext.scale(probability), example: rows.examples, place: rows.places)
    }

    /// In place; the same on the way forward and on the way back.
    func apply(_ states: MutableMatrix) {
        guard site.threshold != 0 else { return }
        withUnsafePointer(to: site) { dropout_rows(0, states.rows, states.columns, $0, states.start) }
    }
}
