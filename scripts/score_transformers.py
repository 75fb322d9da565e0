"""Scores of CB and RTE over seeds with transformers and PyTorch, to hold Headstart's against: the recipe of
scripts/check-scores, rendered from the papers and not from Headstart.

Writes a line of JSON for each run: task, method, seed, accuracy on the dev set.
"""

import argparse
import csv
import json
import math
import os
import random
import sys
import time

os.environ["TRANSFORMERS_VERBOSITY"] = "error"
os.environ["HF_HUB_DISABLE_PROGRESS_BARS"] = "1"

import torch
from transformers import AutoModel, AutoTokenizer

HEAD_WIDTH = 2048
MAX_LENGTH = 64
SEPARATE_RATE = 5e-4
# The stages of each method: what moves, and its share of the epochs.
METHODS = {
    "finetune": [("all", 1.0)],
    "bitfit": [("bitfit", 1.0)],
    "lp-ft": [("head", 0.1), ("all", 0.9)],
    "eh-ft-bitfit": [("bitfit", 0.1), ("all", 0.9)],
}


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", required=True)
    parser.add_argument("--data", required=True)
    parser.add_argument("--epochs", required=True, help="task=number,task=number")
    parser.add_argument("--first", type=int, default=1, help="the first seed")
    parser.add_argument("--seeds", type=int, default=8, help="how many")
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--lr", type=float, default=1e-4)
    return parser.parse_args()


def read_rows(folder, task, part):
    if task == "cb":
        labels = ["entailment", "contradiction", "neutral"]
        with open(f"{folder}/cb/{'train' if part == 'train' else 'val'}.jsonl", encoding="utf-8") as file:
            rows = [json.loads(line) for line in file if line.strip()]
        return [(row["premise"], row["hypothesis"], labels.index(row["label"])) for row in rows], len(labels)
    labels = ["entailment", "not_entailment"]
    with open(f"{folder}/rte/{part}.tsv", encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    return [(row["sentence1"], row["sentence2"], labels.index(row["label"])) for row in rows], len(labels)


def encode(rows, tokenizer):
    texts = tokenizer(
        [row[0] for row in rows], [row[1] for row in rows], truncation="longest_first", max_length=MAX_LENGTH)
    kinds = texts.get("token_type_ids", [[0] * len(ids) for ids in texts["input_ids"]])
    return [(ids, kind, row[2]) for ids, kind, row in zip(texts["input_ids"], kinds, rows)]


def padded(examples, padding):
    longest = max(len(example[0]) for example in examples)
    ids = torch.full((len(examples), longest), padding)
    kinds = torch.zeros((len(examples), longest), dtype=torch.long)
    mask = torch.zeros((len(examples), longest), dtype=torch.long)
    for row, (tokens, kind, _) in enumerate(examples):
        ids[row, :len(tokens)] = torch.tensor(tokens)
        kinds[row, :len(tokens)] = torch.tensor(kind)
        mask[row, :len(tokens)] = 1
    labels = torch.tensor([example[2] for example in examples])
    return {"input_ids": ids, "token_type_ids": kinds, "attention_mask": mask}, labels


def make_head(hidden, classes):
    """EH-FT, section 3.2, with the initial values of the authors' code: N(0, 0.005), PyTorch's own biases."""
    head = torch.nn.Sequential(
        torch.nn.Linear(hidden, HEAD_WIDTH), torch.nn.ReLU(), torch.nn.Linear(HEAD_WIDTH, classes))
    for layer in (head[0], head[2]):
        torch.nn.init.normal_(layer.weight, std=0.005)
    return head


def first_tokens(backbone, examples, padding):
    inputs, labels = padded(examples, padding)
    return backbone(**inputs).last_hidden_state[:, 0], labels


def train(backbone, head, tune, epochs, rate, train_set, batch, padding, rng):
    for name, parameter in backbone.named_parameters():
        parameter.requires_grad = tune == "all" or (tune == "bitfit" and name.endswith("bias"))
    # The features of a backbone that does not move are those of evaluation.
    backbone.train(tune != "head")
    moving = [p for p in [*backbone.parameters(), *head.parameters()] if p.requires_grad]
    groups = [
        {"params": [p for p in moving if p.dim() > 1], "weight_decay": 0.01},
        {"params": [p for p in moving if p.dim() <= 1], "weight_decay": 0.0},
    ]
    optimizer = torch.optim.AdamW([group for group in groups if group["params"]], lr=rate)
    steps_per_epoch = math.ceil(len(train_set) / batch)
    steps = max(1, round(epochs * steps_per_epoch))
    warmup = math.ceil(0.1 * steps)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer,
        lambda step: step / warmup if step < warmup else (steps - step) / max(1, steps - warmup))
    order = []
    for _ in range(steps):
        if not order:
            order = list(range(len(train_set)))
            rng.shuffle(order)
        chosen, order = order[:batch], order[batch:]
        with torch.set_grad_enabled(tune != "head"):
            features, labels = first_tokens(backbone, [train_set[i] for i in chosen], padding)
        torch.nn.functional.cross_entropy(head(features), labels).backward()
        torch.nn.utils.clip_grad_norm_(moving, 1.0)
        optimizer.step()
        schedule.step()
        optimizer.zero_grad(set_to_none=True)


@torch.no_grad()
def accuracy(backbone, head, dev_set, padding):
    backbone.eval()
    right = 0
    for start in range(0, len(dev_set), 32):
        features, labels = first_tokens(backbone, dev_set[start:start + 32], padding)
        right += int((head(features).argmax(dim=1) == labels).sum())
    return right / len(dev_set)


def run(arguments, tokenizer, method, seed, sets, classes, epochs):
    torch.manual_seed(seed)
    rng = random.Random(seed)
    head = None
    for tune, share in METHODS[method]:
        # Stage 2 starts from the pretrained backbone again, with the head of stage 1.
        backbone = AutoModel.from_pretrained(arguments.model, add_pooling_layer=False, dtype=torch.float32)
        head = head or make_head(backbone.config.hidden_size, classes)
        rate = arguments.lr if tune == "all" else SEPARATE_RATE
        train(backbone, head, tune, share * epochs, rate, sets[0], arguments.batch, tokenizer.pad_token_id, rng)
    return accuracy(backbone, head, sets[1], tokenizer.pad_token_id)


def main():
    arguments = parse_arguments()
    torch.set_num_threads(len(os.sched_getaffinity(0)))
    tokenizer = AutoTokenizer.from_pretrained(arguments.model)
    for task, epochs in (word.split("=") for word in arguments.epochs.split(",")):
        rows = [read_rows(arguments.data, task, part) for part in ("train", "dev")]
        sets = [encode(part, tokenizer) for part, _ in rows]
        for seed in range(arguments.first, arguments.first + arguments.seeds):
            for method in METHODS:
                start = time.perf_counter()
                score = run(arguments, tokenizer, method, seed, sets, rows[0][1], float(epochs))
                print(json.dumps({
                    "task": task, "method": method, "seed": seed, "accuracy": score,
                    "seconds": round(time.perf_counter() - start, 1)}), flush=True)


if __name__ == "__main__":
    sys.exit(main())
