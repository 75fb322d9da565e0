"""Tokens a second of full fine-tuning on SST-2, RTE or CB with transformers, on this machine's processors.

PyTorch at its best that is still plain: texts tokenized beforehand, batches grouped by length and padded to their
longest, no Trainer around the loop, the attention that transformers prefers, the faster of AdamW's two
implementations and, where bf16 is allowed, of fp32 and bf16 autocast. Dropout, clipping and the schedule are on, as in headstart. Only real tokens count.

The last line is JSON.
"""

import argparse
import csv
import json
import os
import random
import time

os.environ["TRANSFORMERS_VERBOSITY"] = "error"
os.environ["HF_HUB_DISABLE_PROGRESS_BARS"] = "1"

import torch
import transformers
from transformers import AutoModelForSequenceClassification, AutoTokenizer

WARM_UP_STEPS = 10
TRIAL_STEPS = 15
# Of texts, in the files of SST-2, RTE and CB.
COLUMNS = [("sentence",), ("sentence1", "sentence2"), ("premise", "hypothesis")]


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", required=True)
    parser.add_argument("--train", required=True, help="a task's training file, as it is published")
    parser.add_argument("--precision", choices=["fp32", "bf16"], default="fp32", help="the least that is allowed")
    parser.add_argument("--steps", type=int, default=200)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--max-length", type=int, default=128)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    return parser.parse_args()


def read_examples(path, tokenizer, max_length):
    with open(path, encoding="utf-8", newline="") as file:
        if path.endswith(".jsonl"):
            rows = [json.loads(line) for line in file if line.strip()]
        else:
            rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    columns = next(names for names in COLUMNS if all(name in rows[0] for name in names))
    texts = [[row[name] for row in rows] for name in columns]
    ids = tokenizer(*texts, truncation=True, max_length=max_length)["input_ids"]
    labels = sorted({row["label"] for row in rows})
    return list(zip(ids, (labels.index(row["label"]) for row in rows))), len(labels)


def length_grouped_batches(examples, batch, rng):
    """As the Trainer's group_by_length: shuffled, then sorted by length within 50 batches at a time; for ever."""
    order = list(range(len(examples)))
    while True:
        rng.shuffle(order)
        for start in range(0, len(order), 50 * batch):
            group = sorted(order[start:start + 50 * batch], key=lambda i: len(examples[i][0]), reverse=True)
            batches = [group[i:i + batch] for i in range(0, len(group), batch)]
            rng.shuffle(batches)
            yield from ([examples[i] for i in indices] for indices in batches if len(indices) == batch)


def padded(batch, padding):
    longest = max(len(ids) for ids, _ in batch)
    ids = torch.full((len(batch), longest), padding)
    mask = torch.zeros((len(batch), longest), dtype=torch.long)
    for row, (tokens, _) in enumerate(batch):
        ids[row, :len(tokens)] = torch.tensor(tokens)
        mask[row, :len(tokens)] = 1
    return {"input_ids": ids, "attention_mask": mask, "labels": torch.tensor([label for _, label in batch])}


class Training:
    def __init__(self, arguments, tokenizer, examples, labels, implementation, precision, steps):
        torch.manual_seed(arguments.seed)
        self.model = AutoModelForSequenceClassification.from_pretrained(
            arguments.model, num_labels=labels, dtype=torch.float32)
        self.model.train()
        self.precision = precision
        self.optimizer = torch.optim.AdamW(
            self.model.parameters(), lr=2e-5, weight_decay=0.01, **{implementation: True})
        self.schedule = torch.optim.lr_scheduler.LambdaLR(self.optimizer, lambda step: 1 - step / (2 * steps))
        self.padding = tokenizer.pad_token_id
        self.batches = length_grouped_batches(examples, arguments.batch, random.Random(arguments.seed))

    def run(self, steps):
        """Returns real tokens, padded tokens and seconds."""
        real = total = 0
        start = time.perf_counter()
        for _ in range(steps):
            inputs = padded(next(self.batches), self.padding)
            with torch.autocast("cpu", dtype=torch.bfloat16, enabled=self.precision == "bf16"):
                loss = self.model(**inputs).loss
            loss.backward()
            torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0, foreach=True)
            self.optimizer.step()
            self.schedule.step()
            self.optimizer.zero_grad(set_to_none=True)
            real += int(inputs["attention_mask"].sum())
            total += inputs["input_ids"].numel()
        return real, total, time.perf_counter() - start


def main():
    arguments = parse_arguments()
    torch.set_num_threads(arguments.threads)
    tokenizer = AutoTokenizer.from_pretrained(arguments.model)
    examples, labels = read_examples(arguments.train, tokenizer, arguments.max_length)

    def speed_of_trial(choice):
        training = Training(arguments, tokenizer, examples, labels, *choice, TRIAL_STEPS)
        training.run(5)
        real, _, seconds = training.run(TRIAL_STEPS)
        return real / seconds

    precisions = ["fp32"] if arguments.precision == "fp32" else ["fp32", "bf16"]
    choices = [(implementation, precision) for implementation in ("fused", "foreach") for precision in precisions]
    best = max(choices, key=speed_of_trial)
    training = Training(arguments, tokenizer, examples, labels, *best, arguments.steps)
    training.run(WARM_UP_STEPS)
    real, total, seconds = training.run(arguments.steps)
    print(json.dumps({
        "tokensPerSecond": real / seconds, "tokens": real, "paddedTokens": total, "seconds": seconds,
        "steps": arguments.steps, "threads": torch.get_num_threads(), "optimizer": f"AdamW({best[0]})",
        "precision": best[1],
        "attention": training.model.config._attn_implementation, "torch": torch.__version__,
        "transformers": transformers.__version__}))


if __name__ == "__main__":
    main()
