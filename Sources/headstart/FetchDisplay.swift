import Downloads
import Files
import Foundation
import Transport
import Worker

/// Shows on a terminal how a fetch goes on, and ends it where somebody asks for that.
final class FetchDisplay: DownloadObserver {
    private var began = ContinuousClock.now
    private var shown = ContinuousClock.now
    private var current: (name: String, first: Int)?
    private let isTerminal = isatty(STDERR_FILENO) == 1
    private var hasLine = false

    /// Fetches while signals are heard; a second one ends the program at once.
    static func watching<Result>(_ body: (FetchDisplay) throws -> Result) throws -> Result {
        // Under nohup a hangup stays ignored.
        let numbers = [SIGINT, SIGTERM] + (Signals.isIgnored(SIGHUP) ? [] : [SIGHUP])
        let before = numbers.map { signal($0, SIG_DFL) }
        StopSignal.watchOnce()
        defer { for (number, handler) in zip(numbers, before) { signal(number, handler) } }
        let display = FetchDisplay()
        defer { display.clear() }
        do {
            return try body(display)
        } catch let error as DownloadError where error.cause == .stopped {
            throw WorkFailed("\(error)", stoppedBy: StopSignal.number)
        }
    }

    var shouldStop: Bool { StopSignal.isRaised }

    func noted(_ sentence: String) {
        clear()
        Screen.note(sentence)
    }

    func progressed(_ name: String, byteCount: Int, of whole: Int?) {
        guard isTerminal else { return }
        let now = ContinuousClock.now
        if current?.name != name {
            current = (name, byteCount)
            began = now
        } else if byteCount != whole, shown.duration(to: now) < .milliseconds(200) {
            return
        }
        shown = now
        draw(line(name, byteCount, whole, began.duration(to: now)))
    }

    private func line(_ name: String, _ byteCount: Int, _ whole: Int?, _ time: Duration) -> String {
        let seconds = Double(time.components.seconds) + Double(time.components.attoseconds) / 1e18
        let rate = seconds > 0.5 ? Double(byteCount - (current?.first ?? 0)) / seconds : 0
        var line = "\(name)  \(megabytes(byteCount))" + (whole.map { " of \(megabytes($0))" } ?? "")
        if rate > 0 {
            line += "  \(fixed(rate / 1e6, 1)) MB/s"
            if let whole { line += "  \(Int(Double(whole - byteCount) / rate) + 1) s left" }
        }
        return line
    }

    private func draw(_ line: String) {
        Screen.drawNote("\r\(line.prefix(max(10, Screen.width - 1)))\u{1B}[K")
        hasLine = true
    }

    private func clear() {
        if hasLine { Screen.drawNote("\r\u{1B}[K") }
        hasLine = false
    }
}

func megabytes(_ byteCount: Int) -> String { "\(fixed(Double(byteCount) / 1e6, 1)) MB" }
