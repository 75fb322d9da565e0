import ArgumentParser
import Experiments
import Foundation
import Ledger
import Messages
import Reports
import Worker

struct WatchCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "watch",
        abstract: "Shows a sweep on the whole terminal while it runs: its table, what runs, hosts, failures.",
        discussion: """
            A sign for each seed: · waits, ▸ runs, ● is finished, ✗ failed or was set aside, – cannot run, ○ was cancelled. \
            q leaves, and the sweep goes on. Where the output is no terminal, it is printed once; with --notify, the sweep \
            is then watched to its end in silence.

            EXAMPLE
              headstart watch --store results
              headstart watch --store results --notify 'mail -s headstart me@example.org'
            """)

    @OptionGroup var client: ClientOptions

    @Option(
        name: .long, help: ArgumentHelp("The sweep; the one asked for last otherwise.", valueName: "name"),
        completion: .sweeps)
    var sweep: String?

    @OptionGroup var telling: NotifyOptions

    func run() throws {
        if telling.isAsked, client.store == nil {
            throw BadRequest("--notify and --bell need --store: only a store tells what became of the stages")
        }
        var curves = LossCurves()
        var view = try look(&curves)
        let announcer = Announcer(telling)
        defer { announcer.finish() }
        guard Screen.isTerminal, isatty(STDIN_FILENO) == 1 else {
            let frame = WatchFrame(view, columns: Screen.width, rows: nil)
            try Screen.line(frame.lines.joined(separator: "\n"))
            return telling.isAsked ? try listen(from: view, &curves, announcer) : ()
        }
        if let signal = try show(&view, &curves, announcer) {
            throw WorkFailed("stopped watching", stoppedBy: signal)
        }
    }

    /// Looks now and then until the sweep has ended, and shows nothing.
    private func listen(from first: WatchView, _ curves: inout LossCurves, _ announcer: Announcer) throws {
        var view = first
        while !StopSignal.isRaised {
            announcer.look(at: view.snapshot.map { [$0] } ?? [])
            if view.snapshot?.hasEnded ?? true { return }
            sleep(2)
            view = try look(&curves)
        }
        throw WorkFailed("stopped watching", stoppedBy: StopSignal.number)
    }

    /// - Returns: the signal that ended it; nil for a key that asked for it.
    private func show(_ view: inout WatchView, _ curves: inout LossCurves, _ announcer: Announcer) throws -> Int32? {
        let screen = try FullScreen()
        while true {
            let start = ContinuousClock.now
            announcer.look(at: view.snapshot.map { [$0] } ?? [])
            let size = screen.size
            try screen.draw(WatchFrame(view, columns: size.columns, rows: size.rows).lines)
            // Looking takes a small part of the time, however large the sweep.
            let pause = max(1, 10 * (start.duration(to: .now) / .seconds(1)))
            switch screen.wait(seconds: pause) {
            case .stopped: return StopSignal.number
            case .key(UInt8(ascii: "q")), .key(UInt8(ascii: "Q")): return nil
            // Ctrl-C, which is a key to a terminal that hands on every one.
            case .key(3): return SIGINT
            case .key, .due: view = try look(&curves)
            }
        }
    }

    private func look(_ curves: inout LossCurves) throws -> WatchView {
        var report: CoordinatorReport?
        if case .status(let answer)? = try client.askIfThere(.status, seconds: client.store == nil ? 10 : 2) {
            report = answer
        }
        let stored = try client.store.map { try LedgerReader(store: $0).snapshot(ofSweep: sweep) }
        let snapshot = stored.map { stored in report.map(stored.progressing) ?? stored }
        guard snapshot != nil || report != nil else {
            throw WorkFailed("no coordinator answers at \(client.coordinator ?? ""); does one run there?")
        }
        curves.look(at: report?.running ?? [])
        let time = Date.now.formatted(.dateTime.hour(.twoDigits(amPM: .omitted)).minute().second())
        return WatchView(snapshot, report, curves, time: time)
    }
}
