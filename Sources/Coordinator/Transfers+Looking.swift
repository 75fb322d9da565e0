import Experiments
import Files
import Foundation

/// Whether the store holds what the ledger says.
extension Transfers {
    /// Whether it may still turn out that some artifact is not in the store.
    var isLooking: Bool { lookUps > 0 }

    /// Those artifacts that lie in the store, as the ledger has it: whether they do is looked up in the background, and
    /// their bytes are compared after that.
    /// - Parameter discarded: what the store has let go, of which something may be here all the same.
    func held(_ references: [ArtifactReference], besides discarded: Set<ArtifactID>) -> Set<ArtifactID> {
        let kept = references.filter {
            !discarded.contains($0.id) || Disk.byteCount(of: artifacts.path(of: $0.id.rawValue)) == $0.byteCount
        }
        guard !kept.isEmpty else { return [] }
        lookUps += 2
        large.perform { [artifacts] in
            .absent(
                kept.filter { Disk.byteCount(of: artifacts.path(of: $0.id.rawValue)) != $0.byteCount }.map(\.id))
        }
        compare(kept)
        return Set(kept.map(\.id))
    }

    /// Compares artifacts with their names: the first of them at once, so that a small store heals before the sweep ends,
    /// and the others little by little.
    private func compare(_ references: [ArtifactReference]) {
        var bytes = 0
        let first = references.prefix { reference in
            bytes += reference.byteCount
            return bytes <= comparedAtOnce
        }
        for reference in first { checks.perform { [artifacts] in Self.outcome(of: reference, in: artifacts) } }
        checks.perform { .absent([]) }
        Self.check(references[first.endIndex...], in: artifacts, checks)
    }

    /// nil where nothing is wrong with it.
    private static func outcome(of reference: ArtifactReference, in artifacts: ContentStore) -> Outcome? {
        do throws(FileError) {
            guard try artifacts.condition(of: reference.id.rawValue, byteCount: reference.byteCount) == .damaged else {
                return nil
            }
            try artifacts.setAside(reference.id.rawValue)
            return .damaged(reference.id)
        } catch {
            // Whoever asks for the artifact meets the same refusal.
            return nil
        }
    }

    /// Compares one artifact after another with its name. It rests as long as it reads: others need the disk, too.
    private static func check(
        _ references: ArraySlice<ArtifactReference>, in artifacts: ContentStore, _ checks: DiskQueue<Outcome>
    ) {
        guard let reference = references.first else { return }
        checks.perform { [weak checks] in
            let start = ContinuousClock.now
            defer {
                usleep(UInt32(min(start.duration(to: .now) / .microseconds(1), 1e6)))
                if let checks { check(references.dropFirst(), in: artifacts, checks) }
            }
            return outcome(of: reference, in: artifacts)
        }
    }
}

/// Bytes of artifacts that are compared with their names before a sweep may end.
private let comparedAtOnce = 256 << 20
