import Files
import Foundation
import Worker

/// The whole terminal, for as long as the value lives: an alternate screen, keys as they are pressed, and all of it as it
/// was when it ends, however it ends but for SIGKILL.
final class FullScreen {
    enum Wake {
        case key(UInt8)
        /// The time is over, or the terminal has another size.
        case due
        /// A signal asks the process to leave.
        case stopped
    }

    init() throws(FileError) {
        StopSignal.watch()
        signal(SIGTSTP, SIG_IGN)
        // What is heard ends a wait; the size is asked for with each frame.
        signal(SIGWINCH) { _ in }
        // Whoever was started from a thread of libdispatch's begins with almost all signals blocked.
        var heard = sigset_t()
        sigemptyset(&heard)
        for number in [SIGINT, SIGTERM, SIGHUP, SIGWINCH] + TerminalState.ends { sigaddset(&heard, number) }
        pthread_sigmask(SIG_UNBLOCK, &heard, nil)
        TerminalState.keep()
        try Screen.draw("\u{1B}[?1049h\u{1B}[?25l")
    }

    deinit { TerminalState.restore() }

    /// Rows and columns.
    var size: (rows: Int, columns: Int) {
        var size = winsize()
        guard ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_row > 0, size.ws_col > 0 else {
            return (24, 80)
        }
        return (Int(size.ws_row), Int(size.ws_col))
    }

    /// Draws over what is there, each line to its end, so that nothing flickers.
    func draw(_ lines: [String]) throws(FileError) {
        try Screen.draw("\u{1B}[H" + lines.map { $0 + "\u{1B}[K" }.joined(separator: "\r\n") + "\u{1B}[J")
    }

    func wait(seconds: Double) -> Wake {
        if StopSignal.isRaised { return .stopped }
        var keys = pollfd(fd: STDIN_FILENO, events: Int16(POLLIN), revents: 0)
        let count = poll(&keys, 1, Int32(seconds * 1000))
        if StopSignal.isRaised { return .stopped }
        guard count > 0 else { return .due }
        var key: UInt8 = 0
        // A terminal that is gone has nobody who looks.
        return read(STDIN_FILENO, &key, 1) == 1 ? .key(key) : .stopped
    }
}

/// How the terminal was, for whoever must put it back, a signal's handler among them: there nothing may be allocated.
private enum TerminalState {
    // Written once by `keep`, before any handler is set that reads it; the program has one screen.
    nonisolated(unsafe) private static var before = termios()
    nonisolated(unsafe) private static var isKept = false

    /// Signals that end the process on the spot.
    static let ends = [SIGSEGV, SIGILL, SIGTRAP, SIGABRT, SIGBUS, SIGFPE, SIGQUIT]

    static func keep() {
        guard tcgetattr(STDIN_FILENO, &before) == 0 else { return }
        isKept = true
        var raw = before
        // Ctrl-C comes as a key.
        raw.c_lflag &= ~tcflag_t(ICANON | ECHO | ISIG)
        tcsetattr(STDIN_FILENO, TCSANOW, &raw)
        for number in ends {
            signal(number) { number in
                TerminalState.restore()
                signal(number, SIG_DFL)
                Foundation.raise(number)
            }
        }
    }

    static func restore() {
        let sequence: StaticString = "\u{1B}[?25h\u{1B}[?1049l"
        _ = write(STDOUT_FILENO, sequence.utf8Start, sequence.utf8CodeUnitCount)
        if isKept { tcsetattr(STDIN_FILENO, TCSANOW, &before) }
    }
}
