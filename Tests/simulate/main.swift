import Dispatch
import Experiments
import Foundation
import Simulation
import Synchronization

// Runs simulated worlds, each from its seed alone, or one of them with all that happens in it:
//
//     simulate COUNT [FIRST]
//     simulate --replay SEED
//
// or says what the scheduler takes with so many stages, on one thread:
//
//     simulate --measure STAGES

/// Every other world grows as its first stages end, and a few keep the real ledger, which takes a disk.
func makeWorld(_ seed: UInt64, traces: Bool = false) throws -> Simulation {
    try Simulation(seed: seed, grows: seed % 2 == 1, usesLedger: seed % 200 == 0, traces: traces)
}

func replay(_ seed: UInt64) throws -> Int32 {
    var world = try makeWorld(seed, traces: true)
    let objections = try world.run()
    print(world.trace?.text ?? "")
    for objection in objections { print("seed \(seed): \(objection)") }
    return objections.isEmpty ? 0 : 1
}

func simulate(_ count: Int, from first: UInt64) -> Int32 {
    let total = Mutex((tally: Simulation.Tally(), failed: [UInt64]()))
    DispatchQueue.concurrentPerform(iterations: count) { index in
        let seed = first + UInt64(index)
        do {
            var world = try makeWorld(seed)
            let objections = try world.run()
            total.withLock { total in
                total.tally = total.tally + world.tally
                if let objection = objections.first {
                    total.failed.append(seed)
                    print("seed \(seed): \(objection)")
                }
            }
        } catch {
            total.withLock { $0.failed.append(seed) }
            print("seed \(seed): \(error)")
        }
    }
    let (tally, failed) = total.withLock { ($0.tally, $0.failed) }
    let counts = Simulation.Tally.Count.allCases.map { "\(tally[$0]) \($0)" }.joined(separator: ", ")
    let states = tally.states.map { "\($0.value) \($0.key.rawValue)" }.sorted().joined(separator: ", ")
    print("\(count) worlds, \(tally.steps) steps: \(counts); stages: \(states)")
    guard let seed = failed.min() else { return 0 }
    print("\(failed.count) worlds went wrong; see one with: scripts/simulate --replay \(seed)")
    return 1
}

/// Of workers that each train one stage after another, half of which start from the heads of others.
func measure(_ stages: Int) throws {
    let before = residentBytes()
    let plan = try SweepPlan.chains(stages / 2)
    let planned = residentBytes()
    var crowd = Crowd(plan, workers: min(1_000, stages / 20))
    let bytes = residentBytes() - before
    let plans = (planned - before) / stages
    print("\(stages) stages: \(bytes / stages) bytes a waiting stage, \(plans) of them the plan's")
    // The shortest of several times is the one that nothing else disturbed.
    let times = (0..<10).map { _ in
        let began = ContinuousClock.now
        let done = crowd.work(min(2_000, stages / 20))
        return began.duration(to: .now) / .microseconds(done)
    }
    print("a hand-out and its result: \(((times.min() ?? 0) * 100).rounded() / 100) us")
}

/// What the process holds in memory.
func residentBytes() -> Int {
    let statistics = FileManager.default.contents(atPath: "/proc/self/statm") ?? Data()
    let fields = String(decoding: statistics, as: UTF8.self).split(separator: " ")
    return (fields.dropFirst().first.flatMap { Int($0) } ?? 0) * Int(getpagesize())
}

let words = CommandLine.arguments.dropFirst()
if words.first == "--replay", let seed = words.dropFirst().first.flatMap({ UInt64($0) }) {
    exit(try replay(seed))
} else if words.first == "--measure", let stages = words.dropFirst().first.flatMap({ Int($0) }), stages >= 8 {
    try measure(stages)
} else if let count = words.first.flatMap({ Int($0) }), count > 0 {
    exit(simulate(count, from: words.dropFirst().first.flatMap { UInt64($0) } ?? 0))
} else {
    print("simulate COUNT [FIRST] | simulate --replay SEED | simulate --measure STAGES")
    exit(2)
}
