import Experiments
import Numerics
package import Tokenizers

/// BERT's masked language model (Devlin et al. 2019, appendix A.1): of 15 % of a block's tokens, 80 % are replaced by the
/// mask, 10 % by a random token, and 10 % are left; all of them are to be guessed. Which they are is a function of seed,
/// step, example and position.
package struct TokenMasking: Sendable {
    private static let share = 0.15

    private let mask: Int32
    /// Never hidden.
    private let special: Set<Int32>
    private let vocabularyCount: Int

    package init(_ tokenizer: any Tokenizer) throws(TokenizerError) {
        guard let mask = tokenizer.maskToken else { throw .lacks(token: "mask token ([MASK] or <mask>)") }
        self.mask = mask
        vocabularyCount = tokenizer.vocabularyCount
        let framed = tokenizer.frame.around([]).sequence.ids
        special = Set(framed + [mask] + (tokenizer.unknownToken.map { [$0] } ?? []))
    }

    /// A block as it is read in one step of training.
    /// - Parameter block: as it came from `tested`.
    package func trained(_ block: EncodedExample, seed: UInt64, step: Int, example: Int) -> EncodedExample {
        hide(
            uncovered(block),
            CounterRandom(seed: seed, purpose: RandomPurpose.trainingMask, step: step, example: example))
    }

    /// The blocks of a file as they are scored, always with the same tokens hidden.
    package func tested(_ blocks: [EncodedExample], file: Int) -> [EncodedExample] {
        blocks.enumerated().map { example, block in
            hide(block, CounterRandom(seed: 0, purpose: RandomPurpose.testingMask, step: file, example: example))
        }
    }

    /// Hides as many tokens whatever the random numbers are: 15 % rounded, at least one.
    private func hide(_ block: EncodedExample, _ random: CounterRandom) -> EncodedExample {
        let tokens = block.sequences[0].tokens
        var ids = tokens.ids
        let length = ids.count
        var candidates = ids.indices.filter { !special.contains(ids[$0]) }
        if candidates.isEmpty { candidates = Array(ids.indices) }
        let count = max(1, Int((Self.share * Double(candidates.count)).rounded()))
        let drawn = candidates.map { (random.bits($0), $0) }.sorted { $0 < $1 }.prefix(count)
        let places = drawn.map(\.1).sorted()
        let labels = places.map { Label.category(Int(ids[$0])) }
        for place in places {
            switch random.uniform(length + place) {
            case ..<0.8: ids[place] = mask
            case ..<0.9: ids[place] = Int32(random.below(vocabularyCount, 2 * length + place))
            default: break
            }
        }
        return EncodedExample(
            [EncodedSequence(TokenSequence(ids: ids, types: tokens.types), readout: .tokens(places))], labels: labels)
    }

    /// The block with every token in its place again.
    private func uncovered(_ block: EncodedExample) -> EncodedExample {
        let sequence = block.sequences[0]
        guard case .tokens(let places) = sequence.readout else { return block }
        var ids = sequence.tokens.ids
        for (place, label) in zip(places, block.labels) { ids[place] = Int32(label.category) }
        return EncodedExample(
            [EncodedSequence(TokenSequence(ids: ids, types: sequence.tokens.types), readout: .tokens([]))], labels: [])
    }
}
