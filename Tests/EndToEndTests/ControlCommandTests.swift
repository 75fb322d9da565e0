import Foundation
import TestKit
import Testing

/// Commands to a sweep that runs.
@Suite(.serialized) struct ControlCommandTests {
    /// Both methods take long: neither ends while commands come and go.
    private func workshop() throws -> Workshop {
        let shop = try Workshop()
        try shop.write(
            """
            sweep: small
            model: \(shop.model)
            tasks: [tiny]
            seeds: [1, 2]
            defaults: { max-steps: 100000, batch: 8 }
            methods: { whole: { tune: all }, tuned: { tune: bitfit } }
            """, to: "sweep.yaml")
        return shop
    }

    private struct Status: Decodable {
        struct Running: Decodable {
            struct Progress: Decodable {
                let step: Int
                let tokensPerSecond: Double
            }
            let progress: Progress?
        }
        let states: [String: Int]
        let running: [Running]
        let isWorkedOn: Bool
    }

    private func status(_ shop: Workshop) throws -> Status {
        try shop.run("status", "--store", "store", "--json").lastJSON(Status.self)
    }

    /// Waits until the status meets a condition.
    private func wait(for shop: Workshop, until condition: (Status) -> Bool) -> Bool {
        eventually(within: 300, every: 200) {
            // There is none before the ledger is there and the sweep is planned in it.
            guard let now = try? status(shop) else { return false }
            return condition(now)
        }
    }

    private func start(_ shop: Workshop) throws -> Running {
        try shop.start(["run", "sweep.yaml", "--data", "data", "--store", "store"])
    }

    @Test(.timeLimit(.minutes(10))) func `the status lives with the sweep, and a dead sweep is not shown as running`()
        throws
    {
        let shop = try workshop()
        let sweep = try start(shop)
        #expect(wait(for: shop) { ($0.running.first?.progress?.step ?? 0) > 0 }, "no step was ever shown")
        let text = try shop.run("status", "--store", "store").output
        #expect(text.contains("1 running") && text.contains("/100000"), "\(text)")
        let workers = try shop.run("workers", "--store", "store")
        #expect(workers.output.contains("tiny whole seed 1"), "\(workers.output)\(workers.errors)")
        sweep.kill()
        _ = sweep.wait()
        let dead = try status(shop)
        #expect(dead.states["interrupted"] == 1 && dead.states["running"] == nil && !dead.isWorkedOn)
        #expect(try shop.run("workers", "--store", "store").errors.contains("no coordinator answers"))
        let asked = Date()
        let submitted = try shop.run("submit", "sweep.yaml", "--data", "data", "--store", "store")
        #expect(submitted.status == 1 && submitted.errors.contains("no coordinator answers"))
        #expect(Date().timeIntervalSince(asked) < 20, "it does not wait for one that was killed")
    }

    @Test(.timeLimit(.minutes(10)))
    func `a stage waits for a host with the memory for it, and a sweep's weight outlives its coordinator`() throws {
        let shop = try workshop()
        // Planning looks at the texts, so that it is known from then on what stages take.
        #expect(try shop.run("plan", "sweep.yaml", "--data", "data", "--no-measure").status == 0)
        let endpoint = "ipc://\(shop.path("socket"))"
        let coordinator = try shop.start([
            "coordinator", "sweep.yaml", "--data", "data", "--store", "store", "--listen", endpoint,
        ])
        #expect(coordinator.wait { $0.contains("workers connect to") })
        let node = try shop.start([
            "node", "--coordinator", endpoint, "--work", shop.path("work"), "--threads", "1", "--memory", "1MiB",
        ])
        defer {
            node.kill(SIGTERM)
            _ = node.wait()
        }
        #expect(try eventually(every: 200) { try shop.run("workers", "--store", "store").output.contains("s ago") })
        let listed = try shop.run("results", "--store", "store", "--json").output
        let key = try #require(listed.components(separatedBy: "\"key\":\"").last).prefix(10)
        let explained = try shop.run("explain", String(key), "--store", "store").output
        #expect(explained.contains("no connected worker's may take more than 1 MiB"), "\(explained)")
        #expect(try shop.run("weight", "2.5", "--store", "store", "--sweep", "small").status == 0)
        coordinator.kill()
        _ = coordinator.wait()
        #expect(try shop.run("status", "--store", "store").output.contains("; weight 2.5; no coordinator"))
    }

