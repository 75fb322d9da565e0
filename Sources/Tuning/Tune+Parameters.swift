package import Encoders
package import Experiments

extension Tune {
    /// Whether a parameter of the model moves under this choice. The head always moves.
    package func moves(_ parameter: Parameter) -> Bool {
        if parameter.place == .head { return true }
        return switch self {
        case .all: true
        case .head: false
        case .bitfit: parameter.role == .bias || parameter.role == .normBias
        }
    }

    /// What a stage with this choice leaves of the backbone: nothing, the entries that moved, or all of it.
    package var backboneArtifact: ArtifactKind? {
        switch self {
        case .all: .backbone
        case .head: nil
        case .bitfit: .delta
        }
    }
}
