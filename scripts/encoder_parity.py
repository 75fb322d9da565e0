"""Reference values for the encoders, computed by transformers in fp32 with dropout off. Called by scripts/parity.

For each case a folder OUT/NAME with
    config.json, model.safetensors   the model as transformers saves it (MiniLM's stays where it is)
    head.safetensors                 the initial values of head and adapter, by our names
    case.json                        head, outputs, adapter, optimizer settings, batches (ids, types, labels) and losses
    states.safetensors               final hidden states of the real tokens and logits for the first batch
    gradients.safetensors            of every parameter, for the first batch, by our names
    fisher.safetensors               mean over the first batch's examples of squared gradients, by our names; of models
                                     without adapter
    expected.safetensors             the same, in expectation over the model's own labels; of classifiers
    final.safetensors                every parameter after all steps, by our names
"""

import argparse
import json
import random
from pathlib import Path

import torch
from adapter_modules import attach, our_name
from safetensors.torch import save_file
from torch import nn
from transformers import BertConfig, BertModel, RobertaConfig, RobertaModel, XLMRobertaConfig, XLMRobertaModel

STEPS = 20
OPTIMIZER = {"rate": 1e-4, "beta1": 0.9, "beta2": 0.98, "epsilon": 1e-6, "weightDecay": 0.1, "clip": 1.0}

SMALL_ADAPTERS = {
    "lora": "lora(r=4, alpha=8, dropout=0, modules=query+key+value+output+intermediate+ffn-output)",
    "prefix": "prefix(n=5, mlp=0)",
    "prefix-network": "prefix(n=5, mlp=24)",
    "adapter": "adapter(7)",
}
MINILM_ADAPTERS = {
    "minilm": None,
    "minilm-lora": "lora(r=8, alpha=16, dropout=0, modules=query+value)",
    "minilm-prefix": "prefix(n=16, mlp=0)",
    "minilm-adapter": "adapter(48)",
}


class Classifier(nn.Module):
    """A backbone with one of our heads, its parameters named as ours."""

    def __init__(self, backbone, head, outputs):
        super().__init__()
        self.backbone, self.design = backbone, head
        config = backbone.config
        hidden = config.hidden_size
        self.head = nn.ModuleDict()
        if head == "linear":
            self.head["out"] = nn.Linear(hidden, outputs)
        elif head.startswith("mlp"):
            width = int(head[4:-1])
            self.head["dense"] = nn.Linear(hidden, width)
            self.head["out"] = nn.Linear(width, outputs)
        elif config.model_type == "bert":
            self.head["pooler"] = nn.ModuleDict({"dense": nn.Linear(hidden, hidden)})
            self.head["classifier"] = nn.Linear(hidden, outputs)
        else:
            self.head["dense"] = nn.Linear(hidden, hidden)
            self.head["out_proj"] = nn.Linear(hidden, outputs)

    def forward(self, ids, types, mask):
        arguments = {"input_ids": ids, "attention_mask": mask}
        if self.backbone.config.type_vocab_size > 1:
            arguments["token_type_ids"] = types
        states = self.backbone(**arguments).last_hidden_state
        first, head = states[:, 0], self.head
        if self.design == "linear":
            return states, head["out"](first)
        if self.design.startswith("mlp"):
            return states, head["out"](torch.relu(head["dense"](first)))
        if "pooler" in head:
            return states, head["classifier"](torch.tanh(head["pooler"]["dense"](first)))
        return states, head["out_proj"](torch.tanh(head["dense"](first)))

    def parameters_by_our_names(self):
        for name, parameter in self.named_parameters():
            yield our_name(name.removeprefix("backbone.")), parameter


def make_batches(config, outputs, chance, *, size, longest):
    """Ragged batches of random tokens; lengths include 1 and the longest."""
    first = config.pad_token_id + 1

    def sequence(length):
        ids = [chance.randrange(first, config.vocab_size) for _ in range(length)]
        cut = chance.randrange(length + 1)
        types = [int(config.type_vocab_size > 1 and i >= cut) for i in range(length)]
        label = chance.randrange(outputs) if outputs > 1 else round(chance.uniform(0, 5), 2)
        return {"ids": ids, "types": types, "label": label}

    lengths = lambda: [1, longest] + [chance.randint(2, longest) for _ in range(size - 2)]
    return [[sequence(length) for length in chance.sample(lengths(), size)] for _ in range(STEPS)]


def tensors(batch, config):
    longest = max(len(example["ids"]) for example in batch)
    pad = lambda values, filler: values + [filler] * (longest - len(values))
    ids = torch.tensor([pad(example["ids"], config.pad_token_id) for example in batch])
    types = torch.tensor([pad(example["types"], 0) for example in batch])
    mask = torch.tensor([pad([1] * len(example["ids"]), 0) for example in batch])
    return ids, types, mask


def loss_of(logits, batch):
    labels = [example["label"] for example in batch]
    if logits.shape[1] == 1:
        return nn.functional.mse_loss(logits[:, 0], torch.tensor(labels))
    return nn.functional.cross_entropy(logits, torch.tensor(labels))


