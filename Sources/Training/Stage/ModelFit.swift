package import Encoders
package import Experiments
package import Tokenizers

/// Refuses a tokenizer with more tokens, or more types of them, than the model has embeddings for.
package func checkFit(_ tokenizer: any Tokenizer, _ backbone: Backbone) throws(StageFailure) {
    let (rows, types) = (backbone.configuration.vocabulary, backbone.configuration.types)
    guard tokenizer.vocabularyCount <= rows else {
        throw StageFailure(
            .badInput,
            """
            \(backbone.directory): the tokenizer has ids up to \(tokenizer.vocabularyCount - 1), but the word embedding \
            has only \(rows) rows; use the tokenizer files the model came with
            """)
    }
    for part in tokenizer.frame.single + tokenizer.frame.pair {
        let problem: String? =
            switch part {
            case .special(let id, _) where !(0..<rows).contains(Int(id)):
                "a special token of id \(id), but the word embedding has only \(rows) rows"
            // A model with one type has it for all tokens.
            case .special(_, let type), .first(let type), .second(let type):
                types == 1 || (0..<types).contains(Int(type))
                    ? nil : "tokens of type \(type), but the model's 'type_vocab_size' is \(types)"
            }
        guard let problem else { continue }
        throw StageFailure(
            .badInput,
            "\(backbone.directory): the tokenizer makes \(problem); use the tokenizer files the model came with")
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

/// Refuses what a recipe asks of a model that is too small for it.
package func checkFit(_ recipe: Recipe, _ backbone: Backbone) throws(StageFailure) {
    try checkFit(maxLength: recipe.maxLength, backbone)
    let (layers, hidden) = (backbone.configuration.layers, backbone.configuration.hidden)
    let problem: String? =
        switch recipe.tune {
        case .parameters(.top(let count, _)) where count > layers:
            "'\(recipe.tune)' asks for more than \(layers) layers; lower it, or leave the method out"
        case .adapter(.lora(let lora)) where lora.rank > hidden:
            "the rank of '\(recipe.tune)' is above the width of \(hidden); lower r, or leave the method out"
        case .adapter(.prefix(let length, _, _)) where length + 3 > recipe.maxLength:
            "'\(recipe.tune)' leaves no room for text in max-length \(recipe.maxLength); lower n or raise max-length"
        case .parameters, .entries, .adapter, .prune: nil
        }
    if let problem { throw StageFailure(.badInput, "\(backbone.directory): \(problem)") }
    if case .last(let count) = recipe.reinitialization, count > layers {
        throw StageFailure(
            .badInput,
            "\(backbone.directory): reinit 'last(\(count))' asks for more than \(layers) layers; lower it")
    }
}
