import Foundation
import TestKit
import Testing

/// How many instructions a training step takes: what time does not tell on a machine that is shared, where a pass over
/// memory or an allocation too many goes unseen. callgrind counts them, on a processor without AVX-512.
@Suite(.serialized, .enabled(if: canCount, "valgrind and strip are not installed"))
struct InstructionTests {
    /// Recorded for ten steps of the tiny model, one thread. Whoever makes steps dearer, or cheaper, records them anew
    /// and says why.
    @Test(arguments: [("fp32", 28_847_000), ("bf16", 36_858_000)])
    func `a step takes no more instructions than it did`(precision: String, recorded: Int) throws {
        let shop = try Workshop()
        // valgrind does not read what this compiler says for debuggers.
        let program = shop.path("headstart")
        #expect(try Running(["-g", "-o", program, Program.path], of: "/usr/bin/strip").wait().status == 0)
        let counts = try [10, 20].map { try instructions(steps: $0, precision, of: program, in: shop) }
        let taken = counts[1] - counts[0]
        #expect(
            (0.9...1.03).contains(Double(taken) / Double(recorded)),
            "ten steps in \(precision) take \(taken) instructions; \(recorded) are recorded")
    }

    private func instructions(steps: Int, _ precision: String, of program: String, in shop: Workshop) throws -> Int {
        let file = shop.path("\(steps)-steps")
        let outcome = try Running(
            [
                "--tool=callgrind", "--callgrind-out-file=\(file)", program, "train", "--model", shop.model, "--task",
                "tiny", "--data", shop.data, "--tune", "all", "--set", "max-steps=\(steps)", "--set", "batch=8",
                "--set", "precision=\(precision)", "--threads", "1", "--out", shop.path("run-\(steps)"),
            ], of: "/usr/bin/valgrind", in: shop.folder,
            // The same kernels and the same orders of sets on every machine.
            environment: ["OPENBLAS_CORETYPE": "Haswell", "SWIFT_DETERMINISTIC_HASHING": "1"]
        ).wait()
        try #require(outcome.status == 0, "\(outcome.errors)")
        let summary = try String(contentsOfFile: file, encoding: .utf8).split(separator: "\n")
            .last { $0.hasPrefix("totals:") || $0.hasPrefix("summary:") }
        return try #require(summary.flatMap { Int($0.split(separator: " ")[1]) })
    }
}

private let canCount = ["valgrind", "strip"].allSatisfy {
    FileManager.default.isExecutableFile(atPath: "/usr/bin/\($0)")
}
