"""Adapters on a backbone of transformers, their parameters named as ours: LoRA as peft adds it, prefixes and bottlenecks
in plain PyTorch (transformers' encoders take no keys and values from outside). Used by encoder_parity.py.

All values are drawn wider than at the usual start, where gradients are near 0, but not so wide that what 20 steps change
is lost in their rounding.
"""

import math
import re

import torch
from peft import LoraConfig, PrefixEncoder, PrefixTuningConfig, get_peft_model
from torch import nn

MODULES = {
    "query": "attention.self.query",
    "key": "attention.self.key",
    "value": "attention.self.value",
    "output": "attention.output.dense",
    "intermediate": "intermediate.dense",
    "ffn-output": "output.dense",
}


def attach(backbone, adapter):
    """Adds what the text says, e.g. `lora(r=4, alpha=8, dropout=0, modules=query+value)`; all parameters move."""
    kind, arguments = re.fullmatch(r"(\w+)\((.*)\)", adapter).groups()
    if kind == "adapter":
        attach_bottlenecks(backbone, int(arguments))
    else:
        settings = dict(re.findall(r"([\w-]+)=([^,]+)", arguments))
        if kind == "lora":
            attach_lora(backbone, settings)
        else:
            attach_prefix(backbone, int(settings["n"]), int(settings["mlp"]))
    for parameter in backbone.parameters():
        parameter.requires_grad_(True)


def our_name(name):
    return name.replace(".base_layer", "").replace(".default", "")


def attach_lora(backbone, settings):
    names = "|".join(re.escape(MODULES[module]) for module in settings["modules"].split("+"))
    config = LoraConfig(
        r=int(settings["r"]), lora_alpha=float(settings["alpha"]), lora_dropout=float(settings["dropout"]),
        target_modules=rf".*layer\.\d+\.({names})",
    )
    get_peft_model(backbone, config)  # changes the backbone in place
    for name, parameter in backbone.named_parameters():
        if "lora_" in name:
            nn.init.normal_(parameter, std=0.1)


def attach_bottlenecks(backbone, width):
    hidden = backbone.config.hidden_size

    def attach_after(block, dropout):
        block.adapter = nn.ModuleDict({"down": nn.Linear(hidden, width), "up": nn.Linear(width, hidden)})
        down, up = block.adapter["down"], block.adapter["up"]
        dropout.register_forward_hook(lambda module, inputs, x: x + up(nn.functional.gelu(down(x))))

    for layer in backbone.encoder.layer:
        attach_after(layer.attention, layer.attention.output.dropout)
        attach_after(layer.output, layer.output.dropout)


def attach_prefix(backbone, length, width):
    config, encoder = backbone.config, backbone.encoder
    hidden, count = config.hidden_size, config.num_hidden_layers
    if width > 0:
        encoder.prefix = PrefixEncoder(
            PrefixTuningConfig(
                prefix_projection=True, num_virtual_tokens=length, token_dim=hidden, encoder_hidden_size=width,
                num_layers=count, num_transformer_submodules=1, num_attention_heads=config.num_attention_heads,
            )
        )
        nn.init.normal_(encoder.prefix.embedding.weight, std=0.1)
        shared = lambda: encoder.prefix(torch.arange(length)).view(length, 2 * count, hidden)
        rows = [lambda layer=layer: shared()[:, 2 * layer : 2 * layer + 2].unbind(1) for layer in range(count)]
    else:
        for layer in encoder.layer:
            draw = lambda: nn.Parameter(0.1 * torch.randn(length, hidden))
            layer.attention.prefix = nn.ParameterDict({"key": draw(), "value": draw()})
        rows = [lambda prefix=layer.attention.prefix: (prefix["key"], prefix["value"]) for layer in encoder.layer]
    for layer, own in zip(encoder.layer, rows):
        layer.attention.self.forward = prefixed_attention(layer.attention.self, own)


def prefixed_attention(module, prefix):
    """What replaces the forward method of a layer's self-attention (without dropout)."""

    def forward(states, attention_mask=None, **_):
        batch, size = states.shape[0], module.attention_head_size
        split = lambda x: x.view(batch, -1, module.num_attention_heads, size).transpose(1, 2)
        key, value = (
            split(torch.cat([rows.expand(batch, -1, -1), own(states)], dim=1))
            for rows, own in zip(prefix(), (module.key, module.value))
        )
        scores = split(module.query(states)) @ key.transpose(2, 3) / math.sqrt(size)
        if attention_mask is not None:
            scores[..., -states.shape[1] :] += attention_mask
        context = scores.softmax(-1) @ value
        return context.transpose(1, 2).reshape(states.shape), None

    return forward
