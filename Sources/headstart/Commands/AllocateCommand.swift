import ArgumentParser
import Experiments
import Files
import Foundation
import Ledger
import Messages
import Scheduler
import Worker

struct AllocateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "allocate",
        abstract:
            "Submits worker jobs to Slurm or PBS while a coordinator has work for them, and stops when there is none.",
        discussion: """
            A job is a `headstart node` with the options given here. As long as more stages could begin than there are \
            workers, jobs are submitted, --backlog of which may wait at a time; at the end those that wait are taken back. What \
            follows -- goes to sbatch or qsub. Nothing is kept but by the batch system: stopped and started again, it goes on.

            EXAMPLE
              headstart allocate slurm --store results --coordinator tcp://10.0.0.1:5555 --key keys/workers \\
                --coordinator-key keys/coordinator.pub --time-limit 4:00:00 --max-workers 16 -- --partition short --exclusive
            """)

    @Argument(help: "slurm or pbs.", completion: .list(BatchSystem.allCases.map(\.rawValue)))
    var system: BatchSystem

    @Option(
        name: .long, help: ArgumentHelp("The store of the coordinator on this machine.", valueName: "directory"),
        completion: .directory)
    var store: String?

    @Option(
        name: .long,
        help: ArgumentHelp(
            "The --control address of a coordinator elsewhere, as tcp://10.0.0.1:5557.", valueName: "url"))
    var control: String?

    @Option(name: .long, help: ArgumentHelp("With --control: a client's secret key.", valueName: "file"))
    var clientKey: String?

    @Option(name: .long, help: "Jobs that may wait in the queue at a time.")
    var backlog = 1

    @Option(name: .long, help: "Worker groups of all jobs at most, waiting ones included.")
    var maxWorkers: Int

    @Option(name: .long, help: "Jobs that may fail in a row, or be refused, before no more is tried.")
    var maxFailures = 5

    @Option(name: .long, help: "The jobs' name; by the coordinator's address otherwise.")
    var name: String?

    @Flag(name: .long, help: "Print the command and the script that would be submitted, and submit nothing.")
    var dryRun = false

    @Option(name: .long, help: ArgumentHelp("Seconds between two looks.", visibility: .hidden))
    var every = 10

    @OptionGroup var worker: WorkerOptions
    @OptionGroup var groups: SpanningGroupOptions

    @Argument(parsing: .postTerminator, help: ArgumentHelp("Options of sbatch or qsub.", valueName: "option"))
    var more: [String] = []

    func validate() throws {
        guard (store == nil) != (control == nil) else { throw ValidationError("give either --store or --control") }
        guard clientKey == nil || control != nil && worker.coordinatorKey != nil else {
            throw ValidationError("--client-key goes with --control and --coordinator-key")
        }
        for (option, value) in [
            ("backlog", backlog), ("max-failures", maxFailures), ("every", every), ("max-workers", maxWorkers),
        ] where value < 1 {
            throw ValidationError("--\(option) must be 1 or more")
        }
        guard maxWorkers >= groups.groups else {
            throw ValidationError("--max-workers must be \(groups.groups) or more, as many as the --groups of a job")
        }
        guard groups.hosts == nil else {
            throw ValidationError("the batch system chooses the hosts; --hosts is for a node of one's own")
        }
        guard worker.timeLimit != nil else {
            throw ValidationError("--time-limit is needed: how long a job may take, as 4:00:00")
        }
    }

    func run() throws {
        let (command, script) = (try command(), try script())
        if dryRun {
            return try Screen.line("\(command.map(quotedForShell).joined(separator: " ")) <<'EOF'\n\(script)EOF")
        }
        try system.demand()
        StopSignal.watch()
        try work(command, script)
    }

    // MARK: What is submitted

    private var jobName: String {
        // PBS takes 15 letters.
        name ?? "headstart-\(Digest(of: Array(worker.coordinator.utf8)).hex.prefix(5))"
    }

    private func command() throws -> [String] {
        guard let limit = worker.timeLimit else { throw BadRequest("--time-limit is needed") }
        return system.submission(name: jobName, limit: limit, more)
    }

    private func script() throws -> String {
        _ = try worker.settings(.here(ranks: 1, threads: 1))
        var words = [try Machine.program(), "node"] + worker.arguments + groups.arguments
        if let limit = worker.timeLimit { words += ["--time-limit", "\(limit.seconds)"] }
        if worker.idleLimit == nil { words += ["--idle-limit", "300"] }
        return """
            #!/usr/bin/env bash
            cd \(quotedForShell(FileManager.default.currentDirectoryPath))
            exec \(words.map(quotedForShell).joined(separator: " "))

            """
    }

    // MARK: The loop

    private func work(_ command: [String], _ script: String) throws {
        var allocation = Allocation(
            .init(backlog: backlog, maxWorkers: maxWorkers, workersPerJob: groups.groups, failures: maxFailures))
        let start = ContinuousClock.now
        var (heardAt, queued) = (ContinuousClock.Instant?.none, [JobID]())
        repeat {
            guard let report = try report() else {
                // One that is started again is there soon.
                guard let heard = heardAt else {
                    throw WorkFailed("no coordinator answers \(place); does one run there?")
                }
                if try isAllDone() { return try end(cancelling: queued) }
                if ContinuousClock.now - heard > .seconds(60) {
                    return try end(
                        cancelling: queued,
                        "The coordinator has not answered for a minute; where its sweep has not ended, give the same "
                            + "command again once it runs")
                }
                continue
            }
            heardAt = .now
            let now = start.duration(to: .now)
            var decision: Allocation.Decision?
            do {
                let jobs = try system.jobs(named: jobName)
                queued = jobs.queued
                decision = allocation.decide(.init(report, queued: jobs.queued, running: jobs.running), at: now)
                if case .submit(let count) = decision {
                    decision = nil
                    for _ in 0..<count { try submit(command, script) }
                }
            } catch let failure as WorkFailed {
                Screen.note("headstart: \(failure)")
                decision = allocation.fail(failure.description, at: now)
            }
            switch decision {
            case .end: return try end(cancelling: [])
            case .cancel(let jobs): return try end(cancelling: jobs)
            case .giveUp(let words): throw WorkFailed(pausing(words))
            case .submit, nil: break
            }
        } while !pauseIsStopped()
        throw WorkFailed(
            "stopped; the jobs go on, and `\(system.canceller)` ends them", stoppedBy: StopSignal.number)
    }

    private func submit(_ command: [String], _ script: String) throws {
        let job = try system.submit(command, script: script)
        try Screen.line("Submitted job \(job.rawValue).")
    }

    private func end(cancelling jobs: [JobID], _ why: String = "There is nothing left to do") throws {
        if !jobs.isEmpty { try system.cancel(jobs) }
        let taken = jobs.isEmpty ? "" : "; \(counted(jobs.count, "waiting job")) taken back"
        try Screen.line("\(why)\(taken).")
    }

    private func pausing(_ words: String) -> String {
        "paused after \(counted(maxFailures, "failure")) in a row, and what runs goes on; the last: \(words). Mend it and "
            + "give the same command again"
    }

    /// Waits for the next look.
    /// - Returns: whether a signal came.
    private func pauseIsStopped() -> Bool {
        let end = ContinuousClock.now + .seconds(every)
        while ContinuousClock.now < end, !StopSignal.isRaised { usleep(100_000) }
        return StopSignal.isRaised
    }

    private var place: String { store.map { "in \($0)" } ?? "at \(control ?? "")" }

    /// How the coordinator is asked: `--coordinator` says where workers find it.
    private var client: ClientOptions {
        var client = ClientOptions()
        client.store = store
        client.coordinator = control
        client.clientKey = clientKey
        client.coordinatorKey = clientKey == nil ? nil : worker.coordinatorKey
        return client
    }

    /// Whether the coordinator is gone since its sweeps have ended, as far as the store is at hand.
    private func isAllDone() throws -> Bool {
        guard let store else { return false }
        let ledger = try LedgerReader(store: store)
        return try ledger.headings().allSatisfy { try ledger.hasEnded($0) }
    }

    /// - Returns: nil where no coordinator answers.
    private func report() throws -> CoordinatorReport? {
        guard case .status(let report)? = try client.askIfThere(.status) else { return nil }
        return report
    }
}
