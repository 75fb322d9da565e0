import Numerics

/// The parameters that are trained, each of their four quantities in one block of memory, in the order of the parameter
/// table and without gaps. Optimizer, reduction, checkpoint and comparison of replicas are passes over these blocks.
package final class Arena {
    package struct Segment: Sendable {
        /// Its index in the parameter table.
        package let parameter: Int
        /// Its entries in the arena: all of the parameter's, or the chosen ones.
        package let range: Range<Int>
        /// Which of the parameter's entries they are; nil for all.
        package let entries: [Int32]?
        /// Whether weight decay acts on it.
        package let decays: Bool
    }

    /// Entries of one pass: what a thread works on fits into its cache, and they are a multiple of the 64 random numbers
    /// that are drawn together. Blocks begin at the same entries with any number of threads, so sums over them have the
    /// same bits.
    package static let blockCount = 16_384

    package let segments: [Segment]
    package let count: Int
    /// The rows of the word embedding, if it moves. It is half of a small model, and a step touches few of its rows.
    package let rows: SparseRows?
    private let blocks: [FloatBuffer]
    /// Of squared gradients, by block and by row of the word embedding.
    let blockSums = AlignedBuffer<Double>()

    /// - Parameter parts: how each parameter of the table is trained.
    init(table: ParameterTable, parts: [TrainablePart]) {
        var segments: [Segment] = []
        var rows: SparseRows?
        var end = 0
        for (index, parameter) in table.parameters.enumerated() {
            let entries: [Int32]?
            switch parts[index] {
            case .fixed: continue
            case .whole: entries = nil
            case .entries(let chosen): entries = chosen
            }
            let range = end..<(end + (entries?.count ?? parameter.count))
            segments.append(Segment(parameter: index, range: range, entries: entries, decays: parameter.decays))
            if entries == nil, parameter.name == ParameterTable.wordEmbeddings {
                rows = SparseRows(range: range, width: parameter.shape[1])
            }
            end = range.upperBound
        }
        self.segments = segments
        self.rows = rows
        count = end
        blocks = (0..<4).map { [count] _ in FloatBuffer(count: count) }
    }

    package var values: UnsafeMutableBufferPointer<Float> { blocks[0].values }
    /// All 0 until a backward pass adds to them, and again after `update`.
    package var gradients: UnsafeMutableBufferPointer<Float> { blocks[1].values }
    package var firstMoments: UnsafeMutableBufferPointer<Float> { blocks[2].values }
    package var secondMoments: UnsafeMutableBufferPointer<Float> { blocks[3].values }
    /// A stage that gathers squared gradients takes no optimizer's step: their sums stand where moments would, and with
    /// them in the checkpoint.
    package var squareSums: UnsafeMutableBufferPointer<Float> { firstMoments }
    /// The part of the sums that this rank has gathered since they were last added up over the ranks.
    package var roundSums: UnsafeMutableBufferPointer<Float> { secondMoments }
}

/// Which rows of the word embedding have a gradient in this step, and which have moments.
///
/// Gradients of rows that are not `touched` are 0: whoever adds to the gradients of a row (the backward pass; the
/// reduction over ranks) marks it, and the norm, the reduction and the clearing leave the others out.
package final class SparseRows {
    /// The word embedding's entries in the arena.
    package let range: Range<Int>
    /// Entries of a row.
    package let width: Int
    /// For each row 1 if its gradient may differ from 0, else 0. Ranks reduce by taking the maximum.
    package let touched: UnsafeMutableBufferPointer<UInt8>
    /// For each row 1 if its moments may differ from 0, else 0.
    let active: UnsafeMutableBufferPointer<UInt8>

    init(range: Range<Int>, width: Int) {
        self.range = range
        self.width = width
        touched = .allocate(capacity: range.count / width)
        active = .allocate(capacity: range.count / width)
        touched.initialize(repeating: 0)
        active.initialize(repeating: 0)
    }

    deinit {
        touched.deallocate()
        active.deallocate()
    }

    package var count: Int { touched.count }

    /// Entries of the rows that have a gradient.
    var touchedCount: Int { width * touched.count { $0 != 0 } }

    /// Read and written by an optimizer's step: of rows without moments the values alone, which decay.
    var updateBytes: Int {
        let updated = (0..<count).count { touched[$0] | active[$0] != 0 }
        return width * (updated * 32 + (count - updated) * 8)
    }

    /// For whoever writes gradients without knowing which.
    package func touchAll() { touched.update(repeating: 1) }

    /// The entries of a row in the arena.
    package func entries(_ row: Int) -> Range<Int> {
        let start = range.lowerBound + row * width
        return start..<(start + width)
    }
}
