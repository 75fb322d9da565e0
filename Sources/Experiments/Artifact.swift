/// What an artifact holds; an edge of the stage graph carries one kind.
package enum ArtifactKind: String, Codable, CaseIterable, Comparable, Sendable {
    /// A classification head, without the backbone it was trained on.
    case head
    /// Parameters added to the backbone (LoRA, prefix, ...).
    case adapter
    /// The entries in which a tuned backbone differs from the pretrained one (biases, a masked subset).
    case delta
    /// A whole tuned backbone.
    case backbone
    /// Squared gradients of a task's loss, their mean, one value an entry of the backbone.
    case statistics
    /// The same of masked language modelling on a text corpus.
    case pretraining
    /// A choice of backbone entries.
    case mask
    /// Measurements over the steps, as JSON.
    case log

    package static func < (left: ArtifactKind, right: ArtifactKind) -> Bool { left.rawValue < right.rawValue }
}

/// An artifact as it is named on edges and on the wire.
package struct ArtifactReference: Codable, Hashable, Sendable {
    package let id: ArtifactID
    package let kind: ArtifactKind
    package let byteCount: Int

    package init(id: ArtifactID, kind: ArtifactKind, byteCount: Int) {
        self.id = id
        self.kind = kind
        self.byteCount = byteCount
    }
}
