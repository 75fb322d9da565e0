import Experiments
import Files
import Foundation
import Ledger
import TestKit
import Testing

/// What people do to a store, and read from it.
struct LookingAfterTests {
    private func workshop(_ methods: String) throws -> Workshop {
        let shop = try Workshop()
        try shop.write(
            """
            sweep: small
            model: \(shop.model)
            tasks: [tiny]
            seeds: [1, 2]
            keep: model
            defaults: { max-steps: 60 }
            methods: \(methods)
            """, to: "sweep.yaml")
        return shop
    }

    private let command = ["run", "sweep.yaml", "--data", "data", "--store", "store"]

    @Test(.timeLimit(.minutes(10)))
    func `what failed runs again once a person asks for it, and wait tells how it ended`() throws {
        let shop = try workshop("{ wild: { tune: all, lr: 1e30, clip: none, warmup: 0 } }")
        let early = try shop.start(["wait", "--store", "store", "--patience", "60"])
        let failed = try shop.run(command)
        #expect(failed.status == 1)
        let end = early.wait()
        #expect(end.status == 1 && end.errors.contains("2 of 2 stages did not finish"), "\(end.errors)")
        let nowhere = try shop.run("wait", "--store", "nowhere", "--patience", "0")
        #expect(nowhere.status == 2 && nowhere.errors.contains("no ledger here"), "\(nowhere.errors)")
        let waited = try shop.run("wait", "--store", "store")
        #expect(waited.status == 1 && waited.errors.contains("2 of 2 stages did not finish"), "\(waited.errors)")
        #expect(try shop.run("retry", "--store", "store").status == 2)
        let retried = try shop.run("retry", "--store", "store", "--method", "wild", "--seed", "2")
        #expect(retried.status == 0 && retried.output == "To run again: 1 stage.\n", "\(retried.output)")
        let open = try shop.run("wait", "--store", "store", "--patience", "0")
        #expect(open.status == 1 && open.errors.contains("no coordinator is at work"), "\(open.errors)")
        #expect(try shop.run(command).status == 1)
        let ledger = try LedgerReader(store: shop.path("store"))
        #expect(try ledger.stages(keyPrefix: "").map(\.attempts).sorted() == [1, 2])
        #expect(try shop.run("cancel", "--store", "store", "--all").output == "Cancelled: 0 stages.\n")
        #expect(try shop.run("ledger", "check", "--store", "store").status == 0)
    }

    @Test(.timeLimit(.minutes(10)))
    func `a cleanup shows first and removes then, and the same sweep runs nothing again`() throws {
        let shop = try workshop("{ probe: { tune: head } }")
        #expect(try shop.run(command).status == 0)
        let table = try shop.run("results", "--store", "store", "--json")
        let gc = ["store", "gc", "--store", "store", "--keep", "head=best"]
        let shown = try shop.run(gc)
        #expect(shown.status == 0 && shown.output.contains("head: 1 file,"), "\(shown.output)\(shown.errors)")
        #expect(try shop.run(gc).output == shown.output)
        let removed = try shop.run(gc + ["--yes"])
        #expect(removed.status == 0 && removed.output.contains("Removed."), "\(removed.errors)")
        #expect(try shop.run(gc).output.contains("There is nothing to remove."))
        let again = try shop.run(command)
        #expect(again.status == 0 && !again.output.contains("[1/2]"), "\(again.output)")
        #expect(try shop.run("results", "--store", "store", "--json").output == table.output)
        #expect(try LedgerReader(store: shop.path("store")).stages(keyPrefix: "").allSatisfy { $0.attempts == 1 })
        let check = try shop.run("ledger", "check", "--store", "store")
        #expect(check.status == 0, "\(check.output)")
        #expect(try shop.run("store", "gc", "--store", "store", "--keep", "heads=best").status == 2)
    }

