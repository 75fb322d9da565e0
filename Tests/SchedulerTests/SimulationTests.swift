import Experiments
import Foundation
import Simulation
import Testing

@Suite(.serialized) struct SimulationTests {
    private static let batch: UInt64 = 10
    /// Every so manieth seed remembers in the real ledger instead of the model of it; the disk makes that slower.
    private static let ledgerEvery: UInt64 = 25

    private static func usesLedger(_ seed: UInt64) -> Bool { seed % ledgerEvery == 0 }

    @Test(.enabled(if: replayedSeed == nil), arguments: 0..<UInt64(20))
    func `each stage ends with one accepted result, whatever is lost and whoever crashes`(batch: UInt64) throws {
        for seed in batch * Self.batch..<(batch + 1) * Self.batch {
            var simulation = try Simulation(seed: seed, usesLedger: Self.usesLedger(seed))
            let objections = try simulation.run()
            #expect(objections.isEmpty, "run again with HEADSTART_SIMULATION_SEED=\(seed)")
        }
    }

    @Test(.enabled(if: replayedSeed == nil), arguments: 0..<UInt64(5))
    func `a sweep that grows as its first stages end ends as well`(batch: UInt64) throws {
        for seed in batch * Self.batch..<(batch + 1) * Self.batch {
            var simulation = try Simulation(seed: seed, grows: true, usesLedger: Self.usesLedger(seed))
            let objections = try simulation.run()
            #expect(objections.isEmpty, "run again with HEADSTART_SIMULATION_SEED=\(seed)")
        }
    }

    @Test(.enabled(if: replayedSeed == nil))
    func `the simulated worlds contain every fault and every outcome`() throws {
        var tally = Simulation.Tally()
        for seed in 0..<UInt64(100) {
            var simulation = try Simulation(seed: seed)
            _ = try simulation.run()
            tally = tally + simulation.tally
        }
        for count in Simulation.Tally.Count.allCases {
            #expect(tally[count] > 1, "\(count)")
        }
        #expect(tally[.workerCrashes] > 40 && tally[.coordinatorCrashes] > 40 && tally[.refusals] > 3)
        for state in [.finished, .failed, .setAside, .blocked] as [StageState] {
            #expect(tally.states[state, default: 0] > 3, "\(state)")
        }
        #expect(tally.states[.finished, default: 0] > 150, "most stages finish: \(tally.states)")
    }

    @Test(.enabled(if: replayedSeed == nil))
    func `a sweep over hundreds of workers ends as well`() throws {
        var simulation = try Simulation(seed: 1, size: Simulation.Size(stages: 450, workers: 300))
        #expect(try simulation.run().isEmpty)
        #expect(simulation.tally.states[.finished, default: 0] > 200, "\(simulation.tally)")
    }

    @Test(.enabled(if: replayedSeed == nil))
    func `equal seeds give equal worlds`() throws {
        var first = try Simulation(seed: 7, traces: true)
        var second = try Simulation(seed: 7, traces: true)
        _ = try first.run()
        _ = try second.run()
        #expect(first.trace?.lines.count ?? 0 > 100)
        #expect(first.trace?.text == second.trace?.text)
    }

    @Test(.enabled(if: replayedSeed != nil), arguments: [false, true])
    func `the seed asked for runs with a trace`(grows: Bool) throws {
        let seed = try #require(replayedSeed)
        var simulation = try Simulation(
            seed: seed, grows: grows, usesLedger: Self.usesLedger(seed), traces: true)
        let objections = try simulation.run()
        FileHandle.standardError.write(Data((simulation.trace?.text ?? "").utf8))
        #expect(objections.isEmpty, "growing: \(grows)")
    }
}

/// The only seed to run, with a trace on standard error.
private let replayedSeed = ProcessInfo.processInfo.environment["HEADSTART_SIMULATION_SEED"].flatMap(UInt64.init)
