package import Experiments
import GRDB

extension LedgerReader {
    /// Where a sweep stands, by what is counted: a few rows are read, however many stages it has.
    package func summary(of heading: SweepHeading) throws(LedgerError) -> SweepSummary {
        try read { database in try SummaryReader(database, heading.number).summary() }
    }
}

/// Failures that a summary tells of one by one.
private let failureLimit = 1000

private struct SummaryReader {
    private let database: Database
    private let sweep: Int64
    private let plans: PlanReader
    private let stages: StageReader

    init(_ database: Database, _ sweep: Int64) {
        self.database = database
        self.sweep = sweep
        plans = PlanReader(database)
        stages = StageReader(database)
    }

    func summary() throws -> SweepSummary {
        var examples: [Int64: PlannedStage] = [:]
        let groups = try groups(&examples)
        try addSources(of: &examples)
        // A stage has a higher number than those that it starts from.
        let plan = try plans.plan(sweep, examples.sorted { $0.key < $1.key }.map(\.value), [])
        let troubled = try members(
            """
            setback IS NOT NULL AND state <> 'finished' ORDER BY
                (SELECT endedAt FROM attempts WHERE stage = id AND number = setback) DESC LIMIT \(failureLimit)
            """)
        let ended = try members(
            """
            state <> 'waiting' AND state <> 'finished' AND setback IS NULL
                AND state IN ('failed', 'set-aside', 'blocked', 'cancelled')
                ORDER BY id LIMIT \(failureLimit - troubled.count)
            """)
        return SweepSummary(
            plan: plan, groups: groups,
            running: try members("state <> 'waiting' AND state <> 'finished' AND state = 'running' ORDER BY id"),
            failures: troubled + ended, failureCount: try failureCount(),
            collapsed: try members(
                "id IN (SELECT stage FROM results WHERE onlyClass IS NOT NULL) AND state = 'finished' ORDER BY id"
            ).filter { stage, record in
                plan.task(named: stage.task).flatMap { record.result?.onlyLabel(of: $0.definition) } != nil
            },
            nodes: try nodes())
    }

    /// The groups in the order in which they were planned.
    private func groups(_ examples: inout [Int64: PlannedStage]) throws -> [SweepSummary.Group] {
        var counts: [Int64: (states: [StageState: Int], steps: Int, seconds: Double)] = [:]
        try database.each(
            "SELECT kind, state, stages, steps, seconds FROM counts WHERE sweep = ? AND stages > 0", [sweep]
        ) { row in
            let (kind, steps, seconds): (Int64, Int, Double) = (try row.at(0), try row.at(3), try row.at(4))
            counts[kind, default: ([:], 0, 0)].states[try spelled(StageState.self, row.at(1))] = try row.at(2)
            counts[kind]?.steps += steps
            counts[kind]?.seconds += seconds
        }
        var groups: [(number: Int64, group: SweepSummary.Group)] = []
        for (kind, count) in counts {
            let sql = "SELECT stage FROM members WHERE sweep = ? AND kind = ? ORDER BY stage"
            guard let first = try database.number("\(sql) LIMIT 1", sweep, kind),
                let last = try database.number("\(sql) DESC LIMIT 1", sweep, kind)
            else { throw damage("stages are counted otherwise than they stand") }
            let ends = try (plans.stage(first, of: sweep), plans.stage(last, of: sweep))
            (examples[first], examples[last]) = ends
            groups.append(
                (
                    first,
                    SweepSummary.Group(
                        first: ends.0, last: ends.1, states: count.states, steps: count.steps, seconds: count.seconds)
                ))
        }
        return groups.sorted { $0.number < $1.number }.map(\.group)
    }

    private func addSources(of examples: inout [Int64: PlannedStage]) throws {
        var open = Array(examples.keys)
        while let stage = open.popLast() {
            try database.each("SELECT source FROM edges WHERE stage = ?", [stage]) { row in
                let source: Int64 = try row.at(0)
                guard examples[source] == nil else { return }
                examples[source] = try plans.stage(source, of: sweep)
                open.append(source)
            }
        }
    }

    /// - Parameter condition: on rows of `stages`, with the words of a partial index.
    private func members(_ condition: String) throws -> [SweepSummary.Member] {
        var numbers: [Int64] = []
        let sql = """
            SELECT id FROM stages
            WHERE EXISTS (SELECT 1 FROM members WHERE stage = id AND members.sweep = ?) AND \(condition)
            """
        try database.each(sql, [sweep]) { numbers.append(try $0.at(0)) }
        return try numbers.map { number in
            guard let record = try stages.records("WHERE stages.id = ?", [number]).first else {
                throw damage("there is no stage \(number)")
            }
            return (try plans.stage(number, of: sweep), record)
        }
    }

    private func failureCount() throws -> Int {
        let ended = """
            SELECT coalesce(sum(stages), 0) FROM counts
            WHERE sweep = ? AND state NOT IN ('waiting', 'running', 'finished')
            """
        let open = """
            SELECT count(*) FROM stages WHERE setback IS NOT NULL AND state IN ('waiting', 'running')
            AND EXISTS (SELECT 1 FROM members WHERE stage = id AND members.sweep = ?)
            """
        return Int(try (database.number(ended, sweep) ?? 0) + (database.number(open, sweep) ?? 0))
    }

    private func nodes() throws -> [NodeSettings] {
        let reader = ResultReader(database)
        var numbers: [Int64] = []
        try database.each("SELECT id FROM nodes ORDER BY id") { numbers.append(try $0.at(0)) }
        return try numbers.map { try reader.node($0) }
    }
}