    @Test(.timeLimit(.minutes(10))) func `a person intervenes in a sweep that runs`() throws {
        let shop = try workshop()
        let sweep = try start(shop)
        #expect(wait(for: shop) { $0.running.count == 1 })
        #expect(try shop.run("pause", "--store", "store", "--method", "tuned").output == "Paused: 2 stages.\n")
        #expect(try shop.run("priority", "3", "--store", "store", "--seed", "2").status == 0)
        let cancelled = try shop.run("cancel", "--store", "store", "--method", "whole")
        #expect(cancelled.output == "Cancelled: 2 stages.\n", "\(cancelled.errors)")
        #expect(wait(for: shop) { $0.states == ["cancelled": 2, "waiting": 2] && $0.running.isEmpty })
        let wrong = try shop.run("explain", "zz", "--store", "store")
        #expect(wrong.status == 2 && wrong.errors.contains("no stage's key begins with zz"))
        let listed = try shop.run("results", "--store", "store", "--json").output
        let key = try #require(listed.components(separatedBy: "\"key\":\"").last).prefix(10)
        #expect(try shop.run("explain", String(key), "--store", "store").output.contains("paused"))
        try shop.write(
            try String(contentsOfFile: shop.path("sweep.yaml"), encoding: .utf8)
                .replacingOccurrences(of: "sweep: small", with: "sweep: more")
                .replacingOccurrences(of: "100000", with: "3"), to: "more.yaml")
        let submitted = try shop.run("submit", "more.yaml", "--data", "data", "--store", "store")
        #expect(submitted.output == "Sweep more is planned: 4 new stages.\n", "\(submitted.errors)")
        #expect(wait(for: shop) { $0.states == ["finished": 4] }, "it is the one asked for last")
        #expect(try shop.run("cancel", "--store", "store", "--sweep", "small").status == 0)
        #expect(sweep.wait().status == 1)
        #expect(try shop.run("pause", "--store", "store").status == 2, "which stages?")
    }

    @Test(.timeLimit(.minutes(10)), arguments: [SIGINT, SIGTERM, SIGHUP])
    func `a sweep that is asked twice to stop ends at once and leaves nobody behind`(signal: Int32) throws {
        let shop = try workshop()
        let sweep = try start(shop)
        #expect(wait(for: shop) { ($0.running.first?.progress?.step ?? 0) > 0 })
        let groups = ["-c", "pgrep -f '^[^ ]*headstart worker.*'\"$SHOP\"/store"]
        func processes() throws -> [pid_t] {
            try Running(groups, of: "/bin/bash", environment: ["SHOP": shop.folder]).wait().lines.compactMap {
                pid_t($0)
            }
        }
        let before = try processes()
        #expect(!before.isEmpty)
        // A group that hangs, so that the first signal alone would wait for it.
        for process in before { kill(process, SIGSTOP) }
        // Two that come before the first is heard are one.
        let hasEnded = eventually(every: 500) {
            sweep.kill(signal)
            return !sweep.isRunning
        }
        #expect(hasEnded)
        #expect(sweep.wait().status == 128 + signal)
        #expect(try eventually(every: 200) { try processes().isEmpty })
    }

    @Test(.timeLimit(.minutes(10))) func `a closed terminal stops a sweep cleanly`() throws {
        let shop = try workshop()
        let sweep = try start(shop)
        #expect(wait(for: shop) { ($0.running.first?.progress?.step ?? 0) > 0 })
        sweep.kill(SIGHUP)
        let outcome = sweep.wait()
        #expect(
            outcome.status == 128 + SIGHUP && outcome.errors.contains("the same command continues"), "\(outcome.errors)"
        )
    }
}
