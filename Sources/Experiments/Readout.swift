/// What the head sees of a sequence's final states.
package enum Readout: Hashable, Sendable {
    /// One row: the first token's state.
    case first
    /// The states of these tokens, a row each.
    case tokens([Int])
    /// One row: the first token's state beside the means over two spans of tokens.
    case spans(Range<Int>, Range<Int>)

    package var rowCount: Int {
        switch self {
        case .first, .spans: 1
        case .tokens(let places): places.count
        }
    }
}

/// What all readouts of a task are.
package enum ReadoutForm: Hashable, Sendable {
    case first, tokens
    /// - Parameter compared: whether the row also holds |m1 - m2| and m1 m2 of the two means.
    case spans(compared: Bool)

    /// How many vectors of the encoder's width stand side by side in a row.
    package var vectors: Int {
        switch self {
        case .first, .tokens: 1
        case .spans(let compared): compared ? 5 : 3
        }
    }
}

extension TaskDefinition {
    package var readout: ReadoutForm {
        switch kind {
        case nil, .choices: .first
        case .targetWords: .spans(compared: compares ?? false)
        case .tags, .maskedLM: .tokens
        }
    }

    /// Whether a number is to be predicted.
    package var isRegression: Bool { kind == nil && labels == nil }

    /// Whether an example is of one of two classes.
    package var hasTwoClasses: Bool { (kind == nil || kind == .targetWords) && labels?.count == 2 }

    /// The numbers that the head gives for each row that it sees.
    /// - Parameter vocabulary: of the model.
    package func outputs(vocabulary: Int) -> Int {
        switch kind {
        case .choices: 1
        case .maskedLM: vocabulary
        default: labels?.count ?? 1
        }
    }
}
