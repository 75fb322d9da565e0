import Experiments
import Files
import GRDB

/// A plan as JSON, but for what has rows.
struct SweepHead: Codable {
    let name: String
    let model: ModelLocation
    let dataDirectory: String
    let tasks: [PlannedTask]
    @Implied<Empty<SweepSearch>> private(set) var searches: [SweepSearch]

    /// "anySearches" is what plans in stores call it.
    private enum CodingKeys: String, CodingKey {
        case name, model, dataDirectory, tasks, searches = "anySearches"
    }

    init(_ plan: SweepPlan) {
        name = plan.name
        model = plan.model
        dataDirectory = plan.dataDirectory
        tasks = plan.tasks
        searches = plan.searches
    }
}

/// Writes a plan as rows. Of a plan that is there already only what is new is written.
struct PlanWriter {
    private let database: Database
    private var kinds: [KindOfStage: Int64] = [:]
    private var numbers: [StageKey: Int64] = [:]
    /// The stages that no sweep had asked for before.
    private var new: ClosedRange<Int64>?

    init(_ database: Database) { self.database = database }

    /// - Returns: the number of the sweep, and the numbers of the stages that are new to the ledger.
    mutating func write(_ plan: SweepPlan, at: Timestamp) throws -> (sweep: Int64, new: ClosedRange<Int64>?) {
        let digest = try plan.digest().hex
        let known = try database.number("SELECT id FROM sweeps WHERE digest = ?", digest)
        let head = String(decoding: try CanonicalJSON.encode(SweepHead(plan)), as: UTF8.self)
        try database.run(
            """
            INSERT INTO sweeps (digest, name, head, plannedAt, weight)
            VALUES (?, ?, ?, ?, coalesce((SELECT weight FROM sweeps WHERE name = ? LIMIT 1), 1))
            ON CONFLICT (digest) DO UPDATE SET head = excluded.head, plannedAt = excluded.plannedAt
            """, digest, plan.name, head, at.rawValue, plan.name)
        let sweep = known ?? database.lastInsertedRowID
        try write(plan.stages, of: sweep)
        // What makes it the same sweep is its rows: only what searches come to changes any.
        if known == nil || !plan.searches.isEmpty { try write(plan.rows, of: sweep) }
        return (sweep, new)
    }

    // MARK: Stages

    private mutating func write(_ stages: [PlannedStage], of sweep: Int64) throws {
        guard try !has(stages, of: sweep) else { return }
        var (places, keys, known): ([Int64], [StageKey], [Int64]) = ([], [], [])
        try database.each(
            """
            SELECT members.place, members.stage, members.kind, stages.key
            FROM members JOIN stages ON stages.id = members.stage WHERE members.sweep = ? ORDER BY members.place
            """, [sweep]
        ) { row in
            let key = StageKey(rawValue: try digest(row.at(3)))
            places.append(try row.at(0))
            keys.append(key)
            known.append(try row.at(2))
            numbers[key] = try row.at(1)
        }
        numbers.reserveCapacity(stages.count)
        let kept = Placing.kept(of: keys, in: stages.map(\.key))
        guard let next = Placing(kept: kept, places: places).places else {
            try database.run("DELETE FROM members WHERE sweep = ?", sweep)
            for (place, stage) in stages.enumerated() {
                try add(stage, of: sweep, kind: try kind(of: stage), at: Int64(place) * placeStride)
            }
            return
        }
        for (index, stage) in stages.enumerated() {
            let kind = try kind(of: stage)
            guard let old = kept[index] else {
                try add(stage, of: sweep, kind: kind, at: next[index])
                continue
            }
            guard known[old] != kind else { continue }
            try database.run("DELETE FROM members WHERE sweep = ? AND place = ?", sweep, next[index])
            try add(stage, of: sweep, kind: kind, at: next[index])
        }
    }

    /// Whether the sweep has these stages already, in this order and asked for as here: so it is at every start but the first.
    private mutating func has(_ stages: [PlannedStage], of sweep: Int64) throws -> Bool {
        let members = try Row.fetchCursor(
            database.cachedStatement(
                sql: """
                    SELECT stages.key, members.kind FROM members JOIN stages ON stages.id = members.stage
                    WHERE members.sweep = ? ORDER BY members.place
                    """), arguments: [sweep])
        for stage in stages {
            guard let row = try members.next() else { return false }
            let kind = try kind(of: stage)
            guard try row.at(1) == kind, try row.at(0) == stage.key.description else { return false }
        }
        return try members.next() == nil
    }

    private mutating func add(_ stage: PlannedStage, of sweep: Int64, kind: Int64, at place: Int64) throws {
        try database.run(
            "INSERT INTO members (sweep, place, stage, kind) VALUES (?, ?, ?, ?)", sweep, place,
            try numbers[stage.key] ?? insert(stage, of: sweep, kind: kind), kind)
    }

