import Foundation
import TestKit
import Testing
import Tokenizers

/// Tokenizer files as broken disks and ill-meaning strangers leave them.
struct FuzzTests {
    private static let wordPiece = """
        {"added_tokens": [{"id": 9, "content": "<new>", "special": true, "normalized": false, "lstrip": true},
            {"id": 4, "content": "b", "single_word": true, "normalized": true}],
         "normalizer": {"type": "BertNormalizer", "lowercase": true, "strip_accents": null},
         "pre_tokenizer": {"type": "BertPreTokenizer"},
         "post_processor": {"type": "TemplateProcessing",
            "single": [{"SpecialToken": {"id": "[CLS]", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}],
            "pair": [{"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 1}}],
            "special_tokens": {"[CLS]": {"id": "[CLS]", "ids": [1], "tokens": ["[CLS]"]}}},
         "model": {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##",
            "max_input_chars_per_word": 100, "vocab": {"[UNK]": 0, "[CLS]": 1, "a": 2, "b": 3, "##a": 4, "é": 5}}}
        """

    private static let unigram = """
        {"added_tokens": [{"id": 0, "content": "<s>", "special": true}],
         "normalizer": {"type": "Sequence", "normalizers": [{"type": "Strip", "strip_left": false},
            {"type": "Replace", "pattern": {"Regex": " {2,}"}, "content": "▁"},
            {"type": "Replace", "pattern": {"String": "q"}, "content": "abc"}]},
         "pre_tokenizer": {"type": "Sequence", "pretokenizers": [{"type": "WhitespaceSplit"}, {"type": "Metaspace"}]},
         "post_processor": {"type": "RobertaProcessing", "sep": ["</s>", 2], "cls": ["<s>", 0]},
         "model": {"type": "Unigram", "unk_id": 3, "vocab": [["<s>", 0], ["<pad>", 0], ["</s>", 0], ["<unk>", 0],
            ["▁", -2], ["▁a", -2.5], ["▁ab", -2], ["c", -2], ["é", -1e3]]}}
        """

    private static let samples: [[String: String]] = [
        ["tokenizer.json": wordPiece], ["tokenizer.json": unigram], ByteLevelTests.files,
        [
            "vocab.txt": "[UNK]\n[CLS]\n[SEP]\na\r\n##a\né\n",
            "tokenizer_config.json": """
            {"do_lower_case": true, "cls_token": {"content": "[CLS]", "lstrip": false},
             "added_tokens_decoder": {"2": {"content": "[SEP]", "special": true}, "7": {"content": "x y"}}}
            """,
        ],
    ]

    private static let texts = [
        "", "a", " aab  é e\u{301}\u{316}", "<new> b<s>a</s>", "日本\u{0}\u{FFFD}\u{200D}",
        String(repeating: "ab", count: 99),
    ]

    @Test(arguments: 0..<UInt64(4))
    func `a mutated tokenizer makes tokens of its vocabulary, or is refused`(seed: UInt64) throws {
        let watchdog = Watchdog()
        let pieces = Self.samples.flatMap(\.values).map { Array($0.utf8) }
        var mutator = Mutator(seed: seed)
        var (loaded, refused) = (0, 0)
        for number in 0..<fuzzCount(4000, per: 1000) / 4 {
            var files = Self.samples[number % Self.samples.count].mapValues { Array($0.utf8) }
            let names = files.keys.sorted()
            let name = names[number / Self.samples.count % names.count]
            files[name] = files[name].map { mutator.mutated($0, among: pieces) }
            let folder = try TemporaryFolder(files)
            watchdog.watch("tokenizer \(number) of seed \(seed)") {
                do throws(TokenizerError) {
                    let tokenizer = try loadTokenizer(directory: folder.path)
                    loaded += 1
                    for text in Self.texts {
                        let ids = tokenizer.ids(of: text)
                        #expect(ids.allSatisfy { 0 <= $0 && $0 < tokenizer.vocabularyCount }, "\(number) of \(seed)")
                        let cut = try tokenizer.encode(text, pair: "b a", maxLength: 8)
                        #expect(cut.ids.count <= 8 && cut.ids.count == cut.types.count, "\(number) of \(seed)")
                    }
                } catch {
                    refused += 1
                }
            }
        }
        #expect(loaded > 0 && refused > 0)
    }
}
