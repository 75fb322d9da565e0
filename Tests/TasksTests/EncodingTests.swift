import Experiments
import Files
import Foundation
import Tasks
import TestKit
import Testing
import Tokenizers

struct EncodingTests {
    private let tokenizer: any Tokenizer

    init() throws {
        let words = "[UNK]\n[CLS]\n[SEP]\n[MASK]\na\nb\n##b\n##c\n."
        let folder = try TemporaryFolder(["vocab.txt": Array(words.utf8)])
        tokenizer = try loadTokenizer(directory: folder.path)
    }

    private func encode(
        _ examples: [Example], kind: TaskDefinition.Kind? = nil, maxLength: Int, truncation: Truncation = .longest,
        unknown: String? = nil, blocks: TextBlocks = .longest
    ) throws(TokenizerError) -> [EncodedExample] {
        try Encoding(
            definition(kind, unknown: unknown), with: tokenizer, maxLength: maxLength, truncation: truncation,
            blocks: blocks
        ).encode(examples)
    }

    private func definition(_ kind: TaskDefinition.Kind?, unknown: String? = nil) -> TaskDefinition {
        TaskDefinition(
            name: "test", train: "", dev: "", kind: kind, format: .tsv, text: .name("text"), label: nil, labels: nil,
            unknown: unknown, metrics: [])
    }

    private func sequence(_ ids: [Int32], types: [Int32]? = nil, _ readout: Readout = .first) -> EncodedSequence {
        EncodedSequence(TokenSequence(ids: ids, types: types ?? ids.map { _ in 0 }), readout: readout)
    }

    @Test func `examples become tokens in their order, with their labels`() throws {
        let examples = [
            Example(text: "a a a", pair: "b", label: .category(1)), Example(text: "b", pair: "a", label: .value(0.5)),
        ]
        let types: [Int32] = [0, 0, 0, 1, 1]
        #expect(
            try encode(examples, maxLength: 5) == [
                EncodedExample([sequence([1, 4, 2, 5, 2], types: types)], labels: [.category(1)]),
                EncodedExample([sequence([1, 5, 2, 4, 2], types: types)], labels: [.value(0.5)]),
            ])
    }

    @Test func `an example that cannot be cut is an error`() throws {
        let examples = [Example(text: "a", pair: "a a a", label: .category(0))]
        #expect(throws: TokenizerError.self) { try encode(examples, maxLength: 5, truncation: .first) }
    }

    @Test func `each choice is a sequence, and all have one label`() throws {
        let example = Example(.choices([TextPair("a"), TextPair("a", "b")]), labels: [.category(1)])
        #expect(
            try encode([example], kind: .choices, maxLength: 8) == [
                EncodedExample(
                    [sequence([1, 4, 2]), sequence([1, 4, 2, 5, 2], types: [0, 0, 0, 1, 1])], labels: [.category(1)])
            ])
    }

    @Test func `target words are found in both texts, after what comes before them`() throws {
        let example = Example(.targets(TextPair("a abc .", "bbc."), 2..<5, 0..<3), labels: [.category(0)])
        let expected = sequence(
            [1, 4, 4, 6, 7, 8, 2, 5, 6, 7, 8, 2], types: [0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1], .spans(2..<5, 7..<10))
        #expect(try encode([example], kind: .targetWords, maxLength: 12)[0].sequences == [expected])
    }

    @Test func `both target words may stand in one text, in any order`() throws {
        let example = Example(.targets(TextPair("abc a ."), 4..<5, 0..<3), labels: [.category(0)])
        let expected = sequence([1, 4, 6, 7, 4, 8, 2], .spans(4..<5, 1..<4))
        #expect(try encode([example], kind: .targetWords, maxLength: 12)[0].sequences == [expected])
    }

    @Test func `a target word that is cut away is an error`() throws {
        let example = Example(.targets(TextPair("a a a a", "b"), 6..<7, 0..<1), labels: [.category(0)])
        #expect(throws: TokenizerError.cutAway(word: "a", maxLength: 7)) {
            try encode([example], kind: .targetWords, maxLength: 7)
        }
    }

    @Test func `words are read out at their first tokens, and long sentences in parts`() throws {
        let labels = [0, 1, 0, 1, 0].map(Label.category)
        let example = Example(.words(["abc", "a", "bbbbb", "\u{1}", "b"]), labels: labels)
        let encoded = try encode([example], kind: .tags, maxLength: 6)
        #expect(
            encoded == [
                EncodedExample(
                    [
                        sequence([1, 4, 6, 7, 4, 2], .tokens([1, 4])), sequence([1, 5, 6, 6, 6, 2], .tokens([1])),
                        sequence([1, 0, 5, 2], .tokens([1, 2])),
                    ], labels: labels)
            ])
        #expect(encoded[0].rowCount == 5)
        #expect(encoded[0].tokenCount == 16)
    }

    @Test func `running text is cut into blocks of the whole length`() throws {
        let lines = [" a b ", " <unk> a", "b . a"].map { Example(.text(TextPair($0)), labels: []) }
        let blocks = try encode(lines, kind: .maskedLM, maxLength: 5, unknown: "<unk>")
        #expect(blocks.map { $0.sequences[0].tokens.ids } == [[1, 4, 5, 0, 2], [1, 4, 5, 8, 2], [1, 4, 2]])
    }

    @Test func `running text is cut at its lines, and where a line is too long`() throws {
        let lines = [" a b ", "a a a b", "b"].map { Example(.text(TextPair($0)), labels: []) }
        let blocks = try encode(lines, kind: .maskedLM, maxLength: 5, blocks: .lines)
        #expect(blocks.map { $0.sequences[0].tokens.ids } == [[1, 4, 5, 2], [1, 4, 4, 4, 2], [1, 5, 2], [1, 5, 2]])
    }

    @Test(arguments: TextBlocks.allCases, [3, 4, 5, 6, 20])
    func `a plan counts the blocks that running text becomes`(blocks: TextBlocks, maxLength: Int) throws {
        let lines = [" a b ", "a a a b", "b", "a b a b a b . a", "a ."].map { Example(.text(TextPair($0)), labels: []) }
        let text = try #require(definition(.maskedLM).runningText(of: lines, with: tokenizer))
        let cut = try encode(lines, kind: .maskedLM, maxLength: maxLength, blocks: blocks)
        #expect(text.blockCount(blocks, maxLength) == cut.count)
        var recipe = Recipe()
        (recipe.maxLength, recipe.blocks, recipe.batch, recipe.budget) = (maxLength, blocks, 1, .epochs(2))
        let task = PlannedTask(
            definition: definition(.maskedLM), content: Digest(of: [1]), trainCount: lines.count, text: text)
        #expect(recipe.steps(on: task) == 2 * cut.count)
        #expect(definition(nil).runningText(of: lines, with: tokenizer) == nil)
    }
}

