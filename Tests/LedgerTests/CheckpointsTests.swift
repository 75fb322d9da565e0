import Experiments
import Files
import Ledger
import TestKit
import Testing

struct CheckpointsTests {
    /// A coordinator whose stages are scored at every step commits without rest.
    @Test func `the write-ahead log of a writer that never rests stays small`() throws {
        let store = try TemporaryFolder()
        let ledger = try Ledger(store: store.path)
        let plan = try makePlan(seeds: [1])
        let stage = plan.stages[0].key
        try ledger.commit([
            .planned(plan, at: at(1000)), .started(stage, first, on: worker, node: node, at: at(2000)),
        ])
        for step in 1...3000 {
            try ledger.commit([
                .evaluated(
                    stage, first,
                    Evaluation(
                        step: step, epoch: 1, trainingLoss: 0.5,
                        scores: [Score(split: .dev, metric: .accuracy, value: 0.5)]))
            ])
        }
        let bytes = try #require(Disk.byteCount(of: store.ledgerFile + "-wal"))
        #expect(bytes < 24 << 20, "of 4 KiB each, \(bytes >> 12) pages")
    }
}
