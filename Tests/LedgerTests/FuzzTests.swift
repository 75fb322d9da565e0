import Experiments
import Files
import Foundation
import Ledger
import TestKit
import Testing

/// Stores as broken disks leave them.
struct FuzzTests {
    private func ledger() throws -> [UInt8] {
        let store = try TemporaryFolder()
        let plan = try makePlan(seeds: [1, 2])
        do {
            let ledger = try Ledger(store: store.path)
            try ledger.commit([.planned(plan, at: at(1))])
            for stage in plan.stages.prefix(2) {
                try ledger.commit([
                    .started(stage.key, first, on: worker, node: node, at: at(2)),
                    .stands(StageRecord(key: stage.key, standing: .running(on: worker), attempts: 1)),
                ])
            }
        }
        return try Disk.read(store.ledgerFile)
    }

    @Test(arguments: 0..<UInt64(2)) func `a mutated ledger is read, or told what is wrong with it`(seed: UInt64) throws
    {
        let whole = try ledger()
        let watchdog = Watchdog()
        var mutator = Mutator(seed: seed)
        var (read, refused) = (0, 0)
        for number in 0..<fuzzCount(2000, per: 1000) / 2 {
            let store = try TemporaryFolder(["ledger.sqlite": mutator.mutated(whole)])
            try watchdog.watch("ledger \(number) of seed \(seed)") {
                do {
                    let reader = try LedgerReader(store: store.path)
                    if let plan = try reader.plan() { _ = try reader.stages(of: plan) }
                    _ = try reader.problems()
                    _ = try reader.readJournal { _ in }
                    _ = try (reader.discarded(), reader.drained(), reader.endTimes())
                    read += 1
                } catch is LedgerError {
                    refused += 1
                }
            }
        }
        #expect(read > 0 && refused > 0)
    }
}
