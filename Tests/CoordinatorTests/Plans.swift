import Experiments
import Files
import Foundation
import TestKit
import Transport

extension TemporaryFolder {
    /// Of a coordinator whose store this is.
    var endpoint: Endpoint { .ipc(path: self["socket"]) }
}

/// First stages, and behind each some that start from its head.
func makeChains(_ count: Int, followers: Int = 1) throws -> SweepPlan {
    let sources = try (1...count).map { try makeStage(label: "1", seed: UInt64($0), outputs: [.head]) }
    let followers = try sources.flatMap { source in
        try (0..<followers).map { place in
            try makeStage(label: "2", seed: source.specification.seed + UInt64(place * count), from: source.key)
        }
    }
    return makePlan(name: "chains", stages: sources + followers)
}

/// Bytes of more than two chunks, and what names them.
func makeHead() -> (bytes: [UInt8], reference: ArtifactReference) {
    let bytes = (0..<2_500_000).map { UInt8(truncatingIfNeeded: $0 &* 2_654_435_761 >> 7) }
    let id = ArtifactID(rawValue: Digest(of: bytes))
    return (bytes, ArtifactReference(id: id, kind: .head, byteCount: bytes.count))
}
