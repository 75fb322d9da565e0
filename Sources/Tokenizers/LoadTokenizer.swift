import Files

/// The tokenizer of a Hugging Face model directory.
package func loadTokenizer(directory: String) throws(TokenizerError) -> any Tokenizer {
    throw .missing(directory: directory)
}
