import Configuration
import Experiments
import Files
import Foundation
import Ledger
import Reports

/// A sweep as a folder that can be handed on: its configuration, tasks, results, where each number comes from, and what
/// was learned as far as it is small.
struct SweepBundle {
    private let snapshot: SweepSnapshot
    private let ledger: LedgerReader
    /// Artifacts above that many bytes stay in the store.
    private let limit: Int

    init(_ snapshot: SweepSnapshot, _ ledger: LedgerReader, limit: Int) {
        self.snapshot = snapshot
        self.ledger = ledger
        self.limit = limit
    }

    /// Writes the folder, whole or not at all.
    func write(to folder: String) throws {
        guard access(folder, F_OK) != 0 else { throw BadRequest("\(folder): is there already; choose another --to") }
        let name = Path.absolute(folder)
        let temporary = "\(name).\(getpid()).tmp"
        try Directory.make(temporary)
        do {
            try fill(temporary)
            try Disk.rename(temporary, to: name)
        } catch {
            try Directory.remove(temporary)
            throw error
        }
    }

    private func fill(_ folder: String) throws {
        let artifacts = try copyArtifacts(to: folder)
        for file in SpelledOutSweep(snapshot.plan).files { try add(file.text, file.name, folder) }
        try add(snapshot.plan.taskFile, "tasks.yaml", folder)
        try add(ResultTable(snapshot, allMetrics: true).rendered(.csv) + "\n", "results.csv", folder)
        try add(SeedListing(snapshot, allMetrics: true).rendered(.csv) + "\n", "seeds.csv", folder)
        try addJSON(ResultRows(snapshot), "results.json", folder)
        try addJSON(try lineages(), "lineage.json", folder)
        try add(artifacts.list, "artifacts.csv", folder)
        try add(readme(leftOut: artifacts.leftOut), "README.md", folder)
    }

    private func add(_ text: String, _ name: String, _ folder: String) throws {
        try AtomicFile.write(Foundation.Data(text.utf8), to: "\(folder)/\(name)")
    }

    private func addJSON(_ value: some Encodable, _ name: String, _ folder: String) throws {
        try AtomicFile.write(try CanonicalJSON.encode(value), to: "\(folder)/\(name)")
    }

    /// Of the stages that the rows end with; those before are within.
    private func lineages() throws -> [Lineage] {
        let endTimes = try ledger.endTimes()
        return try snapshot.plan.rows.compactMap(\.stages.last).distinct()
            .filter { snapshot[$0].state == .finished }
            .map { try ledger.lineage(of: $0, in: snapshot.plan, endTimes) }
    }

    /// - Returns: a line for each artifact, and how many are too large.
    private func copyArtifacts(to folder: String) throws -> (list: String, leftOut: Int) {
        let store = ContentStore(store: ledger.store)
        var lines = ["stage,key,kind,bytes,sha256,file"]
        var copied: Set<ArtifactID> = []
        var leftOut = 0
        try Directory.make("\(folder)/artifacts")
        for stage in snapshot.plan.stages {
            for artifact in snapshot[stage.key].result?.artifacts ?? [] {
                let isSmall = artifact.byteCount <= limit
                let source = isSmall ? try store.checkedPath(of: artifact) : nil
                let file = SpelledOutSweep.file(of: artifact)
                if let source, copied.insert(artifact.id).inserted {
                    try AtomicFile.copy(source, to: "\(folder)/\(file)")
                }
                if !isSmall { leftOut += 1 }
                lines.append(
                    "\(stage.label),\(stage.key),\(artifact.kind.rawValue),\(artifact.byteCount),\(artifact.id),"
                        + (source == nil ? "" : file))
            }
        }
        // What the sweep file names has to be there, however large.
        for artifact in snapshot.plan.stages.flatMap(\.specification.given) where copied.insert(artifact.id).inserted {
            guard let source = try store.checkedPath(of: artifact) else {
                throw WorkFailed(
                    "\(ledger.store): lacks the \(artifact.kind.rawValue) that a stage was given; run the sweep again, "
                        + "which brings it")
            }
            try AtomicFile.copy(source, to: "\(folder)/\(SpelledOutSweep.file(of: artifact))")
        }
        return (lines.joined(separator: "\n") + "\n", leftOut)
    }

    private func readme(leftOut: Int) -> String {
        let plan = snapshot.plan
        let results = plan.stages.compactMap { snapshot[$0.key].result }
        let programs = results.map { $0.node.program.map { "headstart \($0)" } ?? "a version that was not noted" }
            .distinct().joined(separator: ", ")
        let versions = plan.stages.map { "\($0.specification.semantics)" }.distinct().joined(separator: ", ")
        let rest = leftOut == 0 ? "" : " (\(counted(leftOut, "larger one")) stayed in the store)"
        return """
            # \(plan.name)

            \(ResultTable(snapshot).rendered(.markdown))

            Trained on \(plan.model.name) by \(programs), version \(versions) of training. Written by headstart \(programVersion).

            | file | what it has |
            | --- | --- |
            | `\(SpelledOutSweep(plan).files.map(\.name).joined(separator: "`, `"))` | every setting of every stage |
            | `tasks.yaml` | how the data are read, and their digests |
            | `results.csv`, `seeds.csv`, `results.json` | every metric: over the seeds, and of each seed |
            | `lineage.json` | for each row, the digests of all that went into it |
            | `artifacts.csv`, `artifacts/` | what the stages have left\(rest) |

            With the same model and data, `headstart run sweep.yaml --task-file tasks.yaml --data DATA --store STORE` gives the
            same stages, key by key.

            """
    }
}
