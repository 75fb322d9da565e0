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
    /// The side that is to be cut has no more tokens than must go.
    case tooLong(side: String, tokens: Int, excess: Int)

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
        case .tooLong(let side, let tokens, let excess):
            "the \(side) text has \(tokens) tokens and cannot be cut by \(excess);"
                + " choose a greater maximal length or truncate the longest"
        }
    }

    init(_ error: FileError) { self = .unreadable(error.description) }
}
