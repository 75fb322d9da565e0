import Foundation
import Logging
import Synchronization
import TestKit
import Testing
import Worker

/// A supervisor over a shell script that takes the place of the program.
private final class Supervised: Sendable {
    private let folder: TemporaryFolder
    var directory: String { folder.path }
    let settings: SupervisorSettings
    private let lines = Mutex<[String]>([])

    /// - Parameter script: is run by every rank, in a directory of its own; `$#` counts the worker's arguments.
    init(
        _ script: String, groups: Int = 1, ranks: Int = 1, cores: Int = 2, limit: Int? = 3,
        grace: Duration = .seconds(3), beginning: Duration = .seconds(600), work: String? = nil
    ) throws {
        folder = try TemporaryFolder()
        let executable = try folder.write("#!/bin/bash\ncd '\(folder.path)'\n\(script)\n", to: "worker.sh")
        chmod(executable, 0o755)
        var settings = SupervisorSettings(
            executable: executable,
            workerArguments: ["--coordinator", "tcp://127.0.0.1:1"] + (work.map { ["--work", $0] } ?? []),
            groups: groups,
            ranks: ranks, cores: cores)
        settings.pause = .milliseconds(50)
        settings.longestPause = .milliseconds(200)
        settings.grace = grace
        settings.beginning = beginning
        settings.quickDeathLimit = limit
        settings.quickDeath = .seconds(600)
        self.settings = settings
    }

    func run(
        until shouldStop: () -> Bool = { false }, atOnce: () -> Bool = { false }
    ) throws(SupervisorError) {
        let supervisor = NodeSupervisor(settings, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }) {
            [self] _, line in lines.withLock { $0.append(line) }
        }
        try supervisor.run(until: shouldStop, atOnce: atOnce)
    }

    var said: [String] { lines.withLock { $0 } }

    func has(_ file: String) -> Bool { FileManager.default.fileExists(atPath: "\(directory)/\(file)") }
}

private let hasLauncher = ["/usr/bin/mpirun", "/usr/local/bin/mpirun"].contains {
    FileManager.default.isExecutableFile(atPath: $0)
}

@Suite(
    .serialized, .timeLimit(.minutes(10)), .enabled(if: hasLauncher, "mpirun is not installed (package openmpi-bin)"))
struct SupervisorTests {
    @Test func `every rank of every group is started with its threads and told its supervisor`() throws {
        let supervised = try Supervised(
            "echo \"$OMPI_COMM_WORLD_SIZE $HEADSTART_GROUP $HEADSTART_SUPERVISOR $*\"", groups: 2, ranks: 2, cores: 8)
        try supervised.run()
        let host = ProcessInfo.processInfo.hostName
        let lines = [0, 0, 1, 1].map {
            "2 \($0)/2 \(getpid())@\(host) worker --coordinator tcp://127.0.0.1:1 --threads 2"
        }
        #expect(supervised.said.sorted() == lines)
    }

    @Test func `what every rank writes lies in the work directory for as long as the group lives`() throws {
        let work = try TemporaryFolder()
        let script = """
            echo "rank $OMPI_COMM_WORLD_RANK speaks"; echo "rank $OMPI_COMM_WORLD_RANK complains" >&2
            [ "$OMPI_COMM_WORLD_RANK" = 0 ] || exit 0
            until [ "$(cat "$HEADSTART_OUTPUT" 2>/dev/null | wc -l)" -ge 4 ] || [ $SECONDS -ge 120 ]; do sleep 0.05; done
            sort "$HEADSTART_OUTPUT" > seen
            """
        let supervised = try Supervised(script, ranks: 2, work: work.path)
        try supervised.run()
        let seen = try String(contentsOfFile: "\(supervised.directory)/seen", encoding: .utf8)
        #expect(seen == "rank 0 complains\nrank 0 speaks\nrank 1 complains\nrank 1 speaks\n")
    }

