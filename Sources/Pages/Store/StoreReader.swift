package import Experiments
import Ledger
package import Reports
import Synchronization

/// What stages are to take, as far as it is known.
package typealias Forecasting = @Sendable (SweepSnapshot) -> [StageKey: StageForecast]

/// Reads a store, and again only as far as it has changed since.
final class StoreReader: Sendable {
    let ledger: LedgerReader
    private let known = Mutex<StoreContent?>(nil)
    private let foretold = Mutex<[String: Foretold]>([:])

    init(store: String) throws(LedgerError) { ledger = try LedgerReader(store: store) }

    func read() throws -> StoreContent {
        try known.withLock { known in
            let content = try content(since: known)
            known = content
            return content
        }
    }

    /// Asked once for each plan, from when a stage has finished and tells of the groups; again where nothing was known and
    /// another stage has finished.
    func forecasts(_ snapshot: SweepSnapshot, of entry: SweepEntry, by forecasting: Forecasting) -> [StageKey:
        StageForecast]
    {
        let finished = snapshot.finishedOn.count
        guard !snapshot.hasEnded, finished > 0 else { return [:] }
        return foretold.withLock { foretold in
            let plan = "\(entry.plan.name) \(entry.plannedAt.rawValue) \(entry.plan.stages.count)"
            if let known = foretold[plan], !known.stages.isEmpty || known.finished == finished { return known.stages }
            let stages = forecasting(snapshot)
            foretold[plan] = Foretold(finished: finished, stages: stages)
            return stages
        }
    }

    private struct Foretold {
        /// Stages that had finished when it was asked for.
        let finished: Int
        let stages: [StageKey: StageForecast]
    }

    private func content(since known: StoreContent?) throws -> StoreContent {
        // Before what it numbers: what comes meanwhile is read once more.
        let last = try ledger.lastEntry()
        // Without a journal nobody can tell what has changed.
        guard var content = known, content.lastEntry > 0 else { return try all(last) }
        guard last != content.lastEntry else { return content }
        var changed: Set<StageKey> = []
        var isPlanned = false
        try ledger.readJournal(after: content.lastEntry) { entry in
            switch entry.event {
            case .planned(_, let stages):
                isPlanned = true
                changed.formUnion(stages)
            case .started(let stage, _, _, _), .evaluated(let stage, _, _), .ended(let stage, _, _):
                changed.insert(stage)
            case .stands(let stage, _, _, _, _, _, _, _, _, _): changed.insert(stage)
            }
        }
        if isPlanned { content.sweeps = try ledger.sweeps() }
        try content.take(Array(changed), from: ledger)
        content.lastEntry = last
        return content
    }

    private func all(_ last: Int64) throws -> StoreContent {
        let sweeps = try ledger.sweeps()
        var content = StoreContent(sweeps: sweeps, lastEntry: last)
        try content.take(sweeps.flatMap { $0.plan.stages.map(\.key) }.distinct(), from: ledger)
        return content
    }
}

/// What a store says at one moment.
struct StoreContent: Sendable {
    var sweeps: [SweepEntry]
    /// The number of the journal's last entry that is in it.
    var lastEntry: Int64
    private(set) var records: [StageKey: StageRecord] = [:]
    private(set) var attempts: [StageKey: [AttemptEntry]] = [:]

    init(
        sweeps: [SweepEntry], lastEntry: Int64, records: [StageKey: StageRecord] = [:],
        attempts: [StageKey: [AttemptEntry]] = [:]
    ) {
        self.sweeps = sweeps
        self.lastEntry = lastEntry
        self.records = records
        self.attempts = attempts
    }

    fileprivate mutating func take(_ keys: [StageKey], from ledger: LedgerReader) throws {
        for record in try ledger.stages(keys) { records[record.key] = record }
        for (key, entries) in Dictionary(grouping: try ledger.attempts(of: keys), by: \.stage) {
            attempts[key] = entries
        }
    }
}
