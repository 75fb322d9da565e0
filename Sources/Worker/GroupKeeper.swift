import Collectives
import Foundation
import Logging
import Processes
import Synchronization

/// Keeps one group running, on a thread of its own.
final class GroupKeeper: Sendable {
    private let number: Int
    private let launcher: Launcher
    private let settings: SupervisorSettings
    private let logger: Logger
    private let onLine: @Sendable (String) -> Void
    private let state = Mutex(State())

    private struct State {
        var process: pid_t?
        /// It was ended before its ranks had found together.
        var neverBegan = false
        var isLeaving = false
        var hasEnded = false
        var failure: SupervisorError?
    }

    init(
        _ number: Int, launcher: Launcher, settings: SupervisorSettings, logger: Logger,
        onLine: @escaping @Sendable (String) -> Void
    ) {
        self.number = number
        self.launcher = launcher
        self.settings = settings
        self.logger = logger
        self.onLine = onLine
        let thread = Thread { [self] in keep() }
        thread.name = "worker group \(number)"
        thread.start()
    }

    var hasEnded: Bool { state.withLock { $0.hasEnded } }
    var failure: SupervisorError? { state.withLock { $0.failure } }
    private var neverBegan: Bool { state.withLock { $0.neverBegan } }
    private var isLeaving: Bool { state.withLock { $0.isLeaving } }

    /// The group finishes its step, writes the checkpoint and ends; it is not started again.
    func askToLeave() {
        state.withLock { state in
            state.isLeaving = true
            // mpirun hands this signal on to its ranks; at SIGTERM it would end them itself.
            if let process = state.process { _ = Foundation.kill(process, SIGUSR1) }
        }
    }

    func kill() {
        state.withLock { state in
            state.isLeaving = true
            if let process = state.process { ProcessTree.kill(process) }
        }
    }

    // MARK: The group's thread

    private func keep() {
        var (quickDeaths, predecessor) = (0, Predecessor?.none)
        do throws(SupervisorError) {
            while !isLeaving {
                let start = ContinuousClock.now
                let (end, holding) = try runOnce(after: predecessor)
                if end.status == 0 || isLeaving { break }
                let isQuick = neverBegan || ContinuousClock.now - start < settings.quickDeath
                quickDeaths = isQuick ? quickDeaths + 1 : 0
                guard end.status != requestWasWrong, end.status != nobodyToWorkFor,
                    quickDeaths < settings.quickDeathLimit ?? .max
                else {
                    throw SupervisorError.gaveUp(group: number, status: end.status, said: end.said)
                }
                logger.warning(
                    "a worker group died and is started again",
                    metadata: ["group": "\(number)", "status": "\(end.status)", "reason": "\(end.failure)"])
                // A life that held nothing, or did not come so far as to tell, leaves the news to the next one.
                if let holding { predecessor = Predecessor(holding: holding, failure: end.failure) }
                pause(min(settings.pause * (1 << min(quickDeaths, 16)), settings.longestPause))
            }
        } catch {
            state.withLock { $0.failure = error }
        }
        state.withLock { $0.hasEnded = true }
    }

    private func pause(_ duration: Duration) {
        let end = ContinuousClock.now + duration
        while ContinuousClock.now < end, !isLeaving { usleep(100_000) }
    }

    /// One mpirun from start to end.
    /// - Returns: how it ended, and the last attempt that it held.
    private func runOnce(after predecessor: Predecessor?) throws(SupervisorError) -> (GroupEnd, Holding?) {
        let kept = settings.output(ofGroup: number)
        kept?.begin()
        let environment = launcher.environment.merging(predecessor?.environment ?? [:]) { _, new in new }
            .merging(kept?.environment ?? [:]) { _, new in new }
            .merging(MPIRun.environment(ofGroup: number - 1, of: settings.groups)) { _, new in new }
        let killsBefore = OutOfMemoryKills.now()
        let process: ChildProcess
        do throws(CannotStart) {
            process = try ChildProcess([launcher.program] + launcher.arguments, environment: environment)
        } catch {
            let error = SupervisorError.cannotStart(error.reason)
            guard settings.quickDeathLimit == nil else { throw error }
            // A host may be short of processes or memory for a while.
            return (GroupEnd(status: 1, said: "\(error)", lines: [], sawOutOfMemoryKill: false), nil)
        }
        state.withLock { state in
            (state.process, state.neverBegan) = (process.identifier, false)
            if state.isLeaving { _ = Foundation.kill(process.identifier, SIGUSR1) }
        }
        let beginning = DispatchWorkItem { [self] in endUnbegun() }
        DispatchQueue.global().asyncAfter(
            deadline: .now() + settings.beginning / .seconds(1), execute: beginning)
        let (said, lines, holding) = readLines(from: process.output, into: kept) { beginning.cancel() }
        process.waitForEnd()
        beginning.cancel()
        // Nobody signals a number that may be another's.
        state.withLock { $0.process = nil }
        let status = process.reap()
        guard !neverBegan else {
            let sentence =
                "its ranks did not find together within \(settings.beginning); see that its hosts reach each other"
            return (GroupEnd(status: 1, said: sentence, lines: [sentence], sawOutOfMemoryKill: false), nil)
        }
        let end = GroupEnd(
            status: status, said: said, lines: lines,
            sawOutOfMemoryKill: OutOfMemoryKills.now().areMore(than: killsBefore))
        return (end, holding)
    }

    private func endUnbegun() {
        state.withLock { state in
            guard let process = state.process else { return }
            state.neverBegan = true
            ProcessTree.kill(process)
        }
    }

    /// Hands on each line, up to the end of the output.
    /// - Parameter onBeginning: is called when the ranks have found together.
    /// - Returns: what the program complained of last, or the last line where it did not complain; and what it held.
    private func readLines(
        from handle: FileHandle, into kept: GroupOutput?, onBeginning: () -> Void
    ) -> (said: String, lines: [String], holding: Holding?) {
        var (complaint, lines, holding): (String?, [String], Holding?) = (nil, [], nil)
        var rest: [UInt8] = []
        while true {
            let data = handle.availableData
            rest += data
            while let end = rest.firstIndex(of: UInt8(ascii: "\n")) ?? (data.isEmpty ? rest.indices.last : nil) {
                let line = String(decoding: rest[...end], as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
                rest.removeSubrange(...end)
                // mpirun frames its own messages with dashes.
                guard !line.allSatisfy({ $0 == "-" }) else { continue }
                if Beginning.isAnnounced(by: line) {
                    onBeginning()
                    continue
                }
                if let held = Holding(line: line) {
                    onBeginning()
                    holding = held
                    continue
                }
                onLine(line)
                kept?.append(line)
                lines = lines.suffix(4) + [line]
                for mark in complaintMarks {
                    if let place = line.range(of: mark) { complaint = String(line[place.upperBound...]) }
                }
            }
            if data.isEmpty { return (complaint ?? lines.last ?? "", lines, holding) }
        }
    }
}

/// The exit status of a worker whose start would end the same way again.
private let requestWasWrong: Int32 = 2
/// The exit status of a worker whose coordinator was silent for longer than it waits: it never was, or its sweep has ended.
package let nobodyToWorkFor: Int32 = 3
/// How the program, and the language's own checks, begin to say why it ends.
private let complaintMarks = ["headstart: ", "Fatal error: "]