    @Test func `a group that says much is still heard afterwards`() throws {
        let work = try TemporaryFolder()
        let script = """
            say() { printf %s "$1"; head -c 1000000 /dev/zero | tr '\\0' x; echo; }
            for i in $(seq 20); do say some; done; say last
            for i in $(seq 600); do grep -q '^last' "$HEADSTART_OUTPUT" && touch seen && break; sleep 0.05; done; exit 0
            """
        let supervised = try Supervised(script, work: work.path)
        try supervised.run()
        #expect(supervised.has("seen"))
    }

    @Test func `a group that dies is started again`() throws {
        let supervised = try Supervised("[ -e died ] && exit 0; touch died; exit 5")
        try supervised.run()
        #expect(supervised.has("died"))
    }

    @Test func `a group whose rank is killed is started again as a whole`() throws {
        let script = """
            [ -e died ] && exit 0
            if [ "$OMPI_COMM_WORLD_RANK" = 1 ]; then sleep 0.5; touch died; kill -9 $$; fi
            sleep 600
            """
        let supervised = try Supervised(script, ranks: 2)
        let start = Date()
        try supervised.run()
        #expect(Date().timeIntervalSince(start) < 100)
    }

    @Test func `a group that dies at once again and again is given up with what it said`() throws {
        let supervised = try Supervised("echo start >> starts; echo 'headstart: no such model' >&2; exit 1")
        let error = #expect(throws: SupervisorError.self) { try supervised.run() }
        #expect(error == .gaveUp(group: 1, status: 1, said: "no such model"))
        let starts = try String(contentsOfFile: supervised.directory + "/starts", encoding: .utf8)
        #expect(starts == "start\nstart\nstart\n")
    }

    /// The attempt that a group says it holds, as rank 0 writes it.
    private static let holding =
        "headstart-holds {\"claim\":{\"attempt\":2,\"stage\":\"\(String(repeating: "ab", count: 32))\"},"
        + "\"worker\":\"host-1\"}"

    @Test(arguments: [
        ("kill -9 $$", "signal 9"), ("kill -TERM $$", "timeLimit"), ("kill -XCPU $$", "timeLimit"),
        ("echo 'headstart: work/x: cannot write: no space left on device' >&2; exit 1", "diskFull"),
        (
            "echo 'Numerics/Compute.swift:40: Fatal error: out of memory: no pool' >&2; exit 132",
            "outOfMemory"
        ),
        ("echo 'the last line' >&2; exit 4", "status 4; it said last: the last line"),
    ])
    func `the next life of a group is told what the last one held and why it ended`(end: String, reason: String) throws
    {
        let supervised = try Supervised(
            "[ -e died ] && { echo \"$HEADSTART_PREDECESSOR\"; exit 0; }\ntouch died\necho '\(Self.holding)'\n\(end)")
        try supervised.run()
        let told = try #require(supervised.said.last)
        #expect(told.contains("host-1") && told.contains("\"attempt\":2") && told.contains(reason), "\(told)")
        #expect(!supervised.said.contains { $0.contains("headstart-holds") }, "that line is for the supervisor alone")
    }

    @Test func `a group whose ranks do not find together is ended and started again, and no other`() throws {
        let supervised = try Supervised(
            """
            [ ! -e once ] || { printf 'unended\nheadstart-begins\n'; sleep 3; echo done; exit 0; }
            touch once
            sleep 600
            """, beginning: .seconds(2))
        try supervised.run()
        #expect(supervised.said == ["unended", "done"])
        let never = try Supervised("sleep 600", limit: 2, beginning: .seconds(1))
        let sentence = "its ranks did not find together within 1.0 seconds; see that its hosts reach each other"
        #expect(throws: SupervisorError.gaveUp(group: 1, status: 1, said: sentence)) { try never.run() }
    }

    @Test func `a supervisor that never gives up starts a group again and again`() throws {
        let supervised = try Supervised("echo start >> starts; [ $(wc -l < starts) -ge 6 ] || exit 1", limit: nil)
        try supervised.run()
        #expect(try String(contentsOfFile: supervised.directory + "/starts", encoding: .utf8).count == 6 * 6)
    }

