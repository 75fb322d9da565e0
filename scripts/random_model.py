"""Writes an encoder with random weights in the shape of a published one, with the tokenizer of another: for timing,
which no weight changes.

    random_model.py SHAPE TOKENIZER_FOLDER OUT      SHAPE: bert-base or roberta-large
"""

import sys

import torch
from transformers import AutoTokenizer, BertConfig, BertModel, RobertaConfig, RobertaModel

SHAPES = {
    "bert-base": (BertModel, BertConfig()),
    "roberta-large": (RobertaModel, RobertaConfig(
        vocab_size=50265, hidden_size=1024, num_hidden_layers=24, num_attention_heads=16, intermediate_size=4096,
        max_position_embeddings=514, type_vocab_size=1, layer_norm_eps=1e-5)),
}


def main():
    shape, tokenizer, out = sys.argv[1:]
    torch.manual_seed(1)
    architecture, settings = SHAPES[shape]
    # The tokenizer's padding is the model's, so that both count positions alike.
    settings.pad_token_id = AutoTokenizer.from_pretrained(tokenizer).pad_token_id
    architecture(settings).save_pretrained(out)
    AutoTokenizer.from_pretrained(tokenizer).save_pretrained(out)


if __name__ == "__main__":
    main()
