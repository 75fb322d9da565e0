import Foundation
import TestKit
import Testing

/// A terminal of 24 lines of 80 characters, and what a program writes to it.
private final class Terminal {
    private let own: Int32
    private let process = Process()
    private var bytes: [UInt8] = []
    /// What has come, whole characters at last.
    var output: String { String(decoding: bytes, as: UTF8.self) }

    init(_ arguments: [String], in directory: String) throws {
        own = open("/dev/ptmx", O_RDWR | O_NOCTTY)
        // TIOCSPTLCK and TIOCGPTN, macros that Swift does not see: what unlockpt and ptsname ask.
        var (lock, number) = (Int32(0), Int32(0))
        try #require(own >= 0 && ioctl(own, 0x4004_5431, &lock) == 0 && ioctl(own, 0x8004_5430, &number) == 0)
        var size = winsize(ws_row: 24, ws_col: 80, ws_xpixel: 0, ws_ypixel: 0)
        try #require(ioctl(own, UInt(TIOCSWINSZ), &size) == 0)
        let program = try FileHandle(forUpdating: URL(filePath: "/dev/pts/\(number)"))
        process.executableURL = URL(filePath: Program.path)
        process.arguments = arguments
        process.currentDirectoryURL = URL(filePath: directory)
        process.standardInput = program
        process.standardOutput = program
        process.standardError = FileHandle.nullDevice
        try process.run()
        // What was read is not waited for.
        _ = fcntl(own, F_SETFL, O_NONBLOCK)
    }

    deinit {
        if process.isRunning { kill(process.processIdentifier, SIGKILL) }
        close(own)
    }

    /// Whether the terminal hands on each key and echoes none.
    var isRaw: Bool {
        var state = termios()
        return tcgetattr(own, &state) == 0 && state.c_lflag & tcflag_t(ICANON | ECHO) == 0
    }

    func type(_ keys: String) { _ = keys.withCString { write(own, $0, strlen($0)) } }

    func send(_ signal: Int32) { kill(process.processIdentifier, signal) }

    func resize(rows: UInt16, columns: UInt16) {
        var size = winsize(ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0)
        _ = ioctl(own, UInt(TIOCSWINSZ), &size)
    }

    /// Reads until the output is as wanted.
    func wait(until condition: (String) -> Bool) -> Bool {
        eventually(within: 30, every: 50) {
            var piece = [UInt8](repeating: 0, count: 1 << 16)
            let count = read(own, &piece, piece.count)
            if count > 0 { bytes += piece[..<count] }
            return condition(output)
        }
    }

    func status() -> Int32? {
        guard wait(until: { _ in !process.isRunning }) else { return nil }
        _ = wait(until: { _ in true })
        return process.terminationStatus
    }
}

@Suite(.serialized) struct WatchTests {
    private static let (enter, leave) = ("\u{1B}[?1049h", "\u{1B}[?1049l")
    private let shop: Workshop

    init() throws {
        shop = try Workshop()
        try shop.write(
            """
            sweep: small
            model: \(shop.model)
            tasks: [tiny]
            seeds: [1, 2]
            defaults: { max-steps: 3, batch: 8 }
            methods: { probe: { tune: head } }
            """, to: "sweep.yaml")
    }

    private func run(_ more: String...) throws -> Program.Outcome {
        try shop.run(["run", "sweep.yaml", "--data", "data", "--store", "store"] + more)
    }

    @Test(.timeLimit(.minutes(5))) func `a terminal is taken, drawn on, and given back as it was`() throws {
        #expect(try run().status == 0)
        let terminal = try Terminal(["watch", "--store", "store"], in: shop.folder)
        #expect(terminal.wait { $0.contains(Self.enter) && $0.contains("q leaves") }, "\(terminal.output)")
        #expect(terminal.isRaw && terminal.output.contains("●●"), "\(terminal.output)")
        terminal.resize(rows: 10, columns: 30)
        #expect(
            terminal.wait { $0.components(separatedBy: "\u{1B}[H").last?.components(separatedBy: "\r\n").count == 10 })
        terminal.type("q")
        #expect(
            terminal.status() == 0 && !terminal.isRaw && terminal.output.hasSuffix(Self.leave), "\(terminal.output)")
    }

    @Test(.timeLimit(.minutes(5)), arguments: [SIGTERM, SIGINT, SIGHUP, SIGABRT])
    func `a terminal is given back after a signal, too`(signal: Int32) throws {
        #expect(try run().status == 0)
        let terminal = try Terminal(["watch", "--store", "store"], in: shop.folder)
        #expect(terminal.wait { $0.contains("q leaves") })
        terminal.send(signal)
        #expect(terminal.status() == (signal == SIGABRT ? SIGABRT : 128 + signal))
        #expect(!terminal.isRaw && terminal.output.contains(Self.leave), "\(terminal.output)")
    }

    @Test(.timeLimit(.minutes(5))) func `Ctrl-C leaves as the signal does`() throws {
        #expect(try run().status == 0)
        let terminal = try Terminal(["watch", "--store", "store"], in: shop.folder)
        #expect(terminal.wait { $0.contains("q leaves") })
        terminal.type("\u{03}")
        #expect(terminal.status() == 128 + SIGINT && !terminal.isRaw)
    }

    @Test(.timeLimit(.minutes(5))) func `where there is no terminal notices are waited for in silence`() throws {
        #expect(try run().status == 0)
        let ended = try shop.run("watch", "--store", "store", "--notify", "cat >> told.json")
        #expect(ended.status == 0 && ended.errors.isEmpty, "\(ended.errors)")
        let alone = try shop.run("watch", "--coordinator", "tcp://127.0.0.1:1", "--bell")
        #expect(alone.status == 2 && alone.errors.contains("--store"), "\(alone.errors)")
    }

    @Test func `where there is no terminal it is printed once`() throws {
        #expect(try run().status == 0)
        let outcome = try shop.run("watch", "--store", "store")
        #expect(
            outcome.status == 0 && outcome.lines.first?.hasPrefix("small on model – ended") == true, "\(outcome.errors)"
        )
        #expect(outcome.output.contains("probe  ●●") && !outcome.output.contains("\u{1B}"), "\(outcome.output)")
        #expect(try shop.run("watch", "--store", "nowhere").status == 2)
    }

    @Test(.timeLimit(.minutes(5))) func `the end of a sweep is told to a command, as JSON`() throws {
        struct Told: Decodable {
            let event, sweep, sentence: String
            let finished: Int
        }
        let outcome = try run("--notify", "cat >> told.json")
        #expect(outcome.status == 0, "\(outcome.errors)")
        let text = try String(contentsOfFile: shop.path("told.json"), encoding: .utf8)
        let told = try JSONDecoder().decode(Told.self, from: Data(text.utf8))
        #expect(told.event == "end" && told.sweep == "small" && told.finished == 2)
        #expect(told.sentence == "small has ended: 2 of 2 stages finished")
    }

    @Test(.timeLimit(.minutes(5)), arguments: ["exit 7", "head -c 1 >/dev/null; kill $$", "no-such-program"])
    func `a command that fails harms no sweep`(command: String) throws {
        let outcome = try run("--notify", command)
        #expect(outcome.status == 0)
        let complaints = outcome.errorLines.filter { $0.contains("--notify") }
        #expect(complaints.count == 1 && complaints[0].hasSuffix("the sweep goes on"), "\(outcome.errors)")
    }
}
