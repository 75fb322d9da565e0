import Experiments
import Files
import Ledger
import Reports
import Training

/// The logs of a sweep's finished stages, read from its store.
struct SweepLogs {
    /// In the order of the table: tasks, methods, seeds, the stages of a method.
    let runs: [MeasuredRun]

    init(_ snapshot: SweepSnapshot, store: String) throws {
        let artifacts = ContentStore(store: store)
        var files: [StageKey: StageLogFile] = [:]
        var runs: [MeasuredRun] = []
        for row in snapshot.plan.rows {
            var before: (number: Int, file: StageLogFile)?
            for (place, key) in row.stages.enumerated() {
                guard let file = try files[key] ?? snapshot.log(of: key, in: artifacts) else { continue }
                let task = snapshot.plan.stages.first { $0.key == key }.flatMap { snapshot.plan.task(named: $0.task) }
                files[key] = file
                runs.append(
                    MeasuredRun(
                        task: row.trainedTask,
                        method: row.stages.count == 1 ? row.method : "\(row.method)/\(place + 1)",
                        seed: row.seed, key: key, metric: task?.definition.metrics.first ?? .accuracy, log: file.log,
                        headFeatures: Self.rows(file.headFeatures),
                        headFeaturesAtStart: Self.rows(file.headFeaturesAtStart)))
                guard let features = file.features else { continue }
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
