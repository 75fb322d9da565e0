"""What scripts/bench measures: headstart and PyTorch in turns, a row for each model, task and way of tuning."""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from itertools import product
from pathlib import Path

HERE = Path(__file__).resolve().parent
CACHE = Path(os.environ["HEADSTART_CACHE"])
FILES = {"sst2": ("train.tsv", "dev.tsv"), "rte": ("train.tsv", "dev.tsv"), "cb": ("train.jsonl", "val.jsonl")}
# As bench_transformers.py leaves out of PyTorch's.
WARM_UP_STEPS = 5
TUNES = {"all": "all", "bitfit": "bitfit", "lora": "lora(r=8, alpha=16, modules=query+value)", "head": "head"}


def parse_arguments():
    parser = argparse.ArgumentParser(prog="scripts/bench", description=__doc__)
    parser.add_argument("--data", required=True, type=Path, help="a directory with the tasks' folders")
    parser.add_argument("--models", nargs="+", choices=["minilm", "bert-base", "roberta-large"], default=["minilm"])
    parser.add_argument("--tasks", nargs="+", choices=FILES, default=["sst2"])
    parser.add_argument("--tunes", nargs="+", default=["all"],
                        help=f"of {', '.join(TUNES)}; with --alone whatever headstart can tune")
    parser.add_argument("--precisions", nargs="+", choices=["fp32", "bf16"], default=["fp32", "bf16"])
    parser.add_argument("--max-length", type=int, default=128, help="tokens that are left of a text")
    parser.add_argument("--repetitions", type=int, default=5)
    parser.add_argument("--steps", type=int, default=60, help="of a measurement; a third and a tenth for the larger models")
    parser.add_argument("--evaluate", action="store_true", help="evaluation rather than training")
    parser.add_argument("--alone", action="store_true", help="headstart without PyTorch beside it")
    parser.add_argument("--baseline", help="a headstart of an earlier checkout, which takes its turns as well")
    parser.add_argument("--out", type=Path, default=CACHE / "bench" / time.strftime("%Y-%m-%d-%H%M%S"))
    parser.add_argument("--from", dest="caller", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    os.chdir(arguments.caller or ".")
    return arguments


def model_folder(name, python):
    """MiniLM is the real one; the others have their shapes and random weights."""
    minilm = Path(os.environ["HEADSTART_MODELS"]) / "all-MiniLM-L6-v2"
    folder = minilm if name == "minilm" else CACHE / "bench" / name
    if not folder.exists():
        making = folder.with_suffix(".making")
        shutil.rmtree(making, ignore_errors=True)
        subprocess.run([python, HERE / "random_model.py", name, minilm, making], check=True)
        making.rename(folder)
    return folder


def last_line(command):
    done = subprocess.run([str(word) for word in command], stdout=subprocess.PIPE, text=True)
    if done.returncode:
        sys.exit(f"scripts/bench: this failed: {' '.join(map(str, command))}")
    return json.loads(done.stdout.splitlines()[-1])


def headstart(program, row, arguments, seed):
    with tempfile.TemporaryDirectory() as work:
        line = last_line([
            program, "train", "--model", row["folder"], "--task", row["task"], "--data", arguments.data,
            "--task-file", HERE.parent / "configs/tasks.yaml", "--tune", TUNES.get(row["tune"], row["tune"]), "--seed", seed,
            "--set", "batch=32", "--set", f"max-length={arguments.max_length}", "--set", f"precision={row['precision']}",
            "--out", f"{work}/run", "--json"
        ] + (["--set", "max-steps=1", "--phases"] if arguments.evaluate else
             # No --warm-up-steps in an earlier checkout: its first steps count.
             ["--set", f"max-steps={WARM_UP_STEPS + row['steps']}"]
             + (["--warm-up-steps", WARM_UP_STEPS] if program != arguments.baseline else [])))
    if not arguments.evaluate:
        return line["tokensPerSecond"]
    seconds = next(entry["seconds"] for entry in line["phases"]["entries"] if entry["phase"] == "evaluation")
    return row["evaluatedTokens"] / seconds


def transformers(python, row, arguments, seed):
    file = FILES[row["task"]][1 if arguments.evaluate else 0]
    return last_line([
        python, HERE / "bench_transformers.py", "--model", row["folder"], "--data",
        arguments.data / row["task"] / file, "--tune", row["tune"], "--precision", row["precision"],
        "--steps", 10**6 if arguments.evaluate else row["steps"], "--max-length", arguments.max_length, "--seed", seed
    ] + (["--evaluate"] if arguments.evaluate else [])
        + (["--choice", row["pytorch"]["optimizer"], row["pytorch"]["precision"]] if "pytorch" in row else []))


def measure(row, arguments, python):
    """Adds lists of tokens a second to the row, all of one repetition before the next."""
    sides = ["headstart"] + (["baseline"] if arguments.baseline else []) + ([] if arguments.alone else ["transformers"])
    row.update({side: [] for side in sides})
    if arguments.evaluate:
        row["evaluatedTokens"] = transformers(python, row, arguments, 1)["tokens"]
    for seed in range(1, arguments.repetitions + 1):
        row["headstart"].append(headstart(os.environ["HEADSTART_BINARY"], row, arguments, seed))
        if arguments.baseline:
            row["baseline"].append(headstart(arguments.baseline, row, arguments, seed))
        if not arguments.alone:
            found = transformers(python, row, arguments, seed)
            row["transformers"].append(found["tokensPerSecond"])
            row["pytorch"] = {key: found[key] for key in ["precision", "optimizer", "attention", "torch", "transformers"]}


def spread(row, side):
    values = row[side]
    return f"{statistics.median(values):.0f} ({min(values):.0f} to {max(values):.0f})"


def ratio(row, side):
    return statistics.median(row["headstart"]) / statistics.median(row[side])


def plot(rows, out):
    """Bars of the ratios to PyTorch, where gnuplot is there."""
    rows = [row for row in rows if "transformers" in row]
    if not rows or not shutil.which("gnuplot"):
        return
    data = "\n".join(f'"{row["model"]} {row["task"]}\\n{row["tune"]} {row["precision"]}" {ratio(row, "transformers"):.3f}'
                     for row in rows)
    (out / "ratios.gnuplot").write_text(
        f"$rows << END\n{data}\nEND\nset terminal svg size {max(480, 110 * len(rows))},420 font 'sans,11'\n"
        f"set output '{out / 'ratios.svg'}'\nset style fill solid 0.8\nset boxwidth 0.7\nset yrange [0:*]\n"
        "set ylabel 'tokens a second, as a multiple of PyTorch'\nset grid ytics\nunset key\n"
        "plot $rows using 0:2:xtic(1) with boxes lc rgb '#4477aa', 1 with lines lc rgb '#666666', "
        "$rows using 0:2:(sprintf('%.2f', $2)) with labels offset 0,0.7\n")
    subprocess.run(["gnuplot", out / "ratios.gnuplot"], check=True)
    print(f"The plot is {out / 'ratios.svg'}.")


def main():
    arguments = parse_arguments()
    python = sys.executable
    arguments.out.mkdir(parents=True, exist_ok=True)
    rows = []
    for model, task, tune, precision in product(
            arguments.models, arguments.tasks, arguments.tunes, arguments.precisions):
        steps = {"minilm": arguments.steps, "bert-base": arguments.steps // 3, "roberta-large": arguments.steps // 10}
        row = {"model": model, "task": task, "tune": tune, "precision": precision, "steps": max(4, steps[model]),
               "maxLength": arguments.max_length, "kind": "evaluation" if arguments.evaluate else "training",
               "folder": str(model_folder(model, python))}
        measure(row, arguments, python)
        rows.append(row)
        with open(arguments.out / "rows.jsonl", "a", encoding="utf-8") as file:
            file.write(json.dumps(row) + "\n")
        beside = "".join(f"  {side} {spread(row, side)}  x {ratio(row, side):.2f}"
                         for side in ["transformers", "baseline"] if side in row)
        print(f"{model} {task} {tune} {precision}: {spread(row, 'headstart')} tokens/s{beside}", flush=True)
    plot(rows, arguments.out)
    print(f"Every measurement is in {arguments.out / 'rows.jsonl'}.")


if __name__ == "__main__":
    main()
