import ArgumentParser
import Experiments
import Files
import Ledger
import Training

/// What was trained: the folder of `headstart train`, or a stage of a store.
struct RunOptions: ParsableArguments {
    @Option(
        name: .long,
        help: ArgumentHelp("The folder of a run, or the key of a stage (its first digits will do).", valueName: "run"),
        completion: .stages)
    var run: String?

    @Option(
        name: .long, help: ArgumentHelp("The store that has the stage, where --run is a key.", valueName: "directory"),
        completion: .directory)
    var store: String?

    @Option(
        name: .long,
        help: ArgumentHelp("Where the pretrained model is, if it has moved since.", valueName: "directory"))
    var model: String?

    func trained() throws -> TrainedStage {
        guard let run else { throw BadRequest("say with --run what was trained: a run's folder, or a stage's key") }
        guard let store else {
            guard Directory.isThere(run) else {
                throw BadRequest("\(run): there is no such folder; for a stage's key give --store, too")
            }
            return try RunDirectory(run).read()
        }
        return try trained(in: LedgerReader(store: store), run)
    }

    private func trained(in ledger: LedgerReader, _ key: String) throws -> TrainedStage {
        let stage = try ledger.stage(beginning: key)
        guard let result = stage.result else {
            throw BadRequest(
                "stage \(stage.key.short) is \(stage.state.rawValue); only finished ones can serve")
        }
        guard let plan = try ledger.plan(containing: stage.key),
            let planned = plan.stages.first(where: { $0.key == stage.key }),
            let task = plan.task(named: planned.task)
        else { throw ledger.missingPlan(of: stage.key) }
        let artifacts = ContentStore(store: ledger.store)
        var files: [ArtifactKind: String] = [:]
        for artifact in result.artifacts { files[artifact.kind] = try artifacts.checkedPath(of: artifact) }
        let missing = planned.specification.leaves.union([.head]).filter { files[$0] == nil }.sorted()
        if let first = missing.first {
            let (short, instead) = (stage.key.short, try keptInstead(of: stage.key, plan, ledger))
            throw BadRequest(
                "stage '\(planned.label)' (\(short)) is not whole in the store, which lacks its \(first.rawValue)"
                    + "\(instead); `headstart retrain --run \(short) --store "
                    + "\(ledger.store) --out \(short)` makes it again, for `--run \(short)` without --store")
        }
        return TrainedStage(
            record: .init(
                label: planned.label, specification: planned.specification, model: plan.model, task: task.definition,
                result: result),
            files: files)
    }
}

/// Which seed's model the store has instead of that of a stage, as the end of a sentence; nothing where it has none.
private func keptInstead(of key: StageKey, _ plan: SweepPlan, _ ledger: LedgerReader) throws -> String {
    var best = BestSeeds()
    best.add(plan)
    let records = try ledger.known(of: plan)
    let tasks = Dictionary(plan.stages.map { ($0.key, $0.task) }) { first, _ in first }
    let kept = best.rivals(of: key).first { rival in
        best.keeps(rival) { other in
            tasks[other].flatMap { plan.task(named: $0)?.definition }.flatMap { task in
                records[other]?.result?.merit(on: task)
            }
        }
    }
    guard let kept, let row = plan.rows.first(where: { $0.stages.last == kept }) else { return "" }
    return " and has that of the best seed (\(row.seed), \(kept.short))"
}

extension ContentStore {
    /// Where a stage's artifact lies whole; nil where it was not kept.
    func checkedPath(of artifact: ArtifactReference) throws -> String? {
        let path = path(of: artifact.id.rawValue)
        switch try condition(of: artifact.id.rawValue, byteCount: artifact.byteCount) {
        case .missing: return nil
        case .whole: return path
        case .damaged:
            throw WorkFailed("\(path): was changed since the stage ended; \(movedAside(artifact))")
        }
    }

    /// Out of its place the next run of the sweep makes it anew.
    private func movedAside(_ artifact: ArtifactReference) -> String {
        do {
            try setAside(artifact.id.rawValue)
            return "it now lies in \(quarantine), and running the sweep again on this store makes it anew"
        } catch {
            return "it cannot be moved aside (\(error)): remove it, and run the sweep again on this store"
        }
    }
}
