import CKernels
import Numerics

/// Rows of hidden states, and whose they are: what dropout needs to know.
struct RowSet {
    let count: Int
    /// [count], the example each row belongs to.
    let examples: UnsafePointer<UInt32>
    /// [count], the row's place in its example.
    let places: UnsafePointer<UInt32>
}

/// Which tokens of a batch a layer computes: the head looks at first tokens only, so the last layer needs no others.
enum TokenSelection {
    case all, first
}

/// A packed batch as the layers see it; its memory grows and is used again.
final class BatchLayout {
    private(set) var tokenCount = 0
    private(set) var exampleCount = 0
    /// Keys and values in front of each sequence's own.
    private(set) var prefixLength = 0
    /// Numbers in the attention probabilities that one layer keeps, all heads together.
    private(set) var probabilityCount = 0

    private let tokenBuffer = AlignedBuffer<Int32>()
    private let typeBuffer = AlignedBuffer<Int32>()
    private let placeBuffer = AlignedBuffer<UInt32>()
    private let tokenExampleBuffer = AlignedBuffer<UInt32>()
    private let exampleBuffer = AlignedBuffer<UInt32>()
    private let firstPlaceBuffer = AlignedBuffer<UInt32>()
    private let offsetBuffer = AlignedBuffer<Int>()
    private let probabilityOffsetBuffer = AlignedBuffer<Int>()

    var tokens: UnsafePointer<Int32> { UnsafePointer(tokenBuffer.start) }
    var types: UnsafePointer<Int32> { UnsafePointer(typeBuffer.start) }
    /// [B + 1], where sequences begin.
    var offsets: UnsafePointer<Int> { UnsafePointer(offsetBuffer.start) }
    /// [B], where the probabilities of a sequence begin that are kept.
    var probabilityOffsets: UnsafePointer<Int> { UnsafePointer(probabilityOffsetBuffer.start) }

    /// [T], each token's place in its sequence.
    var signedPlaces: UnsafePointer<Int32> {
        // Places are far below 2^31: the same bits are the same numbers.
        UnsafeRawPointer(placeBuffer.start).assumingMemoryBound(to: Int32.self)
    }

    func rows(_ selection: TokenSelection) -> RowSet {
        switch selection {
        case .all: RowSet(count: tokenCount, examples: tokenExampleBuffer.start, places: placeBuffer.start)
        case .first: RowSet(count: exampleCount, examples: exampleBuffer.start, places: firstPlaceBuffer.start)
        }
    }

    /// Keys of all sequences together.
    var keyCount: Int { tokenCount + exampleCount * prefixLength }

    /// Queries and keys that meet, in one head.
    func pairCount(_ selection: TokenSelection) -> Int {
        guard selection == .all else { return keyCount }
        return (0..<exampleCount).reduce(0) { $0 + (offsets[$1 + 1] - offsets[$1]) * keys(of: $1).count }
    }

    /// What a sequence attends to: the prefix, then its own tokens.
    func keys(of sequence: Int) -> Range<Int> {
        offsets[sequence] + sequence * prefixLength..<offsets[sequence + 1] + (sequence + 1) * prefixLength
    }

    func set(_ batch: PackedBatch, _ configuration: EncoderConfiguration, prefixLength: Int) {
        (tokenCount, exampleCount) = (batch.tokenCount, batch.exampleCount)
        self.prefixLength = prefixLength
        for buffer in [tokenBuffer, typeBuffer] { buffer.reserve(tokenCount) }
        for buffer in [placeBuffer, tokenExampleBuffer] { buffer.reserve(tokenCount) }
        for buffer in [exampleBuffer, firstPlaceBuffer] { buffer.reserve(exampleCount) }
        offsetBuffer.reserve(exampleCount + 1)
        probabilityOffsetBuffer.reserve(exampleCount)
        _ = tokenBuffer.values.update(from: batch.tokens)
        setTypes(batch, configuration)
        _ = offsetBuffer.values.update(from: batch.offsets)
        _ = exampleBuffer.values.update(from: batch.examples)
        probabilityCount = 0
        for sequence in 0..<exampleCount { place(sequence, of: batch, configuration) }
    }

    /// A model with one type has the same for all tokens, whatever the tokenizer says.
    private func setTypes(_ batch: PackedBatch, _ configuration: EncoderConfiguration) {
        if configuration.types == 1 {
            typeBuffer.values.update(repeating: 0)
        } else {
            precondition(batch.types.allSatisfy { 0 <= $0 && $0 < Int32(configuration.types) })
            _ = typeBuffer.values.update(from: batch.types)
        }
    }

    private func place(_ sequence: Int, of batch: PackedBatch, _ configuration: EncoderConfiguration) {
        let range = batch.offsets[sequence]..<batch.offsets[sequence + 1]
        precondition(range.count <= configuration.longestSequence, "a sequence of \(range.count) tokens")
        for token in range {
            precondition(0 <= batch.tokens[token] && batch.tokens[token] < Int32(configuration.vocabulary))
            placeBuffer.start[token] = UInt32(token - range.lowerBound)
            tokenExampleBuffer.start[token] = batch.examples[sequence]
        }
        firstPlaceBuffer.start[sequence] = 0
        probabilityOffsetBuffer.start[sequence] = probabilityCount
        probabilityCount += configuration.heads * attention_kept(range.count, prefixLength + range.count)
    }
}
