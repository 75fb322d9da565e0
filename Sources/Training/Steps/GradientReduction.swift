import Collectives
import Encoders

/// Sums the arena's gradients over the ranks, in buckets whose borders depend on nothing but the arena: from its end, where
/// the backward pass begins, which goes on while they are under way.
///
/// Only those rows of the word embedding are sent that some rank touched: a batch has a few hundred of thirty thousand.
final class GradientReduction {
    private let arena: Arena
    private let communicator: any Communicator
    private let format: WireFormat
    private let bucketCount: Int
    /// Where each place of the parameter table begins in the arena.
    private let starts: [(place: Parameter.Place, start: Int)]
    /// Where those entries begin of which every backward pass has the gradients in the arena.
    private let firstPassed: Int
    /// Where the sums begin that were begun in this step.
    private var end: Int

    /// - Parameters:
    ///   - format: what gradients are sent as.
    ///   - bucketCount: entries of a bucket; changes no bit.
    init(
        _ store: ParameterStore, _ communicator: any Communicator, as format: WireFormat, bucketCount: Int
    ) {
        arena = store.arena
        self.communicator = communicator
        self.format = format
        self.bucketCount = bucketCount
        starts = arena.segments.map { (store.table.parameters[$0.parameter].place, $0.range.lowerBound) }
        let lastCollected = arena.segments.last { $0.entries != nil }
        firstPassed = max(arena.denseStart, lastCollected?.range.upperBound ?? 0)
        end = arena.count
    }

    /// Begins the sums of whole buckets, and lets those go on that were begun before. To be called when from this place on in
    /// the parameter table no gradient changes any more. A rank may leave a call out, as one without examples does: the next
    /// one, or `finish`, begins the same sums in the same order.
    func begin(from place: Parameter.Place) {
        guard communicator.size > 1 else { return }
        let start = starts.first { $0.place >= place }?.start ?? arena.count
        begin(downTo: max(start, firstPassed), least: bucketCount)
        communicator.progressSums()
    }

    /// Every rank holds equal gradients afterwards.
    /// - Returns: the bytes of gradients that each rank gave.
    func finish() throws -> Int {
        guard communicator.size > 1 else { return 0 }
        begin(downTo: arena.denseStart, least: 1)
        try communicator.finishSums()
        end = arena.count
        let touched = try arena.rows.map(sumTouched) ?? 0
        return (arena.count - arena.denseStart + touched) * format.width
    }

    /// - Parameter least: entries for which a bucket is begun.
    private func begin(downTo border: Int, least: Int) {
        while end - border >= least {
            let start = max(border, end - bucketCount)
            communicator.beginSum(UnsafeMutableBufferPointer(rebasing: arena.gradients[start..<end]), as: format)
            end = start
        }
    }

    /// - Returns: how many entries there were to sum.
    private func sumTouched(_ rows: SparseRows) throws -> Int {
        for touched in try communicator.gather([UInt8](rows.touched)) {
            for row in touched.indices where touched[row] != 0 { rows.touched[row] = 1 }
        }
        let union = rows.touched.indices.filter { rows.touched[$0] != 0 }
        var compact = union.flatMap { arena.gradients[rows.entries($0)] }
        try compact.withUnsafeMutableBufferPointer {
            communicator.beginSum($0, as: format)
            try communicator.finishSums()
        }
        for (place, row) in union.enumerated() {
            let sums = compact[place * rows.width..<(place + 1) * rows.width]
            _ = UnsafeMutableBufferPointer(rebasing: arena.gradients[rows.entries(row)]).update(fromContentsOf: sums)
        }
        return compact.count
    }
}
