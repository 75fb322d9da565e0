import CKernels
import COpenBLAS
import Foundation

/// The fewest items worth handing to a thread, by what an item is: with fewer, waking it takes longer than the work. No
/// result depends on them.
package enum Grain {
    /// Numbers that something is computed of.
    package static let entries = 4096
    /// Numbers that are only copied, added or set to 0, as fast as memory goes.
    package static let movedEntries = 65_536
    /// Rows of hidden states, of some hundred numbers each.
    package static let rows = 8
    /// Rows of the word embedding, most of which are passed over.
    package static let sparseRows = 64
    /// Columns that are summed over all rows: so many that no two threads write to one line of the cache, and as many as
    /// the kernels sum side by side.
    package static let columns = 64
    /// Sequences' heads of attention, or blocks of the arena: some thousand numbers each.
    package static let blocks = 4
}

/// What OpenBLAS takes for each thread that calls it, once. Where the system refuses it, the library asks again for ever.
private let blasBufferBytes = 128 << 20

/// Whether so much may be allocated.
private func canReserve(_ byteCount: Int) -> Bool {
    let place = mmap(nil, byteCount, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
    guard let place, place != MAP_FAILED else { return false }
    munmap(place, byteCount)
    return true
}

/// The threads of this process and what they compute together.
///
/// No result depends on the number of threads: items are independent of each other, and a matrix product is split over
/// rows or columns of its result, never over the dimension that is summed, while OpenBLAS and oneDNN themselves are held
/// at one thread.
///
/// Not to be used by two threads at once.
package final class Compute {
    package let threads: Int
    /// Whether oneDNN multiplies bfloat16: where the processor has a unit for it that our kernels do not use.
    package var usesOneDNN = Compute.prefersOneDNN
    package static let prefersOneDNN = OneDNN.bfloatUnit == .amx
    let oneDNNProducts = OneDNNProducts()
    /// Who is told what the time goes to; nil, as a rule, for nobody.
    package var clock: PhaseClock?
    private let pool: OpaquePointer

    /// - Parameter threads: at least 1; fewer are used where the system grants no more.
    package init(threads: Int) {
        var threads = max(1, threads)
        while threads > 1, !canReserve(threads * blasBufferBytes) { threads -= 1 }
        guard Self.isPossible else { fatalError("out of memory: \(Self.lack)") }
        var pool = kernel_pool_create(threads)
        while pool == nil, threads > 1 {
            threads -= 1
            pool = kernel_pool_create(threads)
        }
        guard let pool else { fatalError("out of memory: no pool of threads") }
        self.threads = threads
        self.pool = pool
        openblas_set_num_threads(1)
    }

    deinit { kernel_pool_destroy(pool) }

    /// Whether the system has the memory that one thread computes in.
    package static var isPossible: Bool { canReserve(blasBufferBytes) }

    /// What it has not, then.
    package static let lack = "the system refuses the \(blasBufferBytes >> 20) MiB that OpenBLAS computes in"

    /// Calls `body` for ranges that together cover `0 ..< count`, several at a time, and returns when all are done.
    ///
    /// - Parameters:
    ///   - grain: the fewest items worth a call of their own; see `Grain`.
    ///   - body: runs on all threads at once; calls write to places of their own.
    package func forEach(_ count: Int, grain: Int = 1, _ body: (Range<Int>) -> Void) {
        guard threads > 1, count > grain else {
            if count > 0 { body(0..<count) }
            return
        }
        // Several portions for each thread, so that one which is held up leaves its share to the others.
        let portion = max(grain, (count + threads * 4 - 1) / (threads * 4))
        forEachPortion(of: portion, upTo: count, body)
    }

    func forEachPortion(of portion: Int, upTo count: Int, _ body: (Range<Int>) -> Void) {
        guard let clock else { return hand(out: portion, upTo: count, body) }
        clock.round(threads: count > portion ? threads : 1) {
            hand(out: portion, upTo: count) { range in clock.work { body(range) } }
        }
    }

    private func hand(out portion: Int, upTo count: Int, _ body: (Range<Int>) -> Void) {
        withoutActuallyEscaping(body) { body in
            var call = body
            withUnsafeMutablePointer(to: &call) { context in
                // The pool returns only when the last thread is done with the context.
                kernel_pool_for_each(
                    pool, count, portion,
                    { context, begin, end in
                        context?.assumingMemoryBound(to: ((Range<Int>) -> Void).self).pointee(begin..<end)
                    }, context)
            }
        }
    }
}
