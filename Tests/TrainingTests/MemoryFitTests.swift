import Collectives
import Experiments
import Numerics
import TestKit
import Testing
import Training

/// How stages are made to fit into the memory that a process may take.
struct MemoryFitTests {
    private let bench: Bench

    init() throws { bench = try Bench() }

    private func run(_ memoryBytes: Int?, into name: String, _ observer: Recorder = Recorder()) throws -> StageResult {
        let recipe = bench.recipe {
            $0.budget = .steps(2)
            $0.batch = 64
        }
        let job = try bench.job(recipe, into: name, work: "work-\(name)", outputs: [.head])
        let trainer = StageTrainer(
            communicator: SoloCommunicator(), node: NodeSettings(ranks: 1, threads: 1, host: "test", blasCore: "test"),
            compute: Compute(threads: 1), memoryBytes: memoryBytes)
        return try trainer.run(job, observer: observer).result
    }

    /// What the stage needs where nothing is done about it, to a few KiB: the least limit under which nothing is.
    private func needed() throws -> Int {
        var (less, enough) = (1 << 20, 1 << 30)
        while enough - less > 4 << 10 {
            let middle = (less + enough) / 2
            let recorder = Recorder()
            let fits: Bool
            do {
                _ = try run(middle, into: "probe", recorder)
                fits = recorder.notes.isEmpty
            } catch let failure as StageFailure where failure.cause == .tooLarge {
                fits = false
            }
            if fits { enough = middle } else { less = middle }
        }
        return enough
    }

    @Test func `a stage that needs a little less works its batches off in parts, and says so`() throws {
        let recorder = Recorder()
        let parted = try run(try needed() - (8 << 10), into: "parted", recorder)
        let note = try #require(recorder.notes.first)
        #expect(note.hasPrefix("batches are worked off in 2 parts, to stay under "), "\(note)")
        let whole = try run(nil, into: "whole")
        #expect(abs(parted.finalLoss - whole.finalLoss) < 1e-3 * whole.finalLoss)
    }

    @Test func `what fits in no way is refused before its first step, with what to do`() throws {
        let recorder = Recorder()
        let failure = #expect(throws: StageFailure.self) { try run(1 << 20, into: "refused", recorder) }
        #expect(failure?.cause == .tooLarge && recorder.losses.isEmpty)
        let sentence = try #require(failure?.message)
        #expect(sentence.contains("--memory allows 1 MiB; allow as much, cut the texts (max-length), or tune fewer"))
    }
}
