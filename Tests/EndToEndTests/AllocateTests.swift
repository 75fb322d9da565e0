import Foundation
import TestKit
import Testing

/// Worker jobs, submitted to a stand-in for Slurm: its jobs are processes of this machine.
@Suite(.serialized) struct AllocateTests {
    private let shop: Workshop
    private let environment: [String: String?]

    init() throws {
        shop = try Workshop()
        environment = ["PATH": "\(shop.path("bin")):\(ProcessInfo.processInfo.environment["PATH"] ?? "")"]
        try shop.write(
            """
            sweep: small
            model: \(shop.model)
            tasks: [tiny]
            seeds: [1, 2]
            defaults: { max-steps: 20, batch: 8 }
            methods: { probe: { tune: head }, tuned: { tune: bitfit } }
            """, to: "sweep.yaml")
        try shop.write("", to: "jobs/.keep")
        try install(
            "sbatch",
            """
            if [ "$1" = --version ]; then echo slurm 22.05.8; exit; fi
            number=$(($(ls jobs | wc -l) + 100))
            echo "$*" >>submitted
            cat >jobs/$number.sh
            setsid bash jobs/$number.sh >jobs/$number.out 2>&1 &
            echo $! >pid-$number
            echo $number
            """)
        try install(
            "squeue",
            """
            for file in pid-*; do
                [ ! -e "$file" ] || ! kill -0 "$(cat "$file")" 2>/dev/null || echo "${file#pid-} R"
            done
            """)
        try install("scancel", "echo \"$*\" >>cancelled")
    }

    private func install(_ name: String, _ script: String) throws {
        chmod(try shop.write("#!/bin/bash\ncd '\(shop.folder)'\n\(script)\n", to: "bin/\(name)"), 0o755)
    }

    private func allocate(_ more: String...) throws -> Program.Outcome {
        try shop.run(
            [
                "allocate", "slurm", "--store", "store", "--coordinator", "ipc://\(shop.path("socket"))",
                "--time-limit",
                "1:00:00", "--max-workers", "2", "--every", "1", "--work", "work", "--threads", "1",
            ] + more, environment: environment)
    }

    private func coordinate() throws -> Running {
        let coordinator = try shop.start([
            "coordinator", "sweep.yaml", "--data", "data", "--store", "store", "--listen",
            "ipc://\(shop.path("socket"))",
        ])
        #expect(coordinator.wait { $0.contains("workers connect to") })
        return coordinator
    }

    @Test(.timeLimit(.minutes(10))) func `jobs are submitted while there is work, and not after`() throws {
        let coordinator = try coordinate()
        let outcome = try allocate("--backlog", "3", "--", "--partition", "short")
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(outcome.output.hasPrefix("Submitted job 100.\n"), "\(outcome.output)")
        // A coordinator that ends between two looks is silent from then on.
        let ends = ["There is nothing left to do.\n", "give the same command again once it runs.\n"]
        #expect(ends.contains { outcome.output.hasSuffix($0) }, "\(outcome.output)")
        #expect(coordinator.wait().status == 0)
        let submitted = try String(contentsOfFile: shop.path("submitted"), encoding: .utf8).split(separator: "\n")
        #expect((1...2).contains(submitted.count))
        for line in submitted {
            #expect(line.contains("--time 01:00:00 --nodes 1 --requeue --partition short"))
        }
    }

    @Test(.timeLimit(.minutes(10))) func `a batch system that refuses is quoted in one line`() throws {
        let coordinator = try coordinate()
        defer { coordinator.kill() }
        try install(
            "sbatch",
            """
            [ "$1" != --version ] || exit 0
            echo 'sbatch: error: Batch job submission failed: Invalid account' >&2; exit 1
            """)
        let outcome = try allocate("--max-failures", "1")
        #expect(outcome.status == 1)
        let line = try #require(outcome.errorLines.last)
        #expect(line.hasPrefix("headstart: paused after 1 failure in a row"), "\(outcome.errors)")
        #expect(line.contains("Invalid account. Mend it and give the same command again"))
    }

    @Test func `what would be submitted can be looked at`() throws {
        let outcome = try allocate("--dry-run", "--ranks", "auto", "--groups", "2", "--", "--comment", "it's mine")
        let lines = outcome.output.split(separator: "\n")
        #expect(outcome.status == 0, "\(outcome.errors)")
        try #require(lines.count == 5, "\(outcome.output)")
        #expect(lines[0].hasPrefix("sbatch --parsable --job-name headstart-"))
        #expect(lines[0].hasSuffix(" --time 01:00:00 --nodes 1 --requeue --comment 'it'\\''s mine' <<'EOF'"))
        #expect(lines[3].hasPrefix("exec ") && lines[3].contains(" node --coordinator ipc://"))
        #expect(lines[3].hasSuffix(" --groups 2 --ranks auto --threads 1 --time-limit 3600 --idle-limit 300"))
        let pbs = try shop.run(
            "allocate", "pbs", "--store", "s", "--coordinator", "tcp://h:1", "--time-limit", "90", "--max-workers", "1",
            "--dry-run")
        #expect(pbs.output.hasPrefix("qsub -N headstart-") && pbs.output.contains(" -l walltime=00:01:30 -r y <<"))
    }

    @Test(arguments: [
        (["--time-limit", "soon"], "--time-limit"), (["--backlog", "0"], "--backlog must be 1 or more"),
        (["--groups", "3"], "--max-workers must be 3 or more"),
        (["--hosts", "a,b"], "the batch system chooses the hosts"),
        (["--control", "tcp://h:1"], "give either --store or --control"),
    ])
    func `a request that cannot be met is one line`(_ more: [String], _ words: String) throws {
        let outcome = try shop.run(
            [
                "allocate", "slurm", "--store", "store", "--coordinator", "tcp://h:1", "--max-workers", "2",
            ] + (more.contains("--time-limit") ? [] : ["--time-limit", "60"]) + more, environment: environment)
        #expect(outcome.status == 2)
        #expect(outcome.errorLines.count == 1 && outcome.errors.contains(words), "\(outcome.errors)")
    }

    @Test func `without a coordinator, or without Slurm, it says so`() throws {
        let alone = try allocate()
        #expect(alone.status == 1 && alone.errors.contains("no coordinator answers in store"), "\(alone.errors)")
        try install("sbatch", "exit 127")
        let bare = try allocate()
        #expect(bare.status == 2 && bare.errors.contains("sbatch does not run here"), "\(bare.errors)")
    }
}
