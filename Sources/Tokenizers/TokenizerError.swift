import Files

package enum TokenizerError: Error, Equatable, CustomStringConvertible, Sendable {
    /// The directory holds no tokenizer files.
    case missing(directory: String)
    /// A tokenizer file cannot be read.
    case unreadable(String)
    /// A tokenizer file says something that it must not, or that is not supported.
    case malformed(path: String, String)
    /// `maxLength` is no longer than the special tokens alone.
    case noRoom(maxLength: Int, specialTokens: Int)
    /// A text comes to no tokens, and the tokenizer puts none around it.
    case noTokens
    /// The side that is to be cut has no more tokens than must go.
    case tooLong(side: String, tokens: Int, excess: Int)
    /// A word that must be read lies beyond the maximal length.
    case cutAway(word: String, maxLength: Int)
    /// The vocabulary lacks a token without which a task cannot be.
    case lacks(token: String)

    package var description: String {
        switch self {
        case .missing(let directory):
            "\(directory): no tokenizer: expected tokenizer.json, vocab.txt, vocab.json with merges.txt,"
                + " or sentencepiece.bpe.model"
        case .unreadable(let message): message
        case .malformed(let path, let message): "\(path): \(message)"
        case .noRoom(let maxLength, let specialTokens):
            "a maximal length of \(maxLength) leaves no room beside \(specialTokens) special tokens;"
                + " choose at least \(specialTokens + 1)"
        case .noTokens:
            "a text has no tokens, and this tokenizer puts none around it ('post_processor'); leave such texts out"
        case .tooLong(let side, let tokens, let excess):
            "the \(side) text has \(tokens) tokens and cannot be cut by \(excess);"
                + " choose a greater maximal length or truncate the longest"
        case .cutAway(let word, let maxLength):
            "the word '\(word)' lies beyond the maximal length of \(maxLength) and is cut away; choose a greater one"
        case .lacks(let token):
            "the tokenizer has no \(token), which the task needs; use the tokenizer files of a model that has one"
        }
    }

    init(_ error: FileError) { self = .unreadable(error.description) }
}
