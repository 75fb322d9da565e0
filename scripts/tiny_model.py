"""Writes a BERT of random weights that is as small as the tables' methods allow, for checks that need no scores.

    tiny_model.py TOKENIZER_DIRECTORY OUT
"""

import shutil
import sys
from pathlib import Path

import torch
from transformers import AutoTokenizer, BertConfig, BertForPreTraining

source, out = map(Path, sys.argv[1:])
torch.manual_seed(1)
config = BertConfig(
    vocab_size=len(AutoTokenizer.from_pretrained(source)),
    hidden_size=256,
    num_hidden_layers=6,
    num_attention_heads=4,
    intermediate_size=64,
)
BertForPreTraining(config).save_pretrained(out)
for name in ["tokenizer.json", "tokenizer_config.json", "vocab.txt", "special_tokens_map.json"]:
    if (source / name).exists():
        shutil.copy(source / name, out)
