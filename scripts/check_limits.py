"""What scripts/check-limits measures."""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

PROGRAM = os.environ["HEADSTART_BINARY"]
LIMIT_MS, LIMITS_GIB = 500, {"all": 12, "bitfit": 4}


def fixed_milliseconds(data):
    """By method, from a stage's assignment to its accepted result, without the seconds of its steps and evaluations."""
    with tempfile.TemporaryDirectory() as folder:
        sweep, store = Path(folder) / "sweep.yaml", Path(folder) / "store"
        # What the first seed reads is kept for the second.
        sweep.write_text("sweep: fixed\nmodel: minilm-l6\ntasks: [sst2]\nseeds: [1, 2]\ndefaults: { max-steps: 1 }\n"
                         "methods: { head: { tune: head }, bitfit: { tune: bitfit }, all: { tune: all } }\n")
        subprocess.run([PROGRAM, "run", sweep, "--data", data, "--store", store], check=True, stdout=subprocess.DEVNULL)
        lines = subprocess.run([PROGRAM, "events", "--store", store], check=True, stdout=subprocess.PIPE, text=True)
        found = subprocess.run([PROGRAM, "results", "--store", store, "--json"], check=True, stdout=subprocess.PIPE, text=True)
    names = {row["key"]: row["method"] for row in json.loads(found.stdout)["rows"] if row["seed"] == 2}
    began, took = {}, {}
    for entry in map(json.loads, lines.stdout.splitlines()):
        (kind, event), = entry["event"].items()
        if kind == "started":
            began[event["stage"]] = entry["at"]
        elif kind == "stands" and event["state"] == "finished" and event["stage"] in names:
            took[names[event["stage"]]] = entry["at"] - began[event["stage"]] - 1000 * event["result"]["seconds"]
    if set(took) != {"head", "bitfit", "all"}:
        sys.exit(f"scripts/check-limits: only {', '.join(took) or 'nothing'} finished with the second seed")
    return took


def peak_gib(data, model, tune):
    with tempfile.TemporaryDirectory() as folder:
        child = subprocess.Popen([
            PROGRAM, "train", "--model", model, "--task", "sst2", "--data", data, "--tune", tune, "--set", "batch=32",
            "--set", "precision=bf16", "--set", "max-steps=3", "--out", Path(folder) / "run"], stdout=subprocess.DEVNULL)
        _, status, usage = os.wait4(child.pid, 0)
    if status:
        sys.exit(f"scripts/check-limits: train ended with {status}")
    return usage.ru_maxrss / 2**20


def main():
    data, model = sys.argv[1:]
    is_more = False
    for method, milliseconds in fixed_milliseconds(data).items():
        is_more |= milliseconds > LIMIT_MS
        print(f"{method}: {milliseconds:.0f} ms beside its steps and evaluations", flush=True)
    for tune, limit in LIMITS_GIB.items():
        gib = peak_gib(data, model, tune)
        is_more |= gib > limit
        print(f"RoBERTa-large, {tune}: {gib:.2f} GiB", flush=True)
    sys.exit(is_more)


if __name__ == "__main__":
    main()
