import CProcesses
package import Foundation

/// A program that this process started.
///
/// Foundation's Process has a thread that tells of ends, and where memory is short there is none to be had: whoever waits
/// then waits for ever; it waits, too, for all that the program leaves behind. swift-subprocess runs programs from async
/// code alone, and whoever waits here is a plain thread. This takes nothing but the kernel.
package struct ChildProcess {
    package let identifier: pid_t
    /// What it writes to both of its outputs.
    package let output: FileHandle

    /// Starts a program in a process group of its own, so that a terminal's Ctrl-C is this process's to hear, and with no
    /// signal blocked: threads that libdispatch began block almost all. It has nothing to read.
    /// - Parameters:
    ///   - words: the program, by its path or its name in PATH, and its arguments.
    ///   - environment: nil for this process's own.
    package init(_ words: [String], environment: [String: String]? = nil) throws(CannotStart) {
        var pipe: [Int32] = [-1, -1]
        guard Foundation.pipe(&pipe) == 0 else { throw CannotStart(words, errno) }
        output = FileHandle(fileDescriptor: pipe[0], closeOnDealloc: true)
        defer { close(pipe[1]) }
        identifier = try Self.start(words, environment, streams: [-1, pipe[1], pipe[1]])
    }

    /// Waits until it has ended; its number is its own until it is reaped.
    package func waitForEnd() {
        var information = siginfo_t()
        while waitid(P_PID, id_t(identifier), &information, WEXITED | WNOWAIT) != 0, errno == EINTR {}
    }

    /// - Returns: what the program returned, or 128 and the number of the signal that ended it.
    package func reap() -> Int32 { Self.reap(identifier) }

    /// How a program ended that was run.
    package struct End: Sendable {
        /// What it returned, or 128 and the number of the signal that ended it.
        package let status: Int32
        package let output: String
        package let errors: String
    }

    /// Runs a program to its end. What it reads and writes are files in memory: none fills up as a pipe does, and whoever
    /// it leaves behind is not waited for.
    /// - Parameters:
    ///   - words: the program, by its path or its name in PATH, and its arguments.
    ///   - environment: nil for this process's own.
    ///   - input: what it reads.
    ///   - keepsOutput: false where nobody reads what it writes.
    package static func run(
        _ words: [String], environment: [String: String]? = nil, input: Data = Data(), keepsOutput: Bool = true
    ) throws(CannotStart) -> End {
        do {
            let read = try memoryFile(for: words)
            try read.write(contentsOf: input)
            try read.seek(toOffset: 0)
            let written = keepsOutput ? [try memoryFile(for: words), try memoryFile(for: words)] : []
            let outputs = keepsOutput ? written.map(\.fileDescriptor) : [-1, -1]
            let child = try start(words, environment, streams: [read.fileDescriptor] + outputs)
            let status = reap(child)
            let texts = try written.map { file in
                try file.seek(toOffset: 0)
                return String(decoding: try file.readToEnd() ?? Data(), as: UTF8.self)
            }
            return End(status: status, output: texts.first ?? "", errors: texts.last ?? "")
        } catch let error as CannotStart {
            throw error
        } catch {
            throw CannotStart(words, reason: "\(error)")
        }
    }

    private static func memoryFile(for words: [String]) throws(CannotStart) -> FileHandle {
        let file = cprocesses_memory_file()
        guard file >= 0 else { throw CannotStart(words, errno) }
        return FileHandle(fileDescriptor: file, closeOnDealloc: true)
    }

    /// - Parameter streams: its input, output and errors; -1 for none.
    private static func start(
        _ words: [String], _ environment: [String: String]?, streams: [Int32]
    ) throws(CannotStart) -> pid_t {
        let settings = (environment ?? ProcessInfo.processInfo.environment).map { "\($0.key)=\($0.value)" }
        let (wordsOfC, settingsOfC) = (words.map { strdup($0) } + [nil], settings.map { strdup($0) } + [nil])
        defer { for text in wordsOfC + settingsOfC { free(text) } }
        var child = pid_t()
        let failure = cprocesses_start(wordsOfC, settingsOfC, streams, &child)
        guard failure == 0 else { throw CannotStart(words, failure) }
        return child
    }

    private static func reap(_ child: pid_t) -> Int32 {
        var status: Int32 = 0
        while waitpid(child, &status, 0) < 0, errno == EINTR {}
        let signal = status & 0x7f
        return signal == 0 ? status >> 8 & 0xff : 128 + signal
    }
}

/// A program could not be started.
package struct CannotStart: Error, CustomStringConvertible, Sendable {
    package let program: String
    /// What the system said of it.
    package let reason: String

    init(_ words: [String], reason: String) { (program, self.reason) = (words.first ?? "", reason) }

    init(_ words: [String], _ number: Int32) {
        self.init(words, reason: String(cString: strerror(number)).lowercased())
    }

    package var description: String { "\(program): \(reason)" }
}
