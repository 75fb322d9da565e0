package import Experiments
package import Tokenizers

/// A row as a model reads it.
package struct EncodedExample: Equatable, Sendable {
    /// Mostly one. Each choice is a sequence of its own, and so is each part of a sentence that is too long for one.
    package var sequences: [EncodedSequence]
    /// What is to be predicted, in the order of the rows that the head sees; one for all choices together.
    package let labels: [Label]

    package init(_ sequences: [EncodedSequence], labels: [Label]) {
        self.sequences = sequences
        self.labels = labels
    }

    package var tokenCount: Int { sequences.reduce(0) { $0 + $1.tokens.ids.count } }

    /// The rows that the head sees.
    package var rowCount: Int { sequences.reduce(0) { $0 + $1.readout.rowCount } }
}

/// Tokens, and what the head sees of their final states.
package struct EncodedSequence: Equatable, Sendable {
    package var tokens: TokenSequence
    package let readout: Readout

    package init(_ tokens: TokenSequence, readout: Readout = .first) {
        self.tokens = tokens
        self.readout = readout
    }
}
