import Encoders
import Experiments

/// The class of a model that transformers has none for, as a Python file that it loads with `trust_remote_code=True`: the
/// family's encoder, what an adapter adds to it that cannot be merged, and our head.
struct ModelingFile {
    static let name = "modeling_headstart.py"
    static let module = "modeling_headstart"

    private let form: TransformersForm
    private let isRegression: Bool
    /// A prefix or bottlenecks that are in the model itself.
    private let adapter: AdapterDesign?

    init(_ form: TransformersForm, _ task: TaskDefinition, adapter: AdapterDesign?) {
        self.form = form
        isRegression = task.isRegression
        self.adapter = adapter
    }

    private var table: ParameterTable { form.table }
    private var configuration: EncoderConfiguration { table.configuration }
    private var family: String { configuration.family.rawValue }

    var text: String {
        """
        \"\"\"A head of Headstart on the encoder of transformers. Load it with
        \(form.autoClassName).from_pretrained(FOLDER, trust_remote_code=True).\"\"\"

        import torch
        from torch import nn
        from transformers import \(form.familyName)Model, \(form.familyName)PreTrainedModel
        from transformers.cache_utils import DynamicCache
        from transformers.modeling_outputs import \(output)

        \(bottleneck)
        class Head(nn.Module):
            def __init__(self):
                super().__init__()
        \(headLayers)

            def forward(self, rows):
                return self.out(\(headFunction))


        class \(form.className)(\(form.familyName)PreTrainedModel):
            def __init__(self, config):
                super().__init__(config)
                self.\(family) = \(form.familyName)Model(config, add_pooling_layer=False)
        \(adapterLayers)        self.head = Head()
                self.post_init()

            def forward(
                self, input_ids, attention_mask=None, token_type_ids=None, \(spanArgument)past_key_values=None, labels=None, **unused
            ):
        \(flattened)        batch, length = input_ids.shape
        \(prefixed)        before = 0 if past_key_values is None else past_key_values.get_seq_length()
                if attention_mask is None:
                    attention_mask = torch.ones(batch, before + length, dtype=torch.long, device=input_ids.device)
        \(positions)
                states = self.\(family)(
                    input_ids, attention_mask=attention_mask, token_type_ids=token_type_ids, position_ids=positions,
                    past_key_values=past_key_values,
                ).last_hidden_state
        \(rows)
                loss = None if labels is None else \(loss)
                return \(output)(loss=loss, logits=logits)

        """
    }

    private var output: String {
        switch form.kind {
        case nil, .targetWords: "SequenceClassifierOutput"
        case .choices: "MultipleChoiceModelOutput"
        case .tags: "TokenClassifierOutput"
        case .maskedLM: "MaskedLMOutput"
        }
    }

    private var loss: String {
        isRegression
            ? "nn.functional.mse_loss(logits.flatten(), labels.flatten().to(logits.dtype))"
            : "nn.functional.cross_entropy(logits.flatten(0, -2), labels.flatten())"
    }

    // MARK: The head

    private var headLayers: String {
        table.headLayers.compactMap { layer, name in
            guard let index = table.index(of: "\(name).weight") else { return nil }
            let shape = table.parameters[index].shape
            let isDoubled = form.isDoubled(table.parameters[index])
            let kind =
                layer == .norm
                ? "LayerNorm(\(shape[0]), eps=\(configuration.layerNormEpsilon))"
                : "Linear(\(shape[1]), \(isDoubled ? 2 : shape[0]))"
            return "        self.\(layer) = nn.\(kind)"
        }.joined(separator: "\n")
    }

    private var headFunction: String {
        switch table.head {
        case .linear: "rows"
        case .mlp: "torch.relu(self.dense(rows))"
        case .hf where form.kind == .maskedLM: "self.norm(nn.functional.gelu(self.dense(rows)))"
        case .hf, .pooled: "torch.tanh(self.dense(rows))"
        }
    }

    // MARK: What an adapter adds

    private var bottleneck: String {
        guard case .bottleneck(let width, _) = adapter else { return "" }
        let hidden = configuration.hidden
        return """

            def attach_bottleneck(block, dropout):
                \"\"\"x + up(gelu(down(x))) behind the dropout at the block's end.\"\"\"
                block.adapter = nn.ModuleDict({"down": nn.Linear(\(hidden), \(width)), "up": nn.Linear(\(width), \(hidden))})
                down, up = block.adapter["down"], block.adapter["up"]
                dropout.register_forward_hook(lambda module, inputs, x: x + up(nn.functional.gelu(down(x))))


            """
    }

    private var adapterLayers: String {
        switch adapter {
        case .prefix(let length, _, _):
            "        self.prefix = nn.Parameter(torch.zeros(\(length), \(2 * configuration.layers * configuration.hidden)))\n"
        case .bottleneck:
            """
                    for layer in self.\(family).encoder.layer:
                        attach_bottleneck(layer.attention, layer.attention.output.dropout)
                        attach_bottleneck(layer.output, layer.output.dropout)

            """
        case .lora, nil: ""
        }
    }

    private var prefixed: String {
        guard case .prefix(let length, _, _) = adapter else { return "" }
        let (heads, layers) = (configuration.heads, configuration.layers)
        return """
                    past_key_values = DynamicCache()
                    prefix = self.prefix.view(\(length), \(2 * layers), \(heads), \(configuration.hidden / heads))
                    prefix = prefix.permute(1, 2, 0, 3).unsqueeze(1).expand(-1, batch, -1, -1, -1)
                    for layer in range(\(layers)):
                        past_key_values.update(prefix[2 * layer], prefix[2 * layer + 1], layer)
                    if attention_mask is not None:
                        attention_mask = nn.functional.pad(attention_mask, (\(length), 0), value=1)

            """
    }

    // MARK: What goes in, and which states are read

    private var spanArgument: String { form.kind == .targetWords ? "spans=None, " : "" }

    /// The choices of an example are sequences of their own.
    private var flattened: String {
        guard form.kind == .choices else { return "" }
        return """
                    choices = input_ids.shape[1]
                    input_ids, attention_mask, token_type_ids = (
                        x if x is None else x.flatten(0, 1) for x in (input_ids, attention_mask, token_type_ids)
                    )

            """
    }

    /// A prefix has no positions, which transformers would count along.
    private var positions: String {
        switch configuration.family {
        case .bert:
            "        positions = torch.arange(length, device=input_ids.device).expand(batch, -1)"
        case .roberta:
            """
                    real = (input_ids != \(configuration.padToken)).long()
                    positions = real.cumsum(1) * real + \(configuration.padToken)
            """
        }
    }

    private var rows: String {
        switch table.readout {
        case .tokens: return "        logits = self.head(states)"
        case .first:
            let logits = "        logits = self.head(states[:, 0])"
            return form.kind == .choices ? logits + ".view(-1, choices)" : logits
        case .spans(let isCompared):
            let compared = isCompared ? ", (one - other).abs(), one * other" : ""
            return """
                        # [batch, 2, 2]: where the tokens of the two words begin, and where they end (the first one after them).
                        places = torch.arange(length, device=input_ids.device)
                        inside = ((places >= spans[..., :1]) & (places < spans[..., 1:])).to(states.dtype)
                        one, other = (inside @ states / inside.sum(-1, keepdim=True)).unbind(1)
                        logits = self.head(torch.cat([states[:, 0], one, other\(compared)], dim=-1))
                """
        }
    }
}
