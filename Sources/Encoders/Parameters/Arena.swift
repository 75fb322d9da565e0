import Numerics

/// The parameters that move, each of their four quantities in one block of memory, in the order of the parameter table
/// and without gaps. Optimizer, reduction, checkpoint and comparison of replicas are passes over these blocks.
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

    package let segments: [Segment]
    package let count: Int
    /// The rows of the word embedding, if it moves. It is half of a small model, and a step touches few of its rows.
    package let rows: SparseRows?
    private let blocks: [FloatBuffer]

    /// - Parameter movement: of each parameter of the table.
    init(table: ParameterTable, movement: [Movement]) {
        var segments: [Segment] = []
        var rows: SparseRows?
        var end = 0
        for (index, parameter) in table.parameters.enumerated() {
            let entries: [Int32]?
            switch movement[index] {
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
}