    @Test func `groups that are to end at once are not waited for`() throws {
        let supervised = try Supervised("trap '' USR1; touch up; while true; do sleep 0.1; done", grace: .seconds(600))
        let start = Date()
        try supervised.run(until: { supervised.has("up") }, atOnce: { supervised.has("up") })
        #expect(Date().timeIntervalSince(start) < 100)
    }

    @Test func `a request that was wrong is not repeated`() throws {
        let supervised = try Supervised("echo start >> starts; echo 'headstart: nobody answers'; exit 2")
        let error = #expect(throws: SupervisorError.self) { try supervised.run() }
        #expect(error == .gaveUp(group: 1, status: 2, said: "nobody answers"))
        #expect(try String(contentsOfFile: supervised.directory + "/starts", encoding: .utf8) == "start\n")
    }

    @Test func `groups that are asked to leave may finish`() throws {
        let script =
            "trap 'sleep 0.3; touch left-$OMPI_COMM_WORLD_RANK; exit 0' USR1; touch up-$OMPI_COMM_WORLD_RANK; while true; do sleep 0.1; done"
        let supervised = try Supervised(script, ranks: 2, grace: .seconds(60))
        try supervised.run(until: { supervised.has("up-0") && supervised.has("up-1") })
        #expect(supervised.has("left-0"))
        #expect(supervised.has("left-1"))
    }

    @Test func `groups that do not leave are killed, and nothing of them is left`() throws {
        let script =
            "trap '' USR1; echo $$ > pid-$OMPI_COMM_WORLD_RANK; touch up-$OMPI_COMM_WORLD_RANK; "
            + "while true; do sleep 0.1; done"
        let supervised = try Supervised(script, ranks: 2)
        try supervised.run(until: { supervised.has("up-0") && supervised.has("up-1") })
        for rank in 0..<2 {
            let text = try String(contentsOfFile: "\(supervised.directory)/pid-\(rank)", encoding: .utf8)
            let process = try #require(pid_t(text.trimmingCharacters(in: .whitespacesAndNewlines)))
            #expect(eventually { kill(process, 0) != 0 }, "rank \(rank) still runs")
        }
    }
}

struct LauncherTests {
    @Test func `a missing mpirun is one line that names the package`() throws {
        var settings = SupervisorSettings(
            executable: "headstart", workerArguments: [], groups: 1, ranks: 1, cores: 1)
        settings.launcher = "mpirun-that-is-nowhere"
        let supervisor = NodeSupervisor(settings, logger: Logger(label: "test")) { _, _ in }
        let error = #expect(throws: SupervisorError.self) { try supervisor.run() }
        #expect(error?.description.contains("mpirun-that-is-nowhere is not installed") == true)
        #expect(error?.description.contains("openmpi-bin") == true)
    }

    @Test func `a group may be spread over hosts, whose cores its ranks share out among those there`() {
        var settings = SupervisorSettings(
            executable: "headstart", workerArguments: [], groups: 2, ranks: 6, cores: 8)
        settings.hosts = HostList("a:4,b,c-1.d:1")
        #expect(settings.hosts?.description == "a:4,b:1,c-1.d:1" && settings.hosts?.ranks == 6)
        #expect(settings.threadsPerRank == 1)
        settings.hosts = HostList("a:2,b:2,c:2")
        #expect(settings.threadsPerRank == 2)
    }

    @Test(arguments: ["", "a,", ":2", "a:0", "a:x", "a:1:2", "a,a", "-o", "a b", "a;b", "a:99999999"])
    func `what names no hosts is none`(text: String) { #expect(HostList(text) == nil) }

    @Test(arguments: [(8, 2, 2, 2), (2, 2, 2, 1), (7, 1, 2, 3), (1, 1, 1, 1)])
    func `cores are shared out among all ranks`(cores: Int, groups: Int, ranks: Int, threads: Int) {
        let settings = SupervisorSettings(
            executable: "headstart", workerArguments: [], groups: groups, ranks: ranks, cores: cores)
        #expect(settings.threadsPerRank == threads)
    }
}
