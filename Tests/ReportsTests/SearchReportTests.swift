import Experiments
import Files
import Reports
import Testing

struct SearchReportTests {
    /// The sample with a search for each method on cb: one goes on, the other has come to a rate.
    private func plan(_ state: SearchState, remarks: [String] = [], on split: Split = .dev) throws -> SweepPlan {
        let plan = try Sample().plan
        let trials = ["1e-4", "5e-4"].map { value in
            SweepSearch.Trial(
                point: SearchPoint([SearchedSetting(key: "lr", value: value)]), stages: [plan.stages[0].key],
                score: state == .open && value == "5e-4" ? nil : 0.5)
        }
        let search = SweepSearch(
            task: "cb", method: "finetune", asked: Digest(of: [1]), seeds: [1], split: split, trials: trials,
            state: state, remarks: remarks)
        let rows = plan.rows.map { row in
            guard row.task == "cb", row.method == "finetune" else { return row }
            let stages = search.chosen == nil ? [] : row.stages
            return SweepRow(task: row.task, method: row.method, seed: row.seed, stages: stages, searches: [0])
        }
        return SweepPlan(
            name: plan.name, model: plan.model, dataDirectory: plan.dataDirectory, tasks: plan.tasks,
            stages: plan.stages, rows: rows, searches: [search])
    }

    @Test
    func `scores that were searched on what is reported are said to be, with the table's seeds among the search's`()
        throws
    {
        let warning =
            "settings were searched on dev, which is reported, too, so that these scores come out too high: finetune; "
            + "searched on with seed of the table: 1"
        let snapshot = SweepSnapshot(try plan(chosen), try Sample().underWay.plan.stages.map(record))
        #expect(ResultTable(snapshot).rendered(.csv).contains("searched") == false)
        #expect(ResultTable(snapshot).rendered(.markdown).contains(warning))
        #expect(try MethodComparison(snapshot, "eh_ft", "finetune").rendered(.markdown).contains(warning))
        let other = SweepSnapshot(try plan(chosen, on: .validation), snapshot.plan.stages.map(record))
        #expect(!ResultTable(other).rendered(.markdown).contains("searched"))
        #expect(try MethodComparison(other, "eh_ft", "finetune").searchWarning == nil)
    }

    /// Whatever a stage is, its score goes with its seed.
    private func record(_ stage: PlannedStage) -> StageRecord {
        Sample.finished(stage.key, [Sample.accuracy(0.5 + 0.1 * Double(stage.specification.seed))])
    }

    private let chosen = SearchState.chosen(point: SearchPoint([SearchedSetting(key: "lr", value: "5e-4")]))

    @Test func `the table tells what was found by search`() throws {
        let table = ResultTable(SweepSnapshot(try plan(chosen), [])).rendered(.text)
        #expect(table.hasSuffix("\n\nsettings found by search:\n  finetune  cb: lr 5e-4 of 2 points"))
        let open = ResultTable(SweepSnapshot(try plan(.open), []))
        #expect(!open.rendered(.text).contains("search") && open.cells[0][0].failed == 0)
    }

    @Test func `rows of a search that failed are failed, with the reason`() throws {
        let snapshot = SweepSnapshot(try plan(.failed(reason: "none of the 2 points tried has a score")), [])
        let cell = ResultTable(snapshot).cells[0][0]
        #expect(cell.failed == 2 && cell.finished == 0 && cell.seeds == 2)
        #expect(ResultTable(snapshot).rendered(.text).hasSuffix("cb: none of the 2 points tried has a score"))
        let row = try #require(ResultRows(snapshot).rows.first)
        #expect(row.state == .failed && row.key == nil && row.chosen.isEmpty)
    }

    @Test func `json has the chosen settings, and null for the key of a row that waits`() throws {
        let waiting = String(
            decoding: try CanonicalJSON.encode(ResultRows(SweepSnapshot(try plan(.open), []))), as: UTF8.self)
        let row = #""rows":[{"chosen":{},"examples":56,"fold":null,"isUndefined":false,"key":null,"method":"finetune","#
        #expect(waiting.contains(row))
        let done = String(
            decoding: try CanonicalJSON.encode(ResultRows(SweepSnapshot(try plan(chosen), []))), as: UTF8.self)
        #expect(
            done.contains(#""rows":[{"chosen":{"lr":"5e-4"},"examples":56,"fold":null,"isUndefined":false,"key":""#))
    }

    @Test func `plan and status say how searches stand, and that more stages may follow`() throws {
        let snapshot = SweepSnapshot(try plan(.open, remarks: ["the grid grows"]), [])
        let listing = PlanListing(snapshot).text()
        #expect(listing.hasPrefix("small on tiny: 8 runs are 12 stages, each once so far; more follow from 1 search\n"))
        let lines = """
            search cb finetune: 1 of 2 points have a score, on dev, which the table reports too (seed 1); more may follow
              the grid grows
            """
        #expect(listing.contains(lines))
        #expect(StatusListing(snapshot, nil, isWorkedOn: false).text().contains(lines))
        #expect(PlanListing.stageCount(snapshot.plan) == "12 stages, and those that its searches lead to")
        let done = PlanListing(SweepSnapshot(try plan(chosen), [])).text()
        #expect(
            done.contains(
                "search cb finetune: lr 5e-4 is the best of 2 points, on dev, which the table reports too (seed 1)"))
    }

    @Test func `progress tells what searches have come to`() throws {
        let before = LiveProgress(SweepSnapshot(try plan(.open, remarks: ["a"]), []), workers: 1)
        #expect(before.lines(width: 200)[0].contains(", 1 search goes on, 1 worker"))
        let after = LiveProgress(SweepSnapshot(try plan(chosen, remarks: ["a", "b"]), []), workers: 1)
        #expect(
            after.news(since: before) == [
                "search cb finetune: b",
                "search cb finetune: lr 5e-4 is the best of 2 points, on dev, which the table reports too (seed 1)",
            ])
        #expect(after.news(since: after).isEmpty)
    }
}
