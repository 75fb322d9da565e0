import Foundation
import Synchronization

/// Ends the test process where one case takes too long or too much memory, and says which: nothing else stops a thread that
/// hangs, and the limit of a whole test does not say where it was.
package final class Watchdog: Sendable {
    private struct Case {
        let name: String
        let end: ContinuousClock.Instant
        let byteLimit: Int
    }

    /// Outlives the watchdog on its thread until that has seen that it is over.
    private final class Guarded: Sendable {
        let current = Mutex<Case?>(nil)
        let isOver = Atomic<Bool>(false)

        func look() {
            guard let current = current.withLock({ $0 }) else { return }
            if ContinuousClock.now > current.end { fatalError("\(current.name) takes too long") }
            if residentBytes() > current.byteLimit { fatalError("\(current.name) takes too much memory") }
        }
    }

    private let guarded = Guarded()
    private let limit: Duration
    private let growth: Int

    /// - Parameters:
    ///   - seconds: for one case; many times what it takes on a machine that is busy with other tests.
    ///   - megabytes: by which the process may grow during one case, other tests beside it included.
    package init(seconds: Int = 60, megabytes: Int = 2048) {
        (limit, growth) = (.seconds(seconds), megabytes << 20)
        let guarded = guarded
        Thread.detachNewThread {
            while !guarded.isOver.load(ordering: .relaxed) {
                guarded.look()
                usleep(50_000)
            }
        }
    }

    deinit { guarded.isOver.store(true, ordering: .relaxed) }

    /// Runs one case.
    /// - Parameter name: what it takes to find the case again, as the seed and its number.
    package func watch<Value>(_ name: String, _ body: () throws -> Value) rethrows -> Value {
        let next = Case(name: name, end: .now + limit, byteLimit: residentBytes() + growth)
        guarded.current.withLock { $0 = next }
        defer { guarded.current.withLock { $0 = nil } }
        return try body()
    }
}

/// The memory that the process has now; 0 where the system does not tell.
private func residentBytes() -> Int {
    guard let file = fopen("/proc/self/statm", "r") else { return 0 }
    defer { fclose(file) }
    var line = [CChar](repeating: 0, count: 128)
    guard fgets(&line, Int32(line.count), file) != nil else { return 0 }
    let fields = String(decoding: line.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self).split(
        separator: " ")
    return fields.count > 1 ? (Int(fields[1]) ?? 0) * Int(getpagesize()) : 0
}