def make_optimizer(model):
    groups = [
        {"params": [p for p in model.parameters() if p.dim() > 1], "weight_decay": OPTIMIZER["weightDecay"]},
        {"params": [p for p in model.parameters() if p.dim() == 1], "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(
        groups, lr=OPTIMIZER["rate"], betas=(OPTIMIZER["beta1"], OPTIMIZER["beta2"]), eps=OPTIMIZER["epsilon"]
    )


def snapshot(named):
    return {name: tensor.detach().clone().contiguous() for name, tensor in named}


def squared_gradients(model, ours, batch, config, expected):
    """The mean over a batch's examples, one at a time, of the squared gradients of the loss with the example's label, or
    of those with every label, weighted by the model's probability of it."""
    sums = {name: torch.zeros_like(parameter) for name, parameter in ours.items()}
    for example in batch:
        ids, types, mask = tensors([example], config)
        _, logits = model(ids, types, mask)
        probabilities = logits[0].softmax(0).tolist() if expected else [1.0]
        for label, probability in enumerate(probabilities):
            model.zero_grad()
            _, logits = model(ids, types, mask)
            loss_of(logits, [{**example, "label": label} if expected else example]).backward()
            for name, parameter in ours.items():
                if parameter.grad is not None:
                    sums[name] += probability * parameter.grad**2
    model.zero_grad()
    return {name: (value / len(batch)).contiguous() for name, value in sums.items()}


def record(name, out, backbone, head, outputs, *, size, longest, adapter=None, save_model=True):
    folder = out / name
    folder.mkdir(parents=True)
    if save_model:
        backbone.save_pretrained(folder)
    pretrained = {name for name, _ in backbone.named_parameters()}
    if adapter:
        attach(backbone, adapter)
    model = Classifier(backbone, head, outputs).eval()
    config = backbone.config
    ours = dict(model.parameters_by_our_names())
    save_file(snapshot((n, p) for n, p in ours.items() if n not in pretrained), folder / "head.safetensors")

    batches = make_batches(config, outputs, random.Random(name), size=size, longest=longest)
    if not adapter:
        save_file(squared_gradients(model, ours, batches[0], config, False), folder / "fisher.safetensors")
    if not adapter and outputs > 1:
        save_file(squared_gradients(model, ours, batches[0], config, True), folder / "expected.safetensors")
    optimizer, losses = make_optimizer(model), []
    for step, batch in enumerate(batches):
        ids, types, mask = tensors(batch, config)
        states, logits = model(ids, types, mask)
        loss = loss_of(logits, batch)
        loss.backward()
        if step == 0:
            real = states[mask.bool()].detach().contiguous()
            save_file({"states": real, "logits": logits.detach().contiguous()}, folder / "states.safetensors")
            gradients = ((n, p.grad if p.grad is not None else torch.zeros_like(p)) for n, p in ours.items())
            save_file(snapshot(gradients), folder / "gradients.safetensors")
        nn.utils.clip_grad_norm_(model.parameters(), OPTIMIZER["clip"])
        optimizer.step()
        optimizer.zero_grad()
        losses.append(loss.item())
    save_file(snapshot(ours.items()), folder / "final.safetensors")
    case = {"head": head, "outputs": outputs, "optimizer": OPTIMIZER, "batches": batches, "losses": losses}
    if adapter:
        case["adapter"] = adapter
    (folder / "case.json").write_text(json.dumps(case))
    print(f"{name}: losses {losses[0]:.5f} ... {losses[-1]:.5f}")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minilm", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    torch.manual_seed(1)
    out = arguments.out

    # Initial weights are wide, so that attention is far from uniform and no gradient is near 0.
    bert = BertConfig(
        vocab_size=211, hidden_size=36, num_hidden_layers=2, num_attention_heads=4, intermediate_size=77,
        max_position_embeddings=64, initializer_range=0.15, attn_implementation="eager",
    )
    roberta = RobertaConfig(
        vocab_size=300, hidden_size=48, num_hidden_layers=3, num_attention_heads=3, intermediate_size=100,
        max_position_embeddings=66, type_vocab_size=1, pad_token_id=1, initializer_range=0.15, layer_norm_eps=1e-5,
        attn_implementation="eager",
    )
    # As published: positions count from after the padding token's id, and there is one type.
    xlm_roberta = XLMRobertaConfig(
        vocab_size=500, hidden_size=40, num_hidden_layers=2, num_attention_heads=5, intermediate_size=90,
        max_position_embeddings=62, type_vocab_size=1, pad_token_id=1, initializer_range=0.15, layer_norm_eps=1e-5,
        attn_implementation="eager",
    )
    make_bert = lambda: BertModel(bert, add_pooling_layer=False)
    make_roberta = lambda: RobertaModel(roberta, add_pooling_layer=False)
    for head, outputs in [("linear", 3), ("mlp(40)", 2), ("hf", 1)]:
        record(f"bert-{head}-{outputs}", out, make_bert(), head, outputs, size=7, longest=60)
        record(f"roberta-{head}-{outputs}", out, make_roberta(), head, outputs, size=7, longest=60)
    for head, outputs in [("linear", 3), ("hf", 2)]:
        backbone = XLMRobertaModel(xlm_roberta, add_pooling_layer=False)
        record(f"xlm-roberta-{head}-{outputs}", out, backbone, head, outputs, size=7, longest=60)
    for name, adapter in SMALL_ADAPTERS.items():
        record(f"bert-{name}", out, make_bert(), "linear", 3, adapter=adapter, size=7, longest=60)
        record(f"roberta-{name}", out, make_roberta(), "linear", 3, adapter=adapter, size=7, longest=60)
    for name, adapter in MINILM_ADAPTERS.items():
        minilm = BertModel.from_pretrained(arguments.minilm, add_pooling_layer=False, attn_implementation="eager")
        record(name, out, minilm, "hf", 2, adapter=adapter, size=8, longest=50, save_model=False)


if __name__ == "__main__":
    main()
