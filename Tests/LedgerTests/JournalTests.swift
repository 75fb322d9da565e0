import Experiments
import Foundation
import GRDB
import Ledger
import Synchronization
import TestKit
import Testing

struct JournalTests {
    let store: TemporaryFolder
    let ledger: Ledger
    let plan: SweepPlan
    let stage: StageKey
    let failure = StageFailure(.lost, "worker worker-1 fell silent")

    init() throws {
        store = try TemporaryFolder()
        ledger = try Ledger(store: store.path)
        plan = try makePlan(seeds: [1, 2])
        stage = plan.stages[0].key
        let running = StageRecord(key: stage, standing: .running(on: worker), attempts: 1)
        try ledger.commit([
            .planned(plan, at: at(1000)), .started(stage, first, on: worker, node: node, at: at(2000)),
            .stands(running),
        ])
        let evaluation = Evaluation(
            step: 10, epoch: 0.5, trainingLoss: 0.7, scores: [Score(split: .dev, metric: .accuracy, value: 0.5)])
        try ledger.commit([.evaluated(stage, first, evaluation)])
        try ledger.commit([.evaluated(stage, first, evaluation)])
        let lost = StageRecord(
            key: stage, attempts: 1, losses: 1, setback: StageRecord.Setback(failure, at: at(3000)))
        try ledger.commit([.ended(stage, first, failure: failure, at: at(3000)), .stands(lost)])
        var finished = lost
        (finished.standing, finished.attempts) = (.finished(makeResult(artifacts: [head])), 2)
        try ledger.commit([
            .started(stage, second, on: worker, node: node, at: at(4000)),
            .ended(stage, second, failure: nil, at: at(5000)), .stands(finished),
        ])
    }

    private func entries(after number: Int64 = 0) throws -> [JournalEntry] {
        var entries: [JournalEntry] = []
        try ledger.reader.readJournal(after: number) { entries.append($0) }
        return entries
    }

    @Test func `the journal leads to where the stages stand`() throws {
        var states = JournalStates()
        for entry in try entries() { try states.read(entry) }
        let records = try ledger.reader.stages(keyPrefix: "")
        #expect(states.records == Dictionary(records.map { ($0.key, $0) }) { $1 })
        #expect(try ledger.reader.problems().isEmpty)
    }

    @Test func `events are in their order, and what is said again is told once`() throws {
        let entries = try entries()
        #expect(entries.map(\.number) == Array(1...Int64(entries.count)))
        #expect(entries.first?.event == .planned(sweep: "sweep", stages: plan.stages.map(\.key)))
        let evaluations = entries.filter { if case .evaluated = $0.event { true } else { false } }
        #expect(evaluations.count == 1)
        let end = entries.first { $0.event == .ended(stage: stage, attempt: first, failure: failure) }
        #expect(end?.at == at(3000))
        #expect(try self.entries(after: entries[3].number).map(\.number) == Array(entries.dropFirst(4).map(\.number)))
    }

    @Test func `a sweep that is asked for again brings only its new stages`() throws {
        let more = try makePlan(seeds: [1, 2, 3])
        let last = try entries().last?.number ?? 0
        try ledger.commit([.planned(more, at: at(6000))])
        let entries = try entries(after: last)
        #expect(entries.map(\.event) == [.planned(sweep: "sweep", stages: [more.stages[3].key])])
        #expect(
            entries.allSatisfy { $0.at > at(6000) }, "it tells when they were planned, not when they were asked for")
    }

    /// Each look at the ledger is one transaction: what another connection commits meanwhile changes nothing.
    @Test(.timeLimit(.minutes(1))) func `a ledger that is written on meanwhile is found sound`() throws {
        let reader = try LedgerReader(store: store.path)
        let isOver = Atomic<Bool>(false)
        let hasEnded = DispatchSemaphore(value: 0)
        Thread.detachNewThread { [ledger, stages = plan.stages.dropFirst()] in
            var isPaused = true
            while !isOver.load(ordering: .relaxed) {
                let changes = stages.map { Change.stands(StageRecord(key: $0.key, isPaused: isPaused)) }
                do { try ledger.commit(changes) } catch { Issue.record(error) }
                isPaused.toggle()
            }
            hasEnded.signal()
        }
        for _ in 0..<50 { #expect(try reader.problems().isEmpty) }
        isOver.store(true, ordering: .relaxed)
        hasEnded.wait()
    }

    @Test func `what was changed beside the coordinator is found out`() throws {
        let harms = [
            ("UPDATE stages SET losses = 2 WHERE key = '\(stage)'", "stage \(stage): the journal leads elsewhere"),
            (
                "INSERT INTO counts SELECT sweep, kind, 'nowhere', 2, 0, 0.0 FROM counts LIMIT 1",
                "stages are counted otherwise"
            ),
            ("DELETE FROM counts", "stages are counted otherwise"),
            ("UPDATE results SET artifacts = '[7]'", "stage \(stage): "),
            ("UPDATE stages SET state = 'asleep' WHERE key = '\(plan.stages[1].key)'", "is not a StageState"),
            ("UPDATE lines SET stages = '[1,99]'", "its plan cannot be read"),
            ("UPDATE sweeps SET head = '{}'", "its plan cannot be read"),
        ]
        for (sql, problem) in harms {
            try store.execute("PRAGMA foreign_keys = OFF; \(sql)")
            let problems = try ledger.reader.problems()
            #expect(problems.contains { $0.contains(problem) }, "\(problems)")
        }
    }

    @Test func `a backup taken amid the work is a whole ledger in one file`() throws {
        let copy = try TemporaryFolder()
        try ledger.reader.backUp(to: copy.ledgerFile)
        try ledger.commit([.started(plan.stages[1].key, first, on: worker, node: node, at: at(7000))])
        #expect(try FileManager.default.contentsOfDirectory(atPath: copy.path) == ["ledger.sqlite"])
        let restored = try Ledger(store: copy.path)
        #expect(try restored.reader.stages(of: plan).map(\.attempts) == [2, 0, 0])
        #expect(try restored.reader.problems().isEmpty)
        #expect(throws: LedgerError.self) { try ledger.reader.backUp(to: copy.ledgerFile) }
    }
}
