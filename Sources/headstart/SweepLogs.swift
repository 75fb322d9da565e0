import Experiments
import Files
import Ledger
import Reports
import Training

/// The curves of a sweep's stages and the logs of those that have finished, read from its store.
struct SweepLogs {
    /// In the order of the table: tasks, methods, seeds, the stages of a method.
    let runs: [MeasuredRun]

    init(_ snapshot: SweepSnapshot, store: String) throws {
        let (ledger, artifacts) = (try LedgerReader(store: store), ContentStore(store: store))
        var known: [StageKey: (curves: StageCurves?, file: StageLogFile?)] = [:]
        var runs: [MeasuredRun] = []
        for row in snapshot.plan.rows {
            var before: (number: Int, file: StageLogFile)?
            var steps = 0
            for (place, key) in row.stages.enumerated() {
                let stage = snapshot.plan.stages.first { $0.key == key }
                let task = stage.flatMap { snapshot.plan.task(named: $0.task) }
                let (curves, file) = try known[key] ?? (ledger.curves(of: key), snapshot.log(of: key, in: artifacts))
                known[key] = (curves, file)
                if curves != nil || file != nil {
                    runs.append(
                        MeasuredRun(
                            task: row.trainedTask,
                            method: row.stageName(place),
                            series: row.method, stepsBefore: steps, seed: row.seed, key: key,
                            metric: task?.definition.metrics.first ?? .accuracy,
                            log: file?.log ?? StageLog(measures: []), curves: curves,
                            headFeatures: Self.rows(file?.headFeatures),
                            headFeaturesAtStart: Self.rows(file?.headFeaturesAtStart)))
                }
                // What gathers statistics takes no step.
                if stage?.specification.recipe.estimate == nil { steps += snapshot[key].result?.steps ?? 0 }
                guard let file, let features = file.features else { continue }
                if let earlier = before, let others = earlier.file.features, others.width == features.width,
                    others.rows.count == features.rows.count
                {
                    runs.append(
                        MeasuredRun(
                            task: row.trainedTask, method: "\(row.method)/\(earlier.number) to \(place + 1)",
                            seed: row.seed,
                            key: key, between: others.rows, and: features.rows, width: features.width))
                }
                before = (place + 1, file)
            }
        }
        self.runs = runs
    }

    /// What stages of the sweep that were to keep their predictions have kept.
    static func predictions(
        of snapshot: SweepSnapshot, store: String
    ) throws -> [StageKey: StageLog.Predictions] {
        let artifacts = ContentStore(store: store)
        var predictions: [StageKey: StageLog.Predictions] = [:]
        for stage in snapshot.plan.stages where stage.measures.contains(.predictions) {
            predictions[stage.key] = try snapshot.log(of: stage.key, in: artifacts)?.log.predictions
        }
        return predictions
    }

    private static func rows(_ rows: StageLogFile.Rows?) -> HeadFeatureRows? {
        rows.map { HeadFeatureRows(width: $0.width, train: $0.train, dev: $0.dev) }
    }
}

extension SweepSnapshot {
    /// What a stage has measured; nil where nothing of it is kept.
    fileprivate func log(of stage: StageKey, in artifacts: ContentStore) throws -> StageLogFile? {
        guard let artifact = self[stage].result?.artifact(.log),
            let path = try artifacts.checkedPath(of: artifact)
        else { return nil }
        return try StageLogFile(path: path)
    }
}
