/// The ranks that train one stage together. A collective call is made by every rank, in the same order; all calls come
/// from the main thread. A group of one rank makes the same calls, so that training has one path.
package protocol Communicator: AnyObject {
    /// This process's number, from 0.
    var rank: Int { get }
    var size: Int { get }
    /// The first call that failed. After it the ranks have lost each other: every call fails, and the process is to end.
    var failure: MPIError? { get }

    /// Begins to replace every rank's values by their sum over the ranks, which goes on while the caller does other work
    /// and calls `progressSums` now and then. Each entry is added in rank order and in single precision, so that all ranks
    /// hold equal bits, whatever algorithm the MPI library uses and wherever the caller cuts its buffers.
    ///
    /// Ranks begin the same sums in the same order, and make no other call of all ranks before `finishSums`: so many may
    /// be under way that it waits for one of them to be done. A failure is kept for `finishSums`.
    /// - Parameters:
    ///   - values: final; not to be touched before `finishSums`.
    ///   - format: what every rank's values are rounded to before they are added, and their sum afterwards.
    func beginSum(_ values: UnsafeMutableBufferPointer<Float>, as format: WireFormat)

    /// Lets the sums that were begun go on, without waiting for anybody.
    func progressSums()

    /// Waits for all sums that were begun.
    func finishSums() throws(MPIError)

    /// The sums over the ranks, added in rank order; equal bits on all ranks.
    func sum(_ values: [Double]) throws(MPIError) -> [Double]

    /// - Parameter bytes: what `root` sends; ignored on the other ranks.
    /// - Returns: the root's bytes, on every rank.
    func broadcast(_ bytes: [UInt8], from root: Int) throws(MPIError) -> [UInt8]

    /// - Returns: the bytes of each rank, in rank order, on every rank.
    func gather(_ bytes: [UInt8]) throws(MPIError) -> [[UInt8]]

    func barrier() throws(MPIError)

    /// Sends from rank 0 what the other ranks wait for in `waitForCommand`.
    func sendCommand(_ bytes: [UInt8]) throws(MPIError)

    /// Waits on a rank other than 0 for the next command. Between looks it sleeps, where MPI's own waits would spin:
    /// idle ranks leave their cores to others.
    func waitForCommand() throws(MPIError) -> [UInt8]
}

/// What numbers are sent as.
package enum WireFormat: String, Codable, Sendable {
    case fp32
    /// Half the bytes, rounded to the nearest and to even between two.
    case bf16

    /// Bytes of a number.
    package var width: Int { self == .fp32 ? 4 : 2 }
}

extension Communicator {
    /// Replaces every rank's values by their sum over the ranks, as `beginSum` has it.
    package func sum(_ values: UnsafeMutableBufferPointer<Float>) throws(MPIError) {
        beginSum(values, as: .fp32)
        try finishSums()
    }

    /// Whether all ranks hold the same bytes; the same answer on every rank.
    package func allEqual(_ bytes: [UInt8]) throws(MPIError) -> Bool {
        let all = try gather(bytes)
        return all.allSatisfy { $0 == all[0] }
    }
}

/// One process alone, without MPI.
package final class SoloCommunicator: Communicator {
    package let rank = 0
    package let size = 1
    package let failure: MPIError? = nil

    package init() {}

    /// Nothing is sent, and so nothing rounded.
    package func beginSum(_ values: UnsafeMutableBufferPointer<Float>, as format: WireFormat) {}
    package func progressSums() {}
    package func finishSums() {}
    package func sum(_ values: [Double]) -> [Double] { values }
    package func broadcast(_ bytes: [UInt8], from root: Int) -> [UInt8] { bytes }
    package func gather(_ bytes: [UInt8]) -> [[UInt8]] { [bytes] }
    package func barrier() {}
    package func sendCommand(_ bytes: [UInt8]) {}

    package func waitForCommand() -> [UInt8] {
        preconditionFailure("rank 0 gives the commands, and there is no other rank")
    }
}
