import CMPI
import Foundation

/// The ranks of one mpirun. A process starts it once and finishes it once.
package final class MPICommunicator: Communicator {
    package let rank: Int
    package let size: Int
    package private(set) var failure: MPIError?
    /// Those under way, in the order in which they were begun.
    private var sums: [BucketSum] = []
    /// What sums that are done have left.
    private var scratch: [ScratchMemory] = []

    private init(rank: Int, size: Int) {
        self.rank = rank
        self.size = size
    }

    /// Initializes MPI. To be called on the main thread, before other threads start.
    package static func start() throws(MPIError) -> MPICommunicator {
        try demandSuccess(cmpi_initialize(), in: "MPI_Init_thread")
        var (rank, size): (Int32, Int32) = (0, 0)
        try demandSuccess(cmpi_rank(&rank), in: "MPI_Comm_rank")
        try demandSuccess(cmpi_size(&size), in: "MPI_Comm_size")
        return MPICommunicator(rank: Int(rank), size: Int(size))
    }

    /// Waits for all ranks and ends MPI; no call may follow.
    package func finish() throws(MPIError) { try check(cmpi_finalize(), in: "MPI_Finalize") }

    /// Makes one call, unless an earlier one has failed.
    private func check(_ call: @autoclosure () -> Int32, in name: String) throws(MPIError) {
        if let failure { throw failure }
        do throws(MPIError) {
            try demandSuccess(call(), in: name)
        } catch {
            failure = error
            throw error
        }
    }

    package func barrier() throws(MPIError) { try check(cmpi_barrier(), in: "MPI_Barrier") }

    // MARK: Sums

    package func beginSum(_ values: UnsafeMutableBufferPointer<Float>, as format: WireFormat) {
        guard size > 1 else { return }
        keepingFailure { () throws(MPIError) in
            for start in stride(from: 0, to: values.count, by: Buckets.count) {
                while sums.count == Buckets.mostAtOnce { try advanceSums() }
                let bucket = UnsafeMutableBufferPointer(
                    rebasing: values[start..<min(start + Buckets.count, values.count)])
                let sum = BucketSum(bucket, format, rank: rank, of: size, in: scratch.popLast() ?? .init())
                try check(sum.beginScatter(), in: "MPI_Ialltoallv")
                sums.append(sum)
            }
        }
    }

    package func progressSums() {
        keepingFailure { () throws(MPIError) in try advanceSums() }
    }

    package func finishSums() throws(MPIError) {
        if let failure { throw failure }
        while !sums.isEmpty { try advanceSums() }
    }

    /// Gathers begin in the order of the sums, as on all ranks, however the scatters before them came to their end.
    private func advanceSums() throws(MPIError) {
        var mayGather = true
        for sum in sums {
            if sum.phase == .scattering { try check(sum.testScatter(), in: "MPI_Test") }
            if sum.phase == .added, mayGather { try check(sum.beginGather(), in: "MPI_Iallgatherv") }
            if sum.phase == .gathering { try check(sum.testGather(), in: "MPI_Test") }
            mayGather = mayGather && sum.phase > .added
        }
        while let first = sums.first, first.phase == .done {
            scratch.append(first.scratch)
            sums.removeFirst()
        }
    }

    /// What fails here fails every later call, too.
    private func keepingFailure(_ body: () throws(MPIError) -> Void) {
        guard failure == nil else { return }
        do throws(MPIError) { try body() } catch { failure = error }
    }

    package func sum(_ values: [Double]) throws(MPIError) -> [Double] {
        var sums = values
        for (other, bytes) in try gather(values.withUnsafeBytes { [UInt8]($0) }).enumerated() {
            guard bytes.count == values.count * MemoryLayout<Double>.size else {
                throw MPIError(call: "sum of doubles", reason: "rank \(other) gave another number of values")
            }
            bytes.withUnsafeBytes { raw in
                for (index, value) in raw.bindMemory(to: Double.self).enumerated() {
                    sums[index] = other == 0 ? value : sums[index] + value
                }
            }
        }
        return sums
    }

    // MARK: Bytes

    package func broadcast(_ bytes: [UInt8], from root: Int) throws(MPIError) -> [UInt8] {
        var count = UInt64(bytes.count)
        try check(
            cmpi_broadcast_bytes(&count, Int32(MemoryLayout<UInt64>.size), Int32(root)), in: "MPI_Bcast")
        return try broadcast(bytes, count: Int(count), from: root)
    }

    /// The part of a broadcast after its length is known to all.
    private func broadcast(_ bytes: [UInt8], count: Int, from root: Int) throws(MPIError) -> [UInt8] {
        var all = rank == root ? bytes : [UInt8](repeating: 0, count: count)
        var start = 0
        while start < count {
            let length = min(chunkBytes, count - start)
            let code = all.withUnsafeMutableBytes { raw in
                cmpi_broadcast_bytes(raw.baseAddress.map { $0 + start }, Int32(length), Int32(root))
            }
            try check(code, in: "MPI_Bcast")
            start += length
        }
        return all
    }

    package func gather(_ bytes: [UInt8]) throws(MPIError) -> [[UInt8]] {
        var mine = UInt64(bytes.count)
        var counts = [UInt64](repeating: 0, count: size)
        try check(
            cmpi_allgather_bytes(&mine, &counts, Int32(MemoryLayout<UInt64>.size)), in: "MPI_Allgather")
        if counts.allSatisfy({ $0 == mine }), bytes.count <= chunkBytes { return try gatherEqual(bytes) }
        var all: [[UInt8]] = []
        for (root, count) in counts.enumerated() {
            all.append(try broadcast(bytes, count: Int(count), from: root))
        }
        return all
    }

    /// One call for what is common: few bytes, as many from every rank.
    private func gatherEqual(_ bytes: [UInt8]) throws(MPIError) -> [[UInt8]] {
        var all = [UInt8](repeating: 0, count: bytes.count * size)
        try check(cmpi_allgather_bytes(bytes, &all, Int32(bytes.count)), in: "MPI_Allgather")
        return (0..<size).map { Array(all[$0 * bytes.count..<($0 + 1) * bytes.count]) }
    }

    // MARK: Commands

    package func sendCommand(_ bytes: [UInt8]) throws(MPIError) {
        _ = try patientBroadcast(bytes)
    }

    package func waitForCommand() throws(MPIError) -> [UInt8] { try patientBroadcast([]) }

    /// A broadcast from rank 0 in which ranks sleep, longer and longer, until its length has come.
    private func patientBroadcast(_ bytes: [UInt8]) throws(MPIError) -> [UInt8] {
        let header = UnsafeMutablePointer<UInt64>.allocate(capacity: 1)
        header.initialize(to: UInt64(bytes.count))
        defer { header.deallocate() }
        try check(cmpi_start_header(header), in: "MPI_Ibcast")
        var sleepMicroseconds: UInt32 = 1000
        var done: Int32 = 0
        while true {
            try check(cmpi_test_header(&done), in: "MPI_Test")
            if done != 0 { break }
            usleep(sleepMicroseconds)
            sleepMicroseconds = min(sleepMicroseconds * 2, longestSleepMicroseconds)
        }
        return try broadcast(bytes, count: Int(header.pointee), from: 0)
    }
}

/// The communicator that fits how the process was started: MPI under mpirun or srun, else one rank alone.
package enum Communicators {
    package static func start() throws(MPIError) -> any Communicator {
        MPIRun.isLauncher ? try MPICommunicator.start() : SoloCommunicator()
    }

    package static func finish(_ communicator: any Communicator) throws(MPIError) {
        if let communicator = communicator as? MPICommunicator { try communicator.finish() }
    }
}

/// Bytes of one MPI call, whose counts are 32-bit numbers.
private let chunkBytes = 1 << 24
private let longestSleepMicroseconds: UInt32 = 20_000
