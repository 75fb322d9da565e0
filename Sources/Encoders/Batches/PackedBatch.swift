package import Experiments

/// Sequences one after the other, without padding: [T] tokens of B sequences.
package struct PackedBatch: Sendable {
    /// [T], each below the vocabulary.
    package private(set) var tokens: [Int32] = []
    /// [T], which text of a pair a token belongs to.
    package private(set) var types: [Int32] = []
    /// [B + 1], where the sequences begin; the last is T.
    package private(set) var offsets: [Int] = [0]
    /// [B], who the sequences are: dropout is a function of this number, never of the place in a batch.
    package private(set) var examples: [UInt32] = []
    /// The rows of the head, R in all.
    package private(set) var headRows = HeadRows()
    /// [R], the token that leads each of those rows.
    private(set) var leadingTokens: [Int] = []
    /// [R] where rows hold spans, else empty: the tokens of the two spans.
    private(set) var spans: [(Range<Int>, Range<Int>)] = []

    package init() {}

    /// - Parameters:
    ///   - ids: at least one token, at most as many as the model has positions.
    ///   - types: as many, or none for all 0.
    ///   - part: of the example, where it has several sequences.
    ///   - readout: of one form in all sequences of a batch.
    package mutating func append(
        ids: [Int32], types: [Int32] = [], example: Int, part: Int = 0, readout: Readout = .first
    ) {
        precondition(!ids.isEmpty && (types.isEmpty || types.count == ids.count))
        let start = tokens.count
        tokens.append(contentsOf: ids)
        self.types.append(contentsOf: types.isEmpty ? [Int32](repeating: 0, count: ids.count) : types)
        offsets.append(tokens.count)
        examples.append(HeadRows.number(example: example, part: part))
        headRows.append(readout, example: example, part: part)
        switch readout {
        case .first: leadingTokens.append(start)
        case .tokens(let places): leadingTokens += places.map { start + $0 }
        case .spans(let first, let second):
            precondition(!first.isEmpty && !second.isEmpty)
            leadingTokens.append(start)
            spans.append((first.shifted(by: start), second.shifted(by: start)))
        }
    }

    /// T
    package var tokenCount: Int { tokens.count }
    /// B
    package var exampleCount: Int { examples.count }
}

/// Whose rows the head sees, which decides their dropout: [R] each.
package struct HeadRows: Sendable {
    package private(set) var examples: [UInt32] = []
    /// The place of the leading token within its sequence.
    package private(set) var places: [UInt32] = []

    package init() {}

    package var count: Int { examples.count }

    package mutating func append(_ readout: Readout, example: Int, part: Int = 0) {
        let number = Self.number(example: example, part: part)
        switch readout {
        case .first, .spans:
            examples.append(number)
            places.append(0)
        case .tokens(let tokens):
            examples += tokens.map { _ in number }
            places += tokens.map { UInt32($0) }
        }
    }

    /// Tells sequences apart, also those of one example.
    static func number(example: Int, part: Int) -> UInt32 {
        UInt32(truncatingIfNeeded: example) ^ UInt32(truncatingIfNeeded: part) << 24
    }
}

extension Range<Int> {
    fileprivate func shifted(by offset: Int) -> Range<Int> { lowerBound + offset..<upperBound + offset }
}
