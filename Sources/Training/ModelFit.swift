package import Encoders
package import Experiments
package import Tokenizers

/// Refuses a tokenizer with more tokens than the model has embeddings for.
package func checkFit(_ tokenizer: any Tokenizer, _ backbone: Backbone) throws(StageFailure) {
    let rows = backbone.configuration.vocabulary
    guard tokenizer.vocabularyCount <= rows else {
        throw StageFailure(
            .badInput,
            """
            \(backbone.directory): the tokenizer has ids up to \(tokenizer.vocabularyCount - 1), but the word embedding \
            has only \(rows) rows; use the tokenizer files the model came with
            """)
    }
}

/// Refuses sequences longer than the model has positions for.
package func checkFit(maxLength: Int, _ backbone: Backbone) throws(StageFailure) {
    let longest = backbone.configuration.longestSequence
    guard maxLength <= longest else {
        throw StageFailure(
            .badInput,
            """
            max-length \(maxLength) is longer than the \(longest) positions of the model in \(backbone.directory); lower \
            max-length
            """)
    }
}
