"""Tokens a second of full fine-tuning on SST-2 with transformers, fp32, on this machine's processors.

PyTorch at its best that is still plain: texts tokenized beforehand, batches grouped by length and padded to their
longest, no Trainer around the loop, the attention that transformers prefers, the faster of AdamW's two
implementations. Dropout, clipping and the schedule are on, as in headstart. Only real tokens count.

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


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", required=True)
    parser.add_argument("--train", required=True, help="SST-2's train.tsv")
    parser.add_argument("--steps", type=int, default=200)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--max-length", type=int, default=128)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    return parser.parse_args()


def read_examples(path, tokenizer, max_length):
    with open(path, encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    ids = tokenizer([row["sentence"] for row in rows], truncation=True, max_length=max_length)["input_ids"]
    return list(zip(ids, (int(row["label"]) for row in rows)))


def length_grouped_batches(examples, batch, rng):
    """As the Trainer's group_by_length: shuffled, then sorted by length within 50 batches at a time."""
    order = list(range(len(examples)))
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
    def __init__(self, arguments, tokenizer, examples, implementation, steps):
        torch.manual_seed(arguments.seed)
        self.model = AutoModelForSequenceClassification.from_pretrained(
            arguments.model, num_labels=2, dtype=torch.float32)
        self.model.train()
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
            self.model(**inputs).loss.backward()
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
    examples = read_examples(arguments.train, tokenizer, arguments.max_length)

    def seconds_of_trial(implementation):
        training = Training(arguments, tokenizer, examples, implementation, TRIAL_STEPS)
        training.run(5)
        return training.run(TRIAL_STEPS)[2]

    implementation = min(("fused", "foreach"), key=seconds_of_trial)
    training = Training(arguments, tokenizer, examples, implementation, arguments.steps)
    training.run(WARM_UP_STEPS)
    real, total, seconds = training.run(arguments.steps)
    print(json.dumps({
        "tokensPerSecond": real / seconds, "tokens": real, "paddedTokens": total, "seconds": seconds,
        "steps": arguments.steps, "threads": torch.get_num_threads(), "optimizer": f"AdamW({implementation})",
        "attention": training.model.config._attn_implementation, "torch": torch.__version__,
        "transformers": transformers.__version__}))


if __name__ == "__main__":
    main()
