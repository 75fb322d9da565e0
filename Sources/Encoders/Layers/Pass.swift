import CKernels
import Numerics

/// What all layers need to know in one forward pass and the backward pass that follows it.
struct Pass {
    let compute: Compute
    let layout: BatchLayout
    let dropout: DropoutContext?

    /// Dropout of hidden states at one place of the network.
    func site(_ site: DropoutSite, _ rows: RowSet, probability: KeyPath<DropoutContext, Double>) -> dropout_site {
        let probability = dropout?[keyPath: probability] ?? 0
        return dropout_site(
            seed: dropout?.seed ?? 0, step: UInt32(truncatingIfNeeded: dropout?.step ?? 0),
            purpose: RandomPurpose.dropout(site).rawValue, threshold: DropoutContext.threshold(probability),
            scale: DropoutContext.scale(probability), example: rows.examples, place: rows.places)
    }
}
