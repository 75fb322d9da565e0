import CKernels
import CMPI

/// The sum of a bucket over the ranks while it is under way: a reduce-scatter of our own, then an allgather.
///
/// Rank r is given everyone's r-th piece, adds the pieces in rank order and hands the sum to all. Every rank receives the
/// same bytes, and no entry's order of addition depends on where pieces or buckets are cut. Its methods return MPI's codes.
final class BucketSum {
    enum Phase: Comparable {
        case scattering, added, gathering, done
    }

    private(set) var phase = Phase.scattering
    let scratch: ScratchMemory
    private let values: UnsafeMutableBufferPointer<Float>
    private let format: WireFormat
    private let rank: Int
    private let pieces: Pieces
    private var request = cmpi_request()

    init(
        _ values: UnsafeMutableBufferPointer<Float>, _ format: WireFormat, rank: Int, of ranks: Int,
        in scratch: ScratchMemory
    ) {
        self.values = values
        self.format = format
        self.rank = rank
        self.scratch = scratch
        pieces = Pieces(of: values.count, for: rank, of: ranks)
        scratch.reserve((pieces.receivedCount + (format == .fp32 ? 0 : values.count)) * format.width)
    }

    func beginScatter() -> Int32 {
        if format == .bf16 { round_to_bfloat(values.count, values.baseAddress, rounded) }
        return cmpi_start_scatter(
            sent, Int32(format.width), pieces.counts, pieces.offsets, received, pieces.receivedCounts,
            pieces.receivedOffsets, &request)
    }

    /// Once everyone's pieces are there, adds them.
    func testScatter() -> Int32 {
        let (code, isDone) = test()
        guard isDone else { return code }
        let (ranks, count, offset) = (pieces.ranks, pieces.count(of: rank), pieces.offset(of: rank))
        guard let sum = values.baseAddress.map({ $0 + offset }) else { return code }
        switch format {
        case .fp32: sum_pieces(ranks, count, received.assumingMemoryBound(to: Float.self), sum)
        case .bf16:
            sum_bfloat_pieces(ranks, count, received.assumingMemoryBound(to: UInt16.self), sum)
            round_to_bfloat(count, sum, rounded + offset)
        }
        phase = .added
        return code
    }

    func beginGather() -> Int32 {
        phase = .gathering
        return cmpi_start_gather(sent, Int32(format.width), pieces.counts, pieces.offsets, &request)
    }

    func testGather() -> Int32 {
        let (code, isDone) = test()
        guard isDone else { return code }
        // The own piece, too: all ranks end with equal bits.
        if format == .bf16 { widen_bfloat(values.count, rounded, values.baseAddress) }
        phase = .done
        return code
    }

    private func test() -> (code: Int32, isDone: Bool) {
        var isDone: Int32 = 0
        let code = cmpi_test(&request, &isDone)
        return (code, code == 0 && isDone != 0)
    }

    private var received: UnsafeMutableRawPointer { scratch.start }
    /// Behind what is received.
    private var rounded: UnsafeMutablePointer<UInt16> {
        (received + pieces.receivedCount * format.width).assumingMemoryBound(to: UInt16.self)
    }
    private var sent: UnsafeMutableRawPointer { format == .fp32 ? .init(values.baseAddress!) : .init(rounded) }
}

/// Memory that grows and moves only when it is reserved.
final class ScratchMemory {
    private(set) var start = UnsafeMutableRawPointer.allocate(byteCount: 0, alignment: 64)
    private var byteCount = 0

    func reserve(_ byteCount: Int) {
        guard self.byteCount < byteCount else { return }
        start.deallocate()
        start = .allocate(byteCount: byteCount, alignment: 64)
        self.byteCount = byteCount
    }

    deinit { start.deallocate() }
}

/// How a bucket is cut into one piece a rank: equal ones, the first of them longer by one where it does not come out
/// even. MPI reads the lists for as long as a call goes on.
private final class Pieces {
    let ranks: Int
    private let numbers: UnsafeMutablePointer<Int32>

    init(of count: Int, for rank: Int, of ranks: Int) {
        self.ranks = ranks
        numbers = .allocate(capacity: 4 * ranks)
        var offset = 0
        for other in 0..<ranks {
            let length = count / ranks + (other < count % ranks ? 1 : 0)
            numbers[other] = Int32(length)
            numbers[ranks + other] = Int32(offset)
            offset += length
        }
        for other in 0..<ranks {
            numbers[2 * ranks + other] = numbers[rank]
            numbers[3 * ranks + other] = Int32(other) * numbers[rank]
        }
    }

    deinit { numbers.deallocate() }

    var counts: UnsafePointer<Int32> { .init(numbers) }
    var offsets: UnsafePointer<Int32> { .init(numbers + ranks) }
    var receivedCounts: UnsafePointer<Int32> { .init(numbers + 2 * ranks) }
    var receivedOffsets: UnsafePointer<Int32> { .init(numbers + 3 * ranks) }

    func count(of rank: Int) -> Int { Int(counts[rank]) }
    func offset(of rank: Int) -> Int { Int(offsets[rank]) }
    /// Numbers from all ranks together.
    var receivedCount: Int { ranks * Int(receivedCounts[0]) }
}
