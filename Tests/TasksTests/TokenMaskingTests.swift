import Experiments
import Tasks
import TestKit
import Testing
import Tokenizers

struct TokenMaskingTests {
    private let tokenizer: any Tokenizer
    private let masking: TokenMasking
    private let mask: Int32 = 3

    init() throws {
        let words = ["[UNK]", "[CLS]", "[SEP]", "[MASK]"] + (0..<400).map { "w\($0)" }
        let folder = try TemporaryFolder(["vocab.txt": Array(words.joined(separator: "\n").utf8)])
        tokenizer = try loadTokenizer(directory: folder.path)
        masking = try TokenMasking(tokenizer)
    }

    private func block(_ number: Int, _ count: Int) -> EncodedExample {
        let ids = (0..<count).map { Int32(4 + (number * 31 + $0 * 7) % 400) }
        return EncodedExample(
            [EncodedSequence(tokenizer.frame.around(ids).sequence, readout: .tokens([]))], labels: [])
    }

    private func places(_ example: EncodedExample) -> [Int] {
        guard case .tokens(let places) = example.sequences[0].readout else { return [] }
        return places
    }

    /// The counts of 300 blocks of 100 tokens lie within four deviations of what is expected.
    @Test func `of 15 percent of the tokens 8 in 10 are hidden, 1 is replaced and 1 is left`() {
        let blocks = (0..<300).map { block($0, 100) }
        var (hidden, replaced, left) = (0.0, 0.0, 0.0)
        for (before, after) in zip(blocks, masking.tested(blocks, file: 0)) {
            let (old, new) = (before.sequences[0].tokens.ids, after.sequences[0].tokens.ids)
            let places = places(after)
            #expect(places.count == 15 && after.labels == places.map { .category(Int(old[$0])) })
            for place in old.indices where !places.contains(place) { #expect(old[place] == new[place]) }
            for place in places {
                if new[place] == mask {
                    hidden += 1
                } else if new[place] == old[place] {
                    left += 1
                } else {
                    replaced += 1
                }
            }
        }
        #expect(abs(hidden / 4500 - 0.8) < 0.024)
        #expect(abs(replaced / 4500 - 0.1) < 0.018)
        #expect(abs(left / 4500 - 0.1) < 0.018)
    }

    @Test func `what is hidden is a function of seed, step and example, and never a special token`() {
        let tested = masking.tested([block(0, 60)], file: 0)[0]
        let trained = { (seed: UInt64, step: Int, example: Int) in
            masking.trained(tested, seed: seed, step: step, example: example)
        }
        #expect(trained(1, 2, 3) == trained(1, 2, 3))
        #expect(
            Set([trained(1, 2, 3), trained(2, 2, 3), trained(1, 3, 3), trained(1, 2, 4), tested].map(places)).count == 5
        )
        for step in 0..<200 {
            let example = trained(1, step, 0)
            #expect(example.labels.count == 9)
            #expect(!places(example).contains(0) && !places(example).contains(61))
        }
        #expect(masking.tested([block(0, 60)], file: 1)[0] != tested)
    }

    @Test func `a block is whole again before other tokens are hidden`() {
        let whole = block(5, 40).sequences[0].tokens.ids
        let example = masking.trained(masking.tested([block(5, 40)], file: 0)[0], seed: 1, step: 0, example: 0)
        var ids = example.sequences[0].tokens.ids
        for (place, label) in zip(places(example), example.labels) { ids[place] = Int32(label.category) }
        #expect(ids == whole)
    }

    @Test(arguments: [1, 3]) func `a short block has one hidden token`(count: Int) {
        #expect(masking.tested([block(0, count)], file: 0)[0].labels.count == 1)
    }

    @Test func `a tokenizer without a mask is refused`() throws {
        let folder = try TemporaryFolder(["vocab.txt": Array("[UNK]\n[CLS]\n[SEP]\na".utf8)])
        let tokenizer = try loadTokenizer(directory: folder.path)
        let error = #expect(throws: TokenizerError.self) { try TokenMasking(tokenizer) }
        #expect(error?.description.hasPrefix("the tokenizer has no mask token") == true)
    }
}
