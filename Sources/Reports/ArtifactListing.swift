package import Experiments

/// What the finished stages of a sweep have left in the store: what `headstart artifacts` shows.
package struct ArtifactListing: Encodable, Sendable {
    package let artifacts: [Item]

    package struct Item: Encodable, Hashable, Sendable {
        package let id: ArtifactID
        package let kind: ArtifactKind
        package let byteCount: Int
        package let task: String
        package let stage: String
        package let seed: UInt64
        package let key: StageKey
    }

    package init(_ snapshot: SweepSnapshot) {
        artifacts = snapshot.stages.flatMap { stage, record in
            (record.result?.artifacts ?? []).map { artifact in
                Item(
                    id: artifact.id, kind: artifact.kind, byteCount: artifact.byteCount, task: stage.task,
                    stage: stage.label, seed: stage.specification.seed, key: stage.key)
            }
        }
    }

    package var text: String {
        var table = Columns([
            ("task", .left), ("stage", .left), ("seed", .right), ("kind", .left), ("size", .right), ("run", .left),
            ("artifact", .left),
        ])
        for item in artifacts {
            table.add([
                item.task, item.stage, "\(item.seed)", item.kind.rawValue, size(bytes: item.byteCount),
                item.key.short, item.id.rawValue.short,
            ])
        }
        return table.lines().joined(separator: "\n")
    }
}

/// "812 B", "5.1 MB": powers of ten, as disks and networks count.
func size(bytes: Int) -> String {
    let units = ["B", "kB", "MB", "GB", "TB"]
    var value = Double(bytes)
    var unit = 0
    while value >= 999.5, unit < units.count - 1 {
        value /= 1000
        unit += 1
    }
    return unit == 0 ? "\(bytes) B" : "\(decimals(value, value < 10 ? 1 : 0)) \(units[unit])"
}