    /// - Returns: its number, which it may have from another sweep.
    private mutating func insert(_ stage: PlannedStage, of sweep: Int64, kind: Int64) throws -> Int64 {
        let specification = stage.specification
        try database.run(
            """
            INSERT INTO stages
                (key, sweep, kind, seed, state, attempts, losses, nodeFailures, isPaused, priority)
            VALUES (?, ?, ?, ?, 'waiting', 0, 0, 0, 0, 0) ON CONFLICT (key) DO NOTHING
            """, stage.key.description, sweep, kind, Int64(bitPattern: specification.seed))
        guard database.changesCount > 0 else { return try number(of: stage.key) }
        let number = database.lastInsertedRowID
        numbers[stage.key] = number
        new = (new?.lowerBound ?? number)...number
        for input in specification.inputs {
            try database.run(
                "INSERT INTO edges (stage, kind, source) VALUES (?, ?, ?)", number, input.kind.rawValue,
                try self.number(of: input.from))
        }
        for artifact in specification.given {
            try database.run(
                "INSERT INTO given (stage, kind, artifact, byteCount) VALUES (?, ?, ?, ?)", number,
                artifact.kind.rawValue, artifact.id.description, artifact.byteCount)
        }
        return number
    }

    private mutating func number(of key: StageKey) throws -> Int64 {
        if let known = numbers[key] { return known }
        guard let number = try database.number("SELECT id FROM stages WHERE key = ?", key.description) else {
            throw DatabaseError(message: "a plan names the stage \(key.short), and does not have it")
        }
        numbers[key] = number
        return number
    }

    private mutating func kind(of stage: PlannedStage) throws -> Int64 {
        let kind = KindOfStage(stage)
        if let known = kinds[kind] { return known }
        let number = try kind.number(in: database)
        kinds[kind] = number
        return number
    }

    // MARK: Rows

    private mutating func write(_ rows: [SweepRow], of sweep: Int64) throws {
        var known: [String] = []
        try database.each("SELECT stages FROM lines WHERE sweep = ? ORDER BY place", [sweep]) { row in
            known.append(try row.at(0))
        }
        for (place, row) in rows.enumerated() {
            let stages = "[\(try row.stages.map { "\(try number(of: $0))" }.joined(separator: ","))]"
            if known.indices.contains(place) {
                guard known[place] != stages else { continue }
                try database.run("UPDATE lines SET stages = ? WHERE sweep = ? AND place = ?", stages, sweep, place)
            } else {
                let searches = row.searches.isEmpty ? nil : "[\(row.searches.map { "\($0)" }.joined(separator: ","))]"
                try database.run(
                    """
                    INSERT INTO lines (sweep, place, task, fold, folds, method, seed, stages, searches)
                    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
                    """, sweep, place, row.task, row.fold?.number, row.fold?.count, row.method,
                    Int64(bitPattern: row.seed), stages, searches)
            }
        }
    }
}

/// The room between the places of two stages that were planned one after the other.
let placeStride: Int64 = 1 << 20

/// Where the stages of a plan that has grown have their places: those that were there keep theirs.
struct Placing {
    /// nil where they cannot: the order has changed, some are gone, or there is no room.
    let places: [Int64]?

    /// - Parameters:
    ///   - kept: for each stage of the plan its index among those of before; nil where it is new.
    ///   - places: of those of before.
    init(kept: [Int?], places old: [Int64]) {
        guard kept.compactMap(\.self).elementsEqual(old.indices) else {
            places = nil
            return
        }
        var places: [Int64] = []
        var begin = 0
        while begin < kept.count {
            let end = kept[begin...].firstIndex { $0 != nil } ?? kept.count
            let count = Int64(end - begin)
            let next = end < kept.count ? kept[end].map { old[$0] } : nil
            let first = places.last ?? next.map { $0 - (count + 1) * placeStride } ?? -placeStride
            let step = next.map { ($0 - first) / (count + 1) } ?? placeStride
            guard step > 0 else {
                self.places = nil
                return
            }
            for number in 0..<count { places.append(first + (number + 1) * step) }
            if let next { places.append(next) }
            begin = end + 1
        }
        self.places = places
    }

    /// For each stage its index among those of before.
    static func kept(of old: [StageKey], in new: [StageKey]) -> [Int?] {
        guard old != new else { return Array(old.indices) }
        let indices = Dictionary(zip(old, old.indices)) { first, _ in first }
        return new.map { indices[$0] }
    }
}

/// Stages that differ in nothing but their seeds and what they start from, as a sweep asks for them.
struct KindOfStage: Hashable {
    let semantics: Int
    let backbone: Digest
    let content: Digest
    let recipe: Recipe
    let task: String
    let label: String
    let outputs: Set<ArtifactKind>
    let keptIfBest: [ArtifactKind]
    let measures: [Measure]
    let recomputes: Bool
}

extension KindOfStage {
    fileprivate init(_ stage: PlannedStage) {
        let specification = stage.specification
        self.init(
            semantics: specification.semantics, backbone: specification.backbone, content: specification.task,
            recipe: specification.recipe, task: stage.task, label: stage.label, outputs: stage.outputs,
            keptIfBest: stage.keptIfBest, measures: stage.measures, recomputes: stage.recomputes)
    }

    /// Its number; it is added where the ledger does not have it.
    fileprivate func number(in database: Database) throws -> Int64 {
        let recipe = try database.numberOfRow(
            in: "recipes", ["recipe", "content", "backbone", "semantics"],
            [String(decoding: try CanonicalJSON.encode(recipe), as: UTF8.self), content.hex, backbone.hex, semantics])
        let words = { (kinds: [String]) in String(decoding: try CanonicalJSON.encode(kinds), as: UTF8.self) }
        return try database.numberOfRow(
            in: "kinds", ["recipe", "task", "label", "outputs", "keptIfBest", "measures", "recomputes"],
            [
                recipe, task, label, try words(outputs.map(\.rawValue).sorted()), try words(keptIfBest.map(\.rawValue)),
                try words(measures.map(\.rawValue)), recomputes,
            ])
    }
}
