import Experiments
import Foundation
import Ledger
import Testing

/// Two hosts, one of which cannot go on.
@Suite(.serialized, .enabled(if: TwoHosts.arePossible, "this machine lets no test name a host"))
struct TwoHostsTests {
    /// - Parameter isBare: whether the model is not on the host either, so that it is to be fetched.
    @Test(.timeLimit(.minutes(10)), arguments: [false, true])
    func `a host without space stops nothing where another one has some`(isBare: Bool) throws {
        let hosts = try TwoHosts(seeds: 3, steps: 2000)
        defer { hosts.end() }
        try hosts.start(
            "poor", arguments: isBare ? ["--model", "/nowhere"] : [],
            after: "mount -t tmpfs -o size=64k tmpfs poor; head -c 1M /dev/zero >poor/filler")
        #expect(hosts.coordinator.wait { $0.contains("an attempt began") }, "it was never given a stage")
        try hosts.start("well")
        #expect(hosts.coordinator.wait().status == 0, "\(hosts.coordinator.output)")
        let attempts = try hosts.attempts()
        #expect(attempts.filter { $0.failure == nil }.count == 6)
        #expect(attempts.allSatisfy { ($0.failure == nil) == ($0.host == "well") }, "\(attempts)")
        let causes = Set(attempts.compactMap(\.failure?.cause))
        #expect(causes.isSubset(of: [.diskFull, .exited]), "\(attempts)")
        if isBare {
            let said = attempts.compactMap(\.failure?.message).first { $0.contains("--work") }
            #expect(said?.contains("poor: the disk is full") == true, "\(attempts)")
        }
    }

    @Test(.timeLimit(.minutes(10)))
    func `a group of which one rank stands still is given up, and its stage ends elsewhere`()
        throws
    {
        // Many heartbeats long: a step must be seen while there are more to come.
        let hosts = try TwoHosts(seeds: 1, steps: 30_000)
        defer { hosts.end() }
        try hosts.start("stuck", arguments: ["--ranks", "2", "--threads", "1", "--standstill", "10"])
        #expect(hosts.waitForSteps(), "no step was ever shown")
        let rank = try #require(try hosts.secondRank())
        try hosts.start("well", arguments: ["--ranks", "1", "--threads", "1"])
        #expect(hosts.waitForWorkers(of: ["stuck", "well"]), "one host never came")
        #expect(kill(rank, SIGSTOP) == 0)
        #expect(hosts.coordinator.wait().status == 0, "\(hosts.coordinator.output)")
        let attempts = try hosts.attempts()
        #expect(attempts.map(\.host) == ["stuck", "well"], "\(attempts)")
        #expect(attempts.map(\.failure?.cause) == [.stalled, nil])
        hosts.end()
        #expect(poll { kill(rank, 0) != 0 }, "the rank that stood still was left behind")
    }
}

/// A coordinator, and nodes that have a host name each.
private final class TwoHosts {
    struct Attempt {
        let host: String
        let failure: StageFailure?
    }

    let shop: Workshop
    let coordinator: Running
    private var nodes: [Running] = []

    static let arePossible = (try? Running(spaces + ["hostname", "a"], of: unshare).wait().status) == 0

    private static let unshare = "/usr/bin/unshare"
    private static let spaces = ["--user", "--map-root-user", "--mount", "--uts"]

    init(seeds: Int, steps: Int) throws {
        shop = try Workshop()
        try shop.write(
            """
            sweep: small
            model: \(shop.model)
            tasks: [tiny]
            seeds: [\((1...seeds).map(String.init).joined(separator: ", "))]
            defaults: { max-steps: \(steps), batch: 8 }
            methods: { \(seeds > 1 ? "probe: { tune: head }, " : "")tuned: { tune: bitfit } }
            """, to: "sweep.yaml")
        coordinator = try Running(
            [
                "-c",
                """
                exec "$0" coordinator sweep.yaml --data data --store store --listen ipc://$PWD/socket \
                    --max-attempts 100 2>&1
                """,
                Program.path,
            ], of: "/bin/bash", in: shop.folder)
        #expect(coordinator.wait { $0.contains("the coordinator listens") })
    }

    /// - Parameter preparation: what is done to the host before, in the workshop; only its node sees what it mounts.
    func start(_ host: String, arguments: [String] = [], after preparation: String = "true") throws {
        try shop.write("", to: "\(host)/.keep")
        let script = "hostname \(host); \(preparation); exec \"$0\" node --coordinator ipc://$PWD/socket \"$@\" 2>&1"
        nodes.append(
            try Running(
                Self.spaces + ["bash", "-c", script, Program.path, "--work", shop.path(host)] + arguments,
                of: Self.unshare, in: shop.folder))
    }

    func end() {
        for node in [coordinator] + nodes {
            node.kill(SIGTERM)
            _ = node.wait()
        }
    }

    /// The attempts in the order of their ends.
    func attempts() throws -> [Attempt] {
        var hosts: [String: String] = [:]
        var attempts: [Attempt] = []
        try LedgerReader(store: shop.path("store")).readJournal { entry in
            switch entry.event {
            case .started(let stage, let attempt, _, let node): hosts["\(stage) \(attempt)"] = node.host
            case .ended(let stage, let attempt, let failure):
                attempts.append(Attempt(host: hosts["\(stage) \(attempt)"] ?? "", failure: failure))
            case .planned, .evaluated, .stands: break
            }
        }
        return attempts
    }

    /// Waits until a stage has come a few steps far.
    func waitForSteps() -> Bool {
        struct Status: Decodable {
            struct Running: Decodable {
                struct Progress: Decodable { let step: Int }
                let progress: Progress?
            }
            let running: [Running]
        }
        return poll {
            // The ledger is not there at first.
            let status = try? shop.run("status", "--store", "store", "--json").lastJSON(Status.self)
            return status?.running.contains { ($0.progress?.step ?? 0) > 0 } ?? false
        }
    }

    /// Waits until the coordinator has heard workers of these hosts.
    func waitForWorkers(of hosts: Set<String>) -> Bool {
        struct Listing: Decodable {
            struct Worker: Decodable { let node: Node }
            struct Node: Decodable { let host: String }
            let workers: [Worker]
        }
        return poll {
            let listing = try? shop.run("workers", "--store", "store", "--json").lastJSON(Listing.self)
            return hosts.isSubset(of: (listing?.workers ?? []).map(\.node.host))
        }
    }

    /// The process of rank 1 of a group.
    func secondRank() throws -> pid_t? {
        let script = """
            for process in $(pgrep -f "headstart worker .*$PWD/"); do
                ! tr '\\0' '\\n' <"/proc/$process/environ" | grep -qx OMPI_COMM_WORLD_RANK=1 || echo "$process"
            done
            """
        let outcome = try Running(["-c", script], of: "/bin/bash", in: shop.folder).wait()
        return outcome.lines.first.flatMap { pid_t($0) }
    }
}

/// - Returns: whether the condition came true within five minutes.
private func poll(_ condition: () -> Bool) -> Bool {
    let end = Date().addingTimeInterval(300)
    while Date() < end {
        if condition() { return true }
        usleep(100_000)
    }
    return false
}
