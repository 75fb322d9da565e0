import Experiments
import Files
import Foundation
import GRDB
import Ledger
import TestKit
import Testing

/// Plans as rows of the ledger.
struct PlanRowsTests {
    let store: TemporaryFolder
    let ledger: Ledger

    init() throws {
        store = try TemporaryFolder()
        ledger = try Ledger(store: store.path)
    }

    /// With all that a plan may have.
    private func fullPlan(points: Int = 1) throws -> SweepPlan {
        let plain = try makePlan(seeds: [1, .max])
        var recipe = Recipe()
        recipe.tune = .bitfit
        recipe.learningRate = 1e-5
        let given = ArtifactReference(id: ArtifactID(rawValue: anyDigest), kind: .mask, byteCount: 9)
        let tried = try (0..<points).map { point in
            let specification = StageSpecification(
                backbone: anyDigest, task: anyDigest, recipe: recipe, seed: UInt64(100 + point),
                inputs: [
                    StageInput(kind: .head, from: plain.stages[0].key),
                    StageInput(kind: .delta, from: plain.stages[1].key),
                ],
                given: [given])
            return PlannedStage(
                key: try specification.key(), specification: specification, task: "rte", label: "searched",
                outputs: [.head, .log], keptIfBest: [.backbone], measures: [.gradientNorms], recomputes: true)
        }
        let search = SweepSearch(
            task: "rte", method: "searched", asked: anyDigest, seeds: [1], split: .dev,
            trials: tried.map { stage in
                SweepSearch.Trial(
                    point: SearchPoint([SearchedSetting(key: "lr", value: "1")]), stages: [stage.key], score: nil)
            }, state: .open, remarks: ["a \"remark\""])
        let rows =
            plain.rows + [
                SweepRow(
                    task: "rte", fold: Fold(2, of: 5), method: "a \"method\" / of mine", seed: .max,
                    stages: [plain.stages[0].key]),
                SweepRow(
                    task: "rte", method: "searched", seed: 3, stages: points > 1 ? [tried[1].key] : [], searches: [0]),
            ]
        return SweepPlan(
            name: "a \"sweep\"", model: plain.model, dataDirectory: "/a/b", tasks: plain.tasks,
            // What a search comes to stands among the others.
            stages: Array(plain.stages.prefix(2)) + tried + Array(plain.stages.dropFirst(2)), rows: rows,
            searches: [search])
    }

    private func counts() throws -> [String] {
        try ["stages", "members", "lines", "edges", "recipes", "kinds", "given", "sweeps"].flatMap {
            try store.query("SELECT '\($0) ' || count(*) FROM \($0)")
        }
    }

    @Test func `a plan with everything is put together again as it was`() throws {
        let plan = try fullPlan(points: 3)
        try ledger.commit([.planned(plan, at: at(1))])
        #expect(try ledger.reader.plan() == plan)
        #expect(try ledger.reader.given() == [ArtifactID(rawValue: anyDigest)])
        #expect(try ledger.reader.problems() == [])
    }

    @Test func `a plan is the document that other programs read`() throws {
        let plan = try fullPlan(points: 3)
        try ledger.commit([.planned(plan, at: at(1))])
        let json = try #require(try store.query("SELECT plan FROM sweep").first)
        #expect(try CanonicalJSON.decode(SweepPlan.self, from: Data(json.utf8)) == plan)
    }

    @Test func `a sweep is known by the digest of its name and rows`() throws {
        for plan in [try fullPlan(points: 3), try makePlan(seeds: [1, 2])] {
            try ledger.commit([.planned(plan, at: at(1))])
            let digest = try Digest(ofCanonicalJSON: plan.identity).hex
            #expect(try store.query("SELECT name FROM sweep WHERE digest = '\(digest)'") == [plan.name])
        }
    }