    @Test(.timeLimit(.minutes(10)))
    func `logs and events tell how it went, and a backup is a ledger`() throws {
        let shop = try workshop("{ probe: { tune: head } }")
        #expect(try shop.run(command).status == 0)
        let stage = try #require(try LedgerReader(store: shop.path("store")).stages(keyPrefix: "").first)
        let log = try shop.run("logs", stage.key.short, "--store", "store", "--follow")
        #expect(log.status == 0 && log.output.contains("step 60"), "\(log.output)\(log.errors)")
        #expect(try shop.run("logs", stage.key.short, "--store", "store", "--attempt", "2").status == 2)
        struct Line: Decodable { let number: Int }
        let events = try shop.run("events", "--store", "store")
        let numbers = try events.lines.map { try JSONDecoder().decode(Line.self, from: Data($0.utf8)).number }
        #expect(numbers == Array(1...numbers.count) && numbers.count > 8)
        let rest = try shop.run("events", "--store", "store", "--since", "\(numbers.count - 2)")
        #expect(rest.lines == events.lines.suffix(2))
        #expect(try shop.run("events", "--store", "store", "--since", "2000-01-01T00:00:00Z").lines == events.lines)
        #expect(try shop.run("events", "--store", "store", "--since", "yesterday").status == 2)
        let pipe = ["-c", "\"$PROGRAM\" events --store store --follow | head -1"]
        let head = try Running(pipe, of: "/bin/bash", in: shop.folder, environment: ["PROGRAM": Program.path]).wait()
        #expect(head.lines == Array(events.lines.prefix(1)), "it ends with its reader")
        #expect(try shop.run("ledger", "backup", "--store", "store", "--to", "copy/ledger.sqlite").status == 1)
        try FileManager.default.createDirectory(atPath: shop.path("copy"), withIntermediateDirectories: true)
        let backup = try shop.run("ledger", "backup", "--store", "store", "--to", "copy/ledger.sqlite")
        #expect(backup.status == 0, "\(backup.errors)")
        #expect(
            try shop.run("results", "--store", "copy").output == shop.run("results", "--store", "store").output)
    }

    @Test(.timeLimit(.minutes(10))) func `a log is followed to the end of its attempt`() throws {
        let shop = try workshop("{ full: { tune: all } }")
        let sweep = try shop.start(command + ["--set", "max-steps=2000"])
        let ledger = shop.path("store/ledger.sqlite")
        let running =
            try eventually(every: 50) {
                guard sweep.isRunning, FileManager.default.fileExists(atPath: ledger) else { return nil }
                return try LedgerReader(store: shop.path("store")).stages(keyPrefix: "").first { $0.state == .running }
            } as StageRecord?
        let log = try shop.run("logs", try #require(running).key.short, "--store", "store", "--follow")
        #expect(log.status == 0 && log.output.contains("step 2000"), "\(log.output)\(log.errors)")
        #expect(sweep.wait().status == 0)
    }

    @Test(.timeLimit(.minutes(10))) func `what is said on standard error while a stage trains reaches its log`() throws
    {
        // It takes seconds, where a probe is over before anything else is said.
        let shop = try workshop("{ full: { tune: all } }")
        let launcher = try shop.write(
            """
            #!/bin/bash
            PATH=${PATH#*:} mpirun "$@" &
            while kill -0 $! 2>/dev/null; do echo "a word on standard error" >&2; sleep 0.02; done
            wait $!
            """, to: "bin/mpirun")
        chmod(launcher, 0o755)
        let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
        let outcome = try shop.run(
            command + ["--set", "max-steps=1500"], environment: ["PATH": "\(shop.path("bin")):\(path)"])
        #expect(outcome.status == 0, "\(outcome.errors)")
        let stages = try LedgerReader(store: shop.path("store")).stages(keyPrefix: "")
        let logs = try stages.map { try shop.run("logs", $0.key.short, "--store", "store").output }
        #expect(logs.contains { $0.contains("a word on standard error\n") && $0.contains("step 1500") }, "\(logs)")
    }
}
