import Encoders
import Tasks

extension PackedBatch {
    /// Examples with their numbers, side by side.
    init(_ examples: [(Int, EncodedExample)]) {
        self.init()
        for (number, example) in examples {
            for (part, sequence) in example.sequences.enumerated() {
                append(
                    ids: sequence.tokens.ids, types: sequence.tokens.types, example: number, part: part,
                    readout: sequence.readout)
            }
        }
    }
}

/// Cuts examples into runs of at most so many tokens (or one example): enough for full speed, little enough for memory.
package func packs(of examples: [Int], ofTokens limit: Int = 2048, lengths: (Int) -> Int) -> [Range<Int>] {
    var packs: [Range<Int>] = []
    var start = 0
    var tokens = 0
    for (place, example) in examples.enumerated() {
        let length = lengths(example)
        if place > start, tokens + length > limit {
            packs.append(start..<place)
            start = place
            tokens = 0
        }
        tokens += length
    }
    if start < examples.count { packs.append(start..<examples.count) }
    return packs
}

extension [EncodedExample] {
    /// What there is to predict in some of the examples.
    func labelCount(of examples: some Sequence<Int>) -> Int { examples.reduce(0) { $0 + self[$1].labels.count } }

    /// Some of the examples side by side.
    func batch(_ examples: ArraySlice<Int>) -> PackedBatch { PackedBatch(examples.map { ($0, self[$0]) }) }

    /// What `body` makes of some of the examples, pack by pack, as one list.
    func inPacks<Result>(_ examples: [Int], _ body: (ArraySlice<Int>) -> [Result]) -> [Result] {
        packs(of: examples, lengths: { self[$0].tokenCount }).flatMap { body(examples[$0]) }
    }
}

extension Model {
    /// What the head sees of some examples, [rows, featureWidth].
    func features(of examples: [Int], in data: [EncodedExample]) -> [Float] {
        data.inPacks(examples) { Array(features(data.batch($0))) }
    }
}
