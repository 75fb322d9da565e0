import Experiments

/// Scores and differences are in percent, as papers have them. Every key is there, as null where there is no value.
extension PublishedComparison: Encodable {
    package func encode(to encoder: any Encoder) throws {
        try encoder.encode([
            "table": table, "publishedModels": publishedModels, "sweep": sweep, "model": model, "entries": entries,
            "onlyPublished": onlyPublished.map(PublishedNumber.init), "onlyHere": onlyHere,
            "evaluation": evaluation, "searchWarning": searchWarning,
        ])
    }
}

extension PublishedComparison.Entry: Encodable {
    package func encode(to encoder: any Encoder) throws {
        try encoder.encode([
            "published": PublishedNumber(published), "method": ours.method, "mean": ours.summary.map { $0.mean * 100 },
            "deviation": ours.summary?.deviation.map { $0 * 100 }, "finished": ours.finished, "seeds": ours.seeds,
            "difference": difference,
        ])
    }
}

private struct PublishedNumber: Encodable {
    let score: PublishedScore

    init(_ score: PublishedScore) { self.score = score }

    func encode(to encoder: any Encoder) throws {
        try encoder.encode([
            "method": score.method, "setting": score.setting, "task": score.task, "metric": score.metric,
            "mean": score.mean, "deviation": score.deviation, "seeds": score.runs,
        ])
    }
}
