import Foundation
import Synchronization

/// The mpirun of a group, as a child of this process.
///
/// Foundation's Process has a thread that tells of ends, and where memory is short there is none to be had: whoever waits
/// then waits for ever. This takes nothing but the kernel to be started and to be waited for.
struct GroupProcess {
    let identifier: pid_t
    /// What it writes to both of its outputs.
    let output: FileHandle
    /// One starts after the other: nobody inherits another's pipe, whose end would not be seen then.
    private static let turn = Mutex(())

    /// Starts the program in a process group of its own, so that a terminal's Ctrl-C is the supervisor's to hear, and with
    /// no signal blocked: threads that libdispatch began block almost all.
    /// - Parameter program: its path.
    /// - Throws: `cannotStart`, with what the kernel said.
    init(_ program: String, _ arguments: [String], environment: [String: String]) throws(SupervisorError) {
        // mpirun does not start in a folder that was deleted, and nobody needs this one.
        let isNowhere = FileManager.default.currentDirectoryPath.isEmpty
        let words = (isNowhere ? ["/usr/bin/env", "--chdir=/", program] : [program]) + arguments
        let settings = environment.map { "\($0.key)=\($0.value)" }
        let (child, reading) = try Self.turn.withLock { _ throws(SupervisorError) in try Self.start(words, settings) }
        identifier = child
        output = FileHandle(fileDescriptor: reading, closeOnDealloc: true)
    }

    /// Waits until it has ended; its number is its own until it is reaped.
    func waitForEnd() {
        var information = siginfo_t()
        while waitid(P_PID, id_t(identifier), &information, WEXITED | WNOWAIT) != 0, errno == EINTR {}
    }

    /// - Returns: what the program returned, or 128 and the number of the signal that ended it.
    func reap() -> Int32 {
        var status: Int32 = 0
        while waitpid(identifier, &status, 0) < 0, errno == EINTR {}
        let signal = status & 0x7f
        return signal == 0 ? status >> 8 & 0xff : 128 + signal
    }

    /// - Returns: the child, and where to read what it writes.
    private static func start(_ words: [String], _ settings: [String]) throws(SupervisorError) -> (pid_t, Int32) {
        var pipe: [Int32] = [0, 0]
        guard Foundation.pipe(&pipe) == 0 else { throw failure(errno) }
        let (reading, writing) = (pipe[0], pipe[1])
        defer { close(writing) }
        var (actions, attributes) = (posix_spawn_file_actions_t(), posix_spawnattr_t())
        posix_spawn_file_actions_init(&actions)
        posix_spawnattr_init(&attributes)
        defer {
            posix_spawn_file_actions_destroy(&actions)
            posix_spawnattr_destroy(&attributes)
        }
        posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_adddup2(&actions, writing, STDOUT_FILENO)
        posix_spawn_file_actions_adddup2(&actions, writing, STDERR_FILENO)
        for other in 3...max(3, reading, writing, highestDescriptor()) {
            posix_spawn_file_actions_addclose(&actions, other)
        }
        var noSignal = sigset_t()
        sigemptyset(&noSignal)
        posix_spawnattr_setsigmask(&attributes, &noSignal)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK))

        var (wordsOfC, settingsOfC) = (words.map { strdup($0) } + [nil], settings.map { strdup($0) } + [nil])
        defer { for text in wordsOfC + settingsOfC { free(text) } }
        var child = pid_t()
        let refusal = posix_spawn(&child, words[0], &actions, &attributes, &wordsOfC, &settingsOfC)
        guard refusal == 0 else {
            close(reading)
            throw failure(refusal)
        }
        return (child, reading)
    }

    /// 0 where /proc does not tell: most descriptors close by themselves when a program begins.
    private static func highestDescriptor() -> Int32 {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")) ?? []
        return names.compactMap { Int32($0) }.max() ?? 0
    }

    private static func failure(_ number: Int32) -> SupervisorError {
        .cannotStart(String(cString: strerror(number)).lowercased())
    }
}
