/// Sequences one after the other, without padding: [T] tokens of B examples.
package struct PackedBatch: Sendable {
    /// [T], each below the vocabulary.
    package private(set) var tokens: [Int32] = []
    /// [T], which text of a pair a token belongs to.
    package private(set) var types: [Int32] = []
    /// [B + 1], where the sequences begin; the last is T.
    package private(set) var offsets: [Int] = [0]
    /// [B], who the examples are: dropout is a function of this number, never of the place in a batch.
    package private(set) var examples: [UInt32] = []

    package init() {}

    /// - Parameters:
    ///   - ids: at least one token, at most as many as the model has positions.
    ///   - types: as many, or none for all 0.
    package mutating func append(ids: [Int32], types: [Int32] = [], example: Int) {
        precondition(!ids.isEmpty && (types.isEmpty || types.count == ids.count))
        tokens.append(contentsOf: ids)
        self.types.append(contentsOf: types.isEmpty ? [Int32](repeating: 0, count: ids.count) : types)
        offsets.append(tokens.count)
        examples.append(UInt32(truncatingIfNeeded: example))
    }

    package mutating func removeAll() {
        tokens.removeAll(keepingCapacity: true)
        types.removeAll(keepingCapacity: true)
        examples.removeAll(keepingCapacity: true)
        offsets.removeAll(keepingCapacity: true)
        offsets.append(0)
    }

    /// T
    package var tokenCount: Int { tokens.count }
    /// B
    package var exampleCount: Int { examples.count }
}
