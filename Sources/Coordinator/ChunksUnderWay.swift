import Experiments
import Scheduler
import Transport

/// The last chunk that each worker has asked for. It is sent once to a connection, on which nothing gets lost: whoever
/// receives slowly asks again in vain, and has one chunk at most in the queue to it.
struct ChunksUnderWay {
    struct Chunk: Equatable {
        let artifact: ArtifactID
        let offset: Int
        let peer: Peer
    }

    private var chunks: [WorkerID: (chunk: Chunk, askedAt: Timestamp)] = [:]

    /// - Returns: whether the chunk is to be read and sent.
    mutating func begin(_ chunk: Chunk, to worker: WorkerID, at now: Timestamp) -> Bool {
        if let last = chunks[worker], last.chunk == chunk, now.milliseconds(since: last.askedAt) < giveUpMilliseconds {
            return false
        }
        chunks[worker] = (chunk, now)
        return true
    }

    mutating func forget(_ worker: WorkerID) { chunks[worker] = nil }
}

/// After so long even a chunk that the worker has thrown away, as one that came damaged, is sent again.
private let giveUpMilliseconds: Int64 = 60_000