    @Test func `a plan that grows adds rows, and changes none but those of its searches`() throws {
        try ledger.commit([.planned(try fullPlan(), at: at(1))])
        let before = try counts()
        #expect(
            before == ["stages 4", "members 4", "lines 4", "edges 4", "recipes 2", "kinds 3", "given 1", "sweeps 1"])
        let places = try store.query("SELECT place FROM members ORDER BY place")
        try store.execute(
            """
            CREATE TABLE changed (what TEXT);
            CREATE TRIGGER a AFTER UPDATE ON members BEGIN INSERT INTO changed VALUES ('members'); END;
            CREATE TRIGGER b AFTER DELETE ON members BEGIN INSERT INTO changed VALUES ('members'); END;
            CREATE TRIGGER c AFTER UPDATE ON stages BEGIN INSERT INTO changed VALUES ('stages'); END;
            CREATE TRIGGER d AFTER UPDATE ON lines BEGIN INSERT INTO changed VALUES ('lines'); END;
            """)
        for points in [2, 3, 12, 40] {
            let plan = try fullPlan(points: points)
            try ledger.commit([.planned(plan, at: at(1))])
            #expect(try ledger.reader.plan() == plan)
        }
        #expect(try store.query("SELECT what FROM changed") == ["lines"], "the row whose search has come to a stage")
        #expect(try Set(store.query("SELECT place FROM members")).isSuperset(of: places))
        #expect(try counts()[0..<2] == ["stages 43", "members 43"])
        #expect(try ledger.reader.problems() == [])
        try ledger.commit([.planned(try fullPlan(points: 40), at: at(2))])
        #expect(try store.query("SELECT what FROM changed") == ["lines"], "the same again changes nothing")
    }

    @Test func `a plan whose stages stand otherwise, or are fewer, is kept as it is`() throws {
        let plan = try fullPlan(points: 3)
        try ledger.commit([.planned(plan, at: at(1))])
        for next in [try fullPlan(points: 2), try fullPlan(points: 3)] {
            let stages =
                [next.stages[0]] + next.stages.dropFirst().filter { $0.label != "searched" }
                + next.stages.filter { $0.label == "searched" }.reversed()
            let other = SweepPlan(
                name: next.name, model: next.model, dataDirectory: "elsewhere", tasks: next.tasks, stages: stages,
                rows: next.rows, searches: next.searches)
            try ledger.commit([.planned(other, at: at(2))])
            #expect(try ledger.reader.plan() == other)
            #expect(try ledger.reader.headings().count == 1)
            #expect(try ledger.reader.problems() == [])
        }
    }

    @Test func `a place is found between any two, until there is no room`() throws {
        var plan = try makePlan(seeds: [1, 2])
        // Always before the last.
        for seed in 3...40 as ClosedRange<UInt64> {
            var stages = plan.stages
            stages.insert(try makeStage(label: "eh-ft/2", seed: seed), at: stages.count - 1)
            plan = makePlan(stages: stages)
            try ledger.commit([.planned(plan, at: at(1))])
            #expect(try ledger.reader.plan() == plan)
        }
        #expect(try ledger.reader.problems() == [])
    }

    @Test func `sweeps share stages, each with what it asks of them`() throws {
        let plan = try makePlan(seeds: [1, 2])
        let other = makePlan(
            name: "other",
            stages: plan.stages.map { stage in
                PlannedStage(
                    key: stage.key, specification: stage.specification, task: stage.task, label: "x/\(stage.label)",
                    outputs: [.head, .backbone])
            }, rows: plan.rows)
        try ledger.commit([.planned(plan, at: at(1)), .planned(other, at: at(2))])
        #expect(try ledger.reader.sweeps().map(\.plan) == [plan, other])
        #expect(
            try counts() == [
                "stages 3", "members 6", "lines 4", "edges 2", "recipes 1", "kinds 4", "given 0", "sweeps 2",
            ])
        #expect(try ledger.reader.plan(containing: plan.stages[1].key) == plan)
    }

    @Test func `a damaged stage is told with its key`() throws {
        let plan = try makePlan(seeds: [1, 2])
        try ledger.commit([.planned(plan, at: at(1))])
        let key = plan.stages[1].key
        try store.execute("UPDATE stages SET state = 'asleep' WHERE key = '\(key)'")
        for read in [{ _ = try ledger.reader.stage(key) }, { _ = try ledger.reader.known(of: plan) }] {
            let error = #expect(throws: LedgerError.self, performing: read)
            guard case .corrupt(_, let detail) = error else {
                Issue.record("\(String(describing: error))")
                return
            }
            #expect(detail.contains("\(key)"))
        }
    }

    @Test func `many stages are read as few are`() throws {
        let plan = try makePlan(seeds: Array(1...1500))
        try ledger.commit([.planned(plan, at: at(1))])
        let stage = plan.stages[700].key
        try ledger.commit([
            .started(stage, first, on: worker, node: node, at: at(2)),
            .ended(stage, first, failure: nil, at: at(3)),
            .stands(StageRecord(key: stage, standing: .finished(makeResult(artifacts: [head])), attempts: 1)),
        ])
        let all = try ledger.reader.stages(of: plan)
        #expect(all.map(\.key) == plan.stages.map(\.key))
        for key in [stage, plan.stages[3].key] {
            #expect(try ledger.reader.stages([key]) == all.filter { $0.key == key })
        }
    }
}
