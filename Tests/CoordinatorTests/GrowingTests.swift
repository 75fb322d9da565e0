import Coordinator
import Experiments
import Files
import Ledger
import Messages
import TestKit
import Testing

/// Plans its first stage alone, as a search, and the others once that has ended.
private struct GrowingSweep: GrowingPlan {
    let whole: SweepPlan

    var name: String { whole.name }

    private var first: PlannedStage { whole.stages[0] }

    func plan(knowing standing: (StageKey) -> StageStanding?) -> SweepPlan {
        let isOpen = !(standing(first.key)?.state.isFinal ?? false)
        let point = SearchPoint([SearchedSetting(key: "lr", value: "1e-3")])
        let search = SweepSearch(
            task: "rte", method: "eh-ft", asked: Digest(of: [1]), seeds: [1], split: .dev,
            trials: [.init(point: point, stages: [first.key], score: isOpen ? nil : 0.5)],
            state: isOpen ? .open : .chosen(point: point), remarks: [])
        let rows = whole.rows.map {
            SweepRow(task: $0.task, method: $0.method, seed: $0.seed, stages: isOpen ? [] : $0.stages, searches: [0])
        }
        return SweepPlan(
            name: whole.name, model: whole.model, dataDirectory: whole.dataDirectory, tasks: whole.tasks,
            stages: isOpen ? [first] : whole.stages, rows: rows, searches: [search])
    }
}

struct GrowingTests {
    let store: TemporaryFolder
    let head = makeHead()
    private let sweep: GrowingSweep

    init() throws {
        store = try TemporaryFolder()
        sweep = GrowingSweep(whole: try makePlan(seeds: [1, 2]))
    }

    @Test func `hands out what its results lead to, and nobody is sent home before`() throws {
        let coordinator = try RunningCoordinator([sweep], store: store)
        let worker = try FakeWorker("worker-1", at: store.endpoint)
        try worker.finishFirst(yielding: head)
        for _ in 1...2 {
            let assignment = try worker.getAssignment()
            #expect(assignment.planned.label == "eh-ft/2")
            #expect(try worker.finish(assignment, with: []) == nil)
        }
        try worker.ask(FromWorker(.ready, from: worker.id)) { $0 == .dismissed }
        #expect(try coordinator.waitForEnd())
        let sweeps = try LedgerReader(store: store.path).sweeps()
        #expect(sweeps.count == 1, "however far it has come, it is one sweep")
        #expect(sweeps.first?.plan.rows.map(\.stages) == sweep.whole.rows.map(\.stages))
        #expect(sweeps.first?.plan.searches.first?.chosen?.description == "lr 1e-3")
    }

    @Test func `goes on from the ledger's results where its coordinator was killed`() throws {
        let killed = try RunningCoordinator([sweep], store: store, isKillable: true)
        let worker = try FakeWorker("worker-1", at: store.endpoint)
        try worker.finishFirst(yielding: head)
        try killed.kill()

        let coordinator = try RunningCoordinator([sweep], store: store)
        let next = try FakeWorker("worker-2", at: store.endpoint)
        try next.greet()
        #expect(try next.getAssignment().planned.label == "eh-ft/2")
        let ledger = try LedgerReader(store: store.path)
        #expect(try ledger.sweeps().map(\.plan) == [sweep.plan { _ in .cancelled }])
        #expect(try ledger.stage(sweep.whole.stages[0].key)?.attempts == 1)
        try coordinator.end()
    }

    @Test func `one that was handed in is planned again by the next coordinator, or named where it cannot be`() throws {
        let plan = try makeChains(1)
        let killed = try RunningCoordinator([plan], store: store, isKillable: true, prepare: { [sweep] _ in sweep })
        guard case .submitted? = try askCoordinator(.submit(arguments: ["growing.yaml"]), of: store) else {
            Issue.record("not submitted")
            return
        }
        try killed.kill()

        let without = try RunningCoordinator([plan], store: store)
        #expect(try sweeps() == [plan.name], "its file cannot be read, which does not keep the others")
        without.requestStop()
        _ = try without.waitForEnd()

        let coordinator = try RunningCoordinator(
            [plan], store: store,
            prepare: { [sweep] arguments in
                guard arguments == ["growing.yaml"] else { throw CannotPrepare() }
                return sweep
            })
        #expect(try sweeps() == [plan.name, sweep.whole.name])
        coordinator.requestStop()
        _ = try coordinator.waitForEnd()
    }

    private func sweeps() throws -> [String]? {
        guard case .status(let report)? = try askCoordinator(.status, of: store) else { return nil }
        return report.sweeps.map(\.name)
    }

    @Test func `which sweep was asked for last does not change as another one grows`() throws {
        let later = try makeChains(1)
        let coordinator = try RunningCoordinator([sweep, later], store: store)
        let reader = try waitForReader()
        #expect(try reader.plan()?.name == later.name)
        let worker = try FakeWorker("worker-1", at: store.endpoint)
        try worker.greet()
        while true {
            let assignment = try worker.getAssignment()
            try worker.deliver(head.bytes, as: head.reference, of: assignment)
            #expect(try worker.finish(assignment, with: [head.reference]) == nil)
            if assignment.planned.label == "eh-ft/1" { break }
        }
        #expect(try reader.plan(named: sweep.whole.name)?.stages.count == 3, "it has grown")
        #expect(try reader.plan()?.name == later.name)
        coordinator.requestStop()
        _ = try coordinator.waitForEnd()
    }

    private func waitForReader() throws -> LedgerReader {
        _ = try askCoordinator(.status, of: store)
        return try LedgerReader(store: store.path)
    }
}
