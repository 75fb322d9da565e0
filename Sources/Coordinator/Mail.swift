import Dispatch
import Foundation
package import Messages
import Synchronization
package import Transport

/// What has come from workers and is to be heard in one turn.
package struct Mail {
    private(set) var items: [(peer: Peer, frames: [[UInt8]])] = []
    private var byteCount = 0

    package init() {}

    /// Whether it is as much as memory is spent on.
    package var isFull: Bool { byteCount >= mostBytes }

    package mutating func add(_ peer: Peer, _ frames: [[UInt8]]) {
        items.append((peer, frames))
        byteCount += frames.reduce(0) { $0 + $1.count }
    }

    /// The messages in the order in which they came. To decode them takes longer than to decide on them and needs nothing but
    /// their bytes, so several threads share many.
    package func messages() -> [Result<FromWorker, MessageError>] {
        let frames = items.map(\.frames)
        let parts = max(1, min(ProcessInfo.processInfo.activeProcessorCount, mostThreads, frames.count / fewest))
        let decoded = Mutex(Array(repeating: [Result<FromWorker, MessageError>](), count: parts))
        DispatchQueue.concurrentPerform(iterations: parts) { part in
            let share = frames[frames.count * part / parts..<frames.count * (part + 1) / parts]
            let messages = share.map { frames in
                Result { () throws(MessageError) in try FromWorker.decode(frames) }
            }
            decoded.withLock { $0[part] = messages }
        }
        return decoded.withLock { $0.flatMap(\.self) }
    }
}

private let mostBytes = 64 << 20
private let mostThreads = 4
/// Messages that are worth a thread.
private let fewest = 16
