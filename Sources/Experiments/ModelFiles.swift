/// The files of a pretrained model's directory that are read.
package enum ModelFiles {
    package static let configuration = "config.json"
    package static let weights = "model.safetensors"

    /// Those that belong to the tokenizer, where a model has them.
    package static let tokenizer = [
        "added_tokens.json", "merges.txt", "sentencepiece.bpe.model", "special_tokens_map.json", "tokenizer.json",
        "tokenizer_config.json", "vocab.json", "vocab.txt",
    ]

    package static let all = [configuration, weights] + tokenizer

    /// Whether these are enough: configuration, weights, and some tokenizer's vocabulary.
    package static func suffice(_ names: Set<String>) -> Bool {
        names.isSuperset(of: [configuration, weights]) && hasVocabulary(names)
    }

    package static func hasVocabulary(_ names: Set<String>) -> Bool {
        !names.isDisjoint(with: ["tokenizer.json", "vocab.txt", "sentencepiece.bpe.model"])
            || names.isSuperset(of: ["vocab.json", "merges.txt"])
    }
}
