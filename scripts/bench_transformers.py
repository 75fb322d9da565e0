"""Tokens a second of fine-tuning or evaluating on SST-2, RTE or CB with transformers and peft, on this machine's processors.

PyTorch at its best that is still plain: texts tokenized beforehand, batches grouped by length and padded to their
longest, no Trainer around the loop, the attention that transformers prefers, the faster of AdamW's two implementations
and, where bf16 is allowed, of fp32 and bf16 autocast, unless --choice names them. Dropout, clipping and the schedule are on, as in headstart. Only
real tokens count.

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

WARM_UP_STEPS = 5
TRIAL_STEPS = 10
# Of texts, in the files of SST-2, RTE and CB.
COLUMNS = [("sentence",), ("sentence1", "sentence2"), ("premise", "hypothesis")]


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", required=True)
    parser.add_argument("--data", required=True, help="a task's file, as it is published")
    parser.add_argument("--tune", choices=["all", "bitfit", "lora", "head"], default="all")
    parser.add_argument("--evaluate", action="store_true", help="score the file rather than train on it")
    parser.add_argument("--precision", choices=["fp32", "bf16"], default="fp32", help="the least that is allowed")
    parser.add_argument("--choice", nargs=2, metavar=("ADAMW", "PRECISION"), help="what an earlier run found best")
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


class Work:
    """A model, and what is done with it in one of the ways that PyTorch can."""

    def __init__(self, arguments, tokenizer, examples, labels, implementation, precision):
        torch.manual_seed(arguments.seed)
        self.model = AutoModelForSequenceClassification.from_pretrained(
            arguments.model, num_labels=labels, dtype=torch.float32)
        self.attention = self.model.config._attn_implementation
        self.choose(arguments.tune)
        self.precision, self.batch, self.examples = precision, arguments.batch, examples
        self.padding = tokenizer.pad_token_id
        self.optimizer = torch.optim.AdamW(
            [p for p in self.model.parameters() if p.requires_grad], lr=2e-5, weight_decay=0.01, **{implementation: True})
        self.schedule = torch.optim.lr_scheduler.LambdaLR(
            self.optimizer, lambda step: max(0, 1 - step / (2 * arguments.steps)))
        self.batches = length_grouped_batches(examples, arguments.batch, random.Random(arguments.seed))

    def choose(self, tune):
        """What moves; a head is whatever comes after the backbone."""
        if tune == "lora":
            import peft
            settings = peft.LoraConfig(task_type="SEQ_CLS", r=8, lora_alpha=16, target_modules=["query", "value"])
            self.model = peft.get_peft_model(self.model, settings)
        elif tune != "all":
            for name, parameter in self.model.named_parameters():
                is_head = "classifier" in name or "pooler" in name
                parameter.requires_grad = is_head or tune == "bitfit" and name.endswith("bias")

    def loss(self, inputs):
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=self.precision == "bf16"):
            return self.model(**inputs).loss

    def train(self, steps):
        """Returns real tokens, padded tokens and seconds."""
        self.model.train()
        real = total = 0
        start = time.perf_counter()
        for _ in range(steps):
            inputs = padded(next(self.batches), self.padding)
            self.loss(inputs).backward()
            torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0, foreach=True)
            self.optimizer.step()
            self.schedule.step()
            self.optimizer.zero_grad(set_to_none=True)
            real += int(inputs["attention_mask"].sum())
            total += inputs["input_ids"].numel()
        return real, total, time.perf_counter() - start

    @torch.inference_mode()
    def evaluate(self, batches):
        """The same for up to so many batches of the file, sorted by length."""
        self.model.eval()
        order = sorted(self.examples, key=lambda example: len(example[0]), reverse=True)
        starts = range(0, len(order), self.batch)
        # Evenly from the long ones to the short ones.
        starts = starts[::max(1, len(starts) // batches)]
        real = total = 0
        start = time.perf_counter()
        for first in starts:
            inputs = padded(order[first:first + self.batch], self.padding)
            self.loss(inputs)
            real += int(inputs["attention_mask"].sum())
            total += inputs["input_ids"].numel()
        return real, total, time.perf_counter() - start


def main():
    arguments = parse_arguments()
    torch.set_num_threads(arguments.threads)
    tokenizer = AutoTokenizer.from_pretrained(arguments.model)
    examples, labels = read_examples(arguments.data, tokenizer, arguments.max_length)

    def begin(choice):
        work = Work(arguments, tokenizer, examples, labels, *choice)
        run = work.evaluate if arguments.evaluate else work.train
        run(WARM_UP_STEPS)
        return work, run

    def speed_of_trial(choice):
        real, _, seconds = begin(choice)[1](TRIAL_STEPS)
        return real / seconds

    precisions = ["fp32"] if arguments.precision == "fp32" else ["fp32", "bf16"]
    implementations = ["fused"] if arguments.evaluate else ["fused", "foreach"]
    choices = [(implementation, precision) for implementation in implementations for precision in precisions]
    if arguments.choice:
        choices = [tuple(arguments.choice)]
    best = max(choices, key=speed_of_trial) if len(choices) > 1 else choices[0]
    work, run = begin(best)
    real, total, seconds = run(arguments.steps)
    print(json.dumps({
        "tokensPerSecond": real / seconds, "tokens": real, "paddedTokens": total, "seconds": seconds,
        "steps": arguments.steps, "threads": torch.get_num_threads(), "optimizer": best[0], "precision": best[1],
        "attention": work.attention, "torch": torch.__version__,
        "transformers": transformers.__version__}))


if __name__ == "__main__":
    main()
