import Files
import Foundation

/// Standard output and standard error: the only way by which anything is said.
enum Screen {
    /// - Throws: when the line cannot be written, but for a reader that has seen enough, as `head` has.
    static func line(_ text: String) throws(FileError) { try write(text + "\n", to: STDOUT_FILENO) }

    /// Writes without a line's end, for a display that redraws itself.
    static func draw(_ text: String) throws(FileError) { try write(text, to: STDOUT_FILENO) }

    /// One line on standard error that says why something failed, however many the text has.
    static func complain(_ text: String) {
        let line = text.split(whereSeparator: \.isNewline).map { $0.drop { $0 == " " } }.joined(separator: " ")
        note("headstart: \(line)")
    }

    /// A line on standard error.
    static func note(_ text: String) {
        // Where standard error itself is closed nobody is left to be told.
        do { try write(text + "\n", to: STDERR_FILENO) } catch {}
    }

    /// Writes on standard error without a line's end.
    static func drawNote(_ text: String) {
        do { try write(text, to: STDERR_FILENO) } catch {}
    }

    /// Whether standard output has a reader left, where it is a pipe.
    static var isRead: Bool {
        var output = pollfd(fd: STDOUT_FILENO, events: 0, revents: 0)
        return poll(&output, 1, 0) < 1 || output.revents & Int16(POLLERR) == 0
    }

    static var isTerminal: Bool { isatty(STDOUT_FILENO) == 1 }

    /// Columns that fit; 100 where it is no terminal.
    static var width: Int {
        var size = winsize()
        let isKnown = ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0
        return isKnown ? Int(size.ws_col) : 100
    }

    private static func write(_ text: String, to descriptor: Int32) throws(FileError) {
        let name = descriptor == STDOUT_FILENO ? "standard output" : "standard error"
        do throws(FileError) {
            try Output(descriptor, name).write(Array(text.utf8))
        } catch {
            guard error.code == EPIPE else { throw error }
        }
    }
}