/// Words of the real tasks under a real vocabulary.
@Suite(
    .enabled(if: Given.sharedData != nil, "\(Given.noSharedData)"),
    .enabled(if: Given.minilm != nil, "the MiniLM model is not here; scripts/fetch-minilm gets it"))
struct WholeTextTests {
    @Test func `a text with target words has the tokens that it has without`() throws {
        let wic = TaskDefinition(
            name: "wic", train: "wic/train/train.data.txt", dev: "wic/dev/dev.data.txt", kind: .targetWords,
            format: .wic, text: .name("text"), pair: .name("pair"), targets: [.name("index1"), .name("index2")],
            label: .name("label"), labels: ["F", "T"], metrics: [.accuracy])
        let tokenizer = try loadTokenizer(directory: #require(Given.minilm))
        let examples = try Dataset.load(wic, in: #require(Given.sharedData)).dev
        let encoded = try Encoding(wic, with: tokenizer, maxLength: 128, truncation: .longest).encode(examples)
        for (example, encoded) in zip(examples, encoded) {
            guard case .targets(let texts, let first, _) = example.content else { throw CocoaError(.coderReadCorrupt) }
            let tokens = encoded.sequences[0].tokens
            #expect(tokens == (try tokenizer.encode(texts.text, pair: texts.pair)))
            guard case .spans(let place, _) = encoded.sequences[0].readout else { throw CocoaError(.coderReadCorrupt) }
            let word = String(decoding: Array(texts.text.utf8)[first], as: UTF8.self)
            #expect(Array(tokens.ids[place]) == tokenizer.ids(of: word))
        }
    }
}
