import Experiments
import Files
import GRDB

/// Puts plans together of their rows. What many stages share is read once.
final class PlanReader {
    private let database: Database
    private var kinds: [Int64: KindOfStage] = [:]
    /// What stages were given as files: few are.
    private lazy var given = Result { try readGiven() }

    init(_ database: Database) { self.database = database }

    func plan(_ sweep: Int64) throws -> SweepPlan {
        var keys: [Int64: StageKey] = [:]
        let stages = try stages(
            """
            SELECT members.stage, stages.key, members.kind, stages.seed, edges.kind, edges.source
            FROM members JOIN stages ON stages.id = members.stage LEFT JOIN edges ON edges.stage = members.stage
            WHERE members.sweep = ? ORDER BY members.place, edges.kind
            """, [sweep], &keys)
        return try plan(sweep, stages, try rows(of: sweep, keys))
    }

    /// The plan with these stages and rows alone.
    func plan(_ sweep: Int64, _ stages: [PlannedStage], _ rows: [SweepRow]) throws -> SweepPlan {
        let head = try head(sweep)
        return SweepPlan(
            name: head.name, model: head.model, dataDirectory: head.dataDirectory, tasks: head.tasks, stages: stages,
            rows: rows, searches: head.searches)
    }

    func head(_ sweep: Int64) throws -> SweepHead {
        let head = try database.first("SELECT head FROM sweeps WHERE id = ?", sweep) { row in
            try decode(SweepHead.self, from: row.at(0))
        }
        guard let head else { throw damage("there is no sweep \(sweep)") }
        return head
    }

    /// One stage as the sweep asks for it.
    func stage(_ number: Int64, of sweep: Int64) throws -> PlannedStage {
        var keys: [Int64: StageKey] = [:]
        let stages = try stages(
            """
            SELECT members.stage, stages.key, members.kind, stages.seed, edges.kind, edges.source
            FROM members INDEXED BY memberOf JOIN stages ON stages.id = members.stage
            LEFT JOIN edges ON edges.stage = members.stage
            WHERE members.stage = ? AND members.sweep = ? ORDER BY edges.kind
            """, [number, sweep], &keys)
        guard let stage = stages.first else { throw damage("stage \(number) is not in sweep \(sweep)") }
        return stage
    }

    /// - Parameters:
    ///   - sql: a row for each input of each stage, one stage after the other.
    ///   - keys: by number, of the stages that were read.
    private func stages(
        _ sql: String, _ arguments: [(any DatabaseValueConvertible)?], _ keys: inout [Int64: StageKey]
    ) throws -> [PlannedStage] {
        var stages: [PlannedStage] = []
        var current: (number: Int64, key: StageKey, kind: Int64, seed: Int64)?
        var inputs: [StageInput] = []
        let given = try given.get()
        func finish() throws {
            guard let stage = current else { return }
            stages.append(
                try planned(stage.key, try kind(stage.kind), stage.seed, inputs, given[stage.number] ?? []))
            inputs.removeAll(keepingCapacity: true)
        }
        try database.each(sql, arguments) { row in
            let number: Int64 = try row.at(0)
            if current?.number != number {
                try finish()
                let key = StageKey(rawValue: try digest(row.at(1)))
                current = (number, key, try row.at(2), try row.at(3))
                keys[number] = key
            }
            guard let source = row[5] as Int64? else { return }
            let from = try keys[source] ?? self.key(source)
            inputs.append(StageInput(kind: try spelled(ArtifactKind.self, row.at(4)), from: from))
        }
        try finish()
        return stages
    }

    private func planned(
        _ key: StageKey, _ kind: KindOfStage, _ seed: Int64, _ inputs: [StageInput], _ given: [ArtifactReference]
    ) throws -> PlannedStage {
        let specification = StageSpecification(
            semantics: kind.semantics, backbone: kind.backbone, task: kind.content, recipe: kind.recipe,
            seed: UInt64(bitPattern: seed), inputs: inputs, given: given)
        return PlannedStage(
            key: key, specification: specification, task: kind.task, label: kind.label, outputs: kind.outputs,
            keptIfBest: kind.keptIfBest, measures: kind.measures, recomputes: kind.recomputes)
    }

    private func key(_ number: Int64) throws -> StageKey {
        let key = try database.first("SELECT key FROM stages WHERE id = ?", number) { try digest($0.at(0)) }
        guard let key else { throw damage("there is no stage \(number)") }
        return StageKey(rawValue: key)
    }

    private func kind(_ number: Int64) throws -> KindOfStage {
        if let known = kinds[number] { return known }
        let found = try database.first(
            """
            SELECT semantics, backbone, content, recipes.recipe, task, label, outputs, keptIfBest, measures, recomputes
            FROM kinds JOIN recipes ON recipes.id = kinds.recipe WHERE kinds.id = ?
            """, number
        ) { row in
            KindOfStage(
                semantics: try row.at(0), backbone: try digest(row.at(1)), content: try digest(row.at(2)),
                recipe: try decode(Recipe.self, from: row.at(3)), task: try row.at(4), label: try row.at(5),
                outputs: try decode(Set<ArtifactKind>.self, from: row.at(6)),
                keptIfBest: try decode([ArtifactKind].self, from: row.at(7)),
                measures: try decode([Measure].self, from: row.at(8)), recomputes: try row.at(9))
        }
        guard let kind = found else { throw damage("there is no kind of stages \(number)") }
        kinds[number] = kind
        return kind
    }

    private func readGiven() throws -> [Int64: [ArtifactReference]] {
        var given: [Int64: [ArtifactReference]] = [:]
        try database.each("SELECT stage, artifact, kind, byteCount FROM given") { row in
            let id = ArtifactID(rawValue: try digest(row.at(1)))
            given[try row.at(0), default: []].append(
                ArtifactReference(id: id, kind: try spelled(ArtifactKind.self, row.at(2)), byteCount: try row.at(3)))
        }
        return given
    }

    private func rows(of sweep: Int64, _ keys: [Int64: StageKey]) throws -> [SweepRow] {
        var rows: [SweepRow] = []
        let sql = "SELECT task, fold, folds, method, seed, stages, searches FROM lines WHERE sweep = ? ORDER BY place"
        try database.each(sql, [sweep]) { row in
            let (number, count): (Int?, Int?) = (row[1], row[2])
            let fold = number.flatMap { number in count.map { Fold(number, of: $0) } }
            rows.append(
                SweepRow(
                    task: try row.at(0), fold: fold, method: try row.at(3), seed: UInt64(bitPattern: try row.at(4)),
                    stages: try integers(row.at(5)).map { try keys[Int64($0)] ?? key(Int64($0)) },
                    searches: try (row[6] as String?).map(integers) ?? []))
        }
        return rows
    }

    private func integers(_ text: String) throws -> [Int] {
        guard let integers = PlainText.list(text, { $0.integer() }) else {
            throw damage("'\(text)' is not a list of numbers")
        }
        return integers
    }
}
