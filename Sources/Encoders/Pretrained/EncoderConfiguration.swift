/// The sizes and choices of a BERT-family encoder, as its config.json has them.
package struct EncoderConfiguration: Equatable, Sendable {
    package enum Family: String, Sendable {
        case bert, roberta

        /// The two linear layers of the head that the family's own models for classification have.
        var headLayers: (dense: String, out: String) {
            switch self {
            case .bert: ("head.pooler.dense", "head.classifier")
            case .roberta: ("head.dense", "head.out_proj")
            }
        }

        /// The layers of the head of its pretraining, and the bias that its file keeps beside them: that of the last
        /// layer, whose weights are mostly those of the word embedding.
        package var wordLayers: (dense: String, norm: String, out: String, bias: String) {
            switch self {
            case .bert:
                (
                    "head.cls.predictions.transform.dense", "head.cls.predictions.transform.LayerNorm",
                    "head.cls.predictions.decoder", "cls.predictions.bias"
                )
            case .roberta: ("head.lm_head.dense", "head.lm_head.layer_norm", "head.lm_head.decoder", "lm_head.bias")
            }
        }
    }

    package var family: Family
    /// Rows of the word embedding; token ids are below it.
    package var vocabulary: Int
    package var hidden: Int
    package var layers: Int
    package var heads: Int
    /// The inner width of the feed-forward layers.
    package var intermediate: Int
    /// Rows of the position embedding.
    package var positions: Int
    /// Rows of the token type embedding.
    package var types: Int
    package var layerNormEpsilon: Float
    package var hiddenDropout: Double
    package var attentionDropout: Double
    /// The dropout of the layer in front of the classifier; `hiddenDropout` unless config.json has its own.
    package var classifierDropout: Double
    /// The deviation of initial weights.
    package var initializerRange: Double
    package var padToken: Int

    package init(
        family: Family, vocabulary: Int, hidden: Int, layers: Int, heads: Int, intermediate: Int, positions: Int = 512,
        types: Int = 2, layerNormEpsilon: Float = 1e-12, hiddenDropout: Double = 0.1, attentionDropout: Double = 0.1,
        classifierDropout: Double? = nil, initializerRange: Double = 0.02, padToken: Int = 0
    ) {
        self.family = family
        self.vocabulary = vocabulary
        self.hidden = hidden
        self.layers = layers
        self.heads = heads
        self.intermediate = intermediate
        self.positions = positions
        self.types = types
        self.layerNormEpsilon = layerNormEpsilon
        self.hiddenDropout = hiddenDropout
        self.attentionDropout = attentionDropout
        self.classifierDropout = classifierDropout ?? hiddenDropout
        self.initializerRange = initializerRange
        self.padToken = padToken
    }

    /// The row of the position embedding that a sequence's first token has: RoBERTa counts from the one after the
    /// padding token's id.
    package var firstPosition: Int { family == .roberta ? padToken + 1 : 0 }

    /// In tokens, special tokens included.
    package var longestSequence: Int { positions - firstPosition }
}
