"""What scripts/bench-ranks measures: training with one rank and with two, over networks of several speeds."""

import argparse
import json
import os
import re
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
PROGRAM = os.environ["HEADSTART_BINARY"]
MINILM = Path(os.environ["HEADSTART_MODELS"]) / "all-MiniLM-L6-v2"
TUNES = {"all": "all", "lora": "lora(r=8, alpha=16, modules=query+value)", "bitfit": "bitfit"}
TESTBED = HERE.parent / "cluster/testbed"
HOSTS = os.environ.get("TESTBED_HOSTS", "").split()
BATCH = 32
PAPER = [8, 64, 512]
# MiniLM's numbers: the word embedding, of which a step sends the rows that it touched, and what is final last.
WORDS, HIDDEN, LAYER, OTHER_EMBEDDINGS = 30522, 384, 1_774_464, (512 + 2 + 2) * 384
ROWS_TOUCHED = 330
# What part of a step's computation the backward pass is, from the first whole bucket to its end.
HIDDEN_SHARE = 0.5


def checked_network(text):
    if text != "local" and not re.fullmatch(r"[1-9]\d*[mg]bit", text):
        raise argparse.ArgumentTypeError(f"'{text}' is neither local nor a rate, as 100mbit or 10gbit")
    return text


def parse_arguments():
    parser = argparse.ArgumentParser(prog="scripts/bench-ranks", description=__doc__)
    parser.add_argument("--data", required=True, type=Path, help="a directory with sst2")
    parser.add_argument("--tunes", nargs="+", choices=TUNES, default=list(TUNES))
    parser.add_argument("--networks", nargs="+", type=checked_network, default=["local", "1gbit", "10gbit", "25gbit"],
                        help="local, or a rate, as 100mbit or 10gbit")
    parser.add_argument("--wires", nargs="+", choices=["fp32", "bf16"], default=["fp32", "bf16"])
    parser.add_argument("--precision", choices=["fp32", "bf16", "auto"], default="fp32", help="of the products")
    parser.add_argument("--trials", type=int, default=5)
    parser.add_argument("--steps", type=int, default=60, help="of a measurement")
    parser.add_argument("--out", type=Path, default=CACHE / "bench" / time.strftime("ranks-%Y-%m-%d-%H%M%S"))
    parser.add_argument("--from", dest="caller", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    os.chdir(arguments.caller or ".")
    arguments.data = arguments.data.resolve()
    if arguments.networks != ["local"] and not HOSTS:
        # Two hosts, each with a core of its own.
        os.execv(TESTBED, [TESTBED, "--hosts", "2", "--pin", sys.executable, HERE / "bench_ranks.py", *sys.argv[1:]])
    return arguments


# Hosts

def launcher(network):
    """What stands before the program so that it runs as two ranks."""
    if network == "local":
        return ["mpirun", "--quiet", "--bind-to", "core", "-n", "2"]
    subprocess.run([TESTBED, "--rate", network], check=True)
    return ["mpirun", "--quiet", "--bind-to", "none", "-n", "2", "--host", ",".join(f"{host}:1" for host in HOSTS),
            "--mca", "btl", "tcp,self"]


# Measurements

def start(command, **variables):
    return subprocess.Popen([str(word) for word in command], stdout=subprocess.PIPE, text=True,
                            env=os.environ | variables)


def last_line(process):
    output = process.communicate()[0]
    if process.returncode:
        sys.exit(f"scripts/bench-ranks: this failed: {' '.join(process.args)}")
    return json.loads(output.splitlines()[-1])


def train(before, arguments, tune, wire, batch, seed, out):
    # mpirun looks for options of its own behind the program's name, too, and has a --tune.
    return start([
        *before, PROGRAM, "train", "--model", MINILM, "--task", "sst2", "--data", arguments.data, "--task-file",
        HERE.parent / "configs/tasks.yaml", f"--tune={TUNES[tune]}", "--seed", seed, "--set", f"batch={batch}", "--set",
        "max-length=128", "--set", f"precision={arguments.precision}", "--set", f"allreduce={wire}", "--set",
        f"max-steps={arguments.steps}", "--threads", 1, "--out", out, "--json"])


def measure(arguments, folder):
    """Rows by (tune, network, wire), each with its measurements; all of one trial before the next."""
    cells = [(network, wire) for network, wire in product(arguments.networks, arguments.wires)]
    rows = {(tune, *cell): [] for tune in arguments.tunes for cell in [("one", ""), ("half", "")] + cells}
    for trial in range(1, arguments.trials + 1):
        for tune in arguments.tunes:
            def run(key, *starts):
                found = [last_line(process) for process in starts]
                shutil.rmtree(folder / "runs", ignore_errors=True)
                rows[(tune, *key)].append(statistics.mean(line["tokensPerSecond"] for line in found))
                return found[0]

            alone = ["taskset", "-c", "0"]
            line = run(("one", ""), train(alone, arguments, tune, "fp32", BATCH, trial, folder / "runs/one"))
            rows[tune, "trainable"], rows[tune, "tokens"] = line["trainable"], line["tokens"] / line["steps"]
            # What a rank of two computes, while the other one does so too and nothing is summed.
            run(("half", ""), *[
                train(["taskset", "-c", str(core)], arguments, tune, "fp32", BATCH // 2, trial + core,
                      folder / f"runs/half-{core}") for core in range(2)])
            for network, wire in cells:
                run((network, wire), train(
                    launcher(network), arguments, tune, wire, BATCH, trial, folder / "runs/two"))
        print(f"trial {trial} of {arguments.trials}", file=sys.stderr, flush=True)
    return rows


def sent(tune, trainable):
    """Numbers that a rank gives in a step, those of them that are final at its end, and bytes that say which words it has."""
    if tune != "all":
        return trainable, 0, 0
    rows = ROWS_TOUCHED * HIDDEN
    dense = trainable - WORDS * HIDDEN
    return dense + rows, LAYER + OTHER_EMBEDDINGS + rows, WORDS


def costs(arguments, steps):
    """By network what sums cost, and by how much each of the steps is longer with 2 ranks and more."""
    found = {}
    for network in arguments.networks:
        asked = [word for step in steps for word in ["--step", ":".join(map(str, step))]]
        # What sums cost on these networks is nothing that plans of this machine should find.
        found[network] = last_line(start(
            [*launcher(network), PROGRAM, "bench", "--json", *asked], HEADSTART_CACHE=str(arguments.out)))
    return found


def report(arguments, rows):
    median = {key: statistics.median(values) for key, values in rows.items() if len(key) == 3}
    keys, steps = [], []
    for tune, wire in product(arguments.tunes, arguments.wires):
        compute = rows[tune, "tokens"] / 2 / median[tune, "half", ""]
        keys.append((tune, wire))
        steps.append((*sent(tune, rows[tune, "trainable"]), wire, HIDDEN_SHARE * compute))
    cost = costs(arguments, steps)
    for network in arguments.networks:
        if fit := cost[network].get("cost"):
            print(f"{network}: {fit['bytesPerSecond'] / 1e6:.0f} MB/s, {fit['latency'] * 1e6:.0f} us a message, "
                  f"{100 * fit['overlap']:.0f} % of it while ranks compute")
    print(f"\nreal tokens a second, median of {arguments.trials} (lowest to highest); batch {BATCH}, a thread a rank\n")
    print(f"{'tune':8}{'network':9}{'wire':6}{'one rank':>9}  {'two ranks':24}{'efficiency':>11}{'predicted':>11}"
          f"{'error':>7}" + "".join(f"{f'{ranks} ranks':>14}" for ranks in PAPER))
    lines = []
    for tune, network, wire in product(arguments.tunes, arguments.networks, arguments.wires):
        values, one = rows[tune, network, wire], median[tune, "one", ""]
        tokens, compute = rows[tune, "tokens"], rows[tune, "tokens"] / 2 / median[tune, "half", ""]
        found = cost[network]["steps"]
        exposed = found[keys.index((tune, wire))]["exposedSeconds"] if found else {}
        # Every rank has as many examples as with two ranks.
        speeds = {int(ranks): int(ranks) * tokens / 2 / (compute + seconds) for ranks, seconds in exposed.items()}
        two = median[tune, network, wire]
        line = {"tune": tune, "network": network, "wire": wire, "precision": arguments.precision,
                "one": rows[tune, "one", ""], "half": rows[tune, "half", ""], "two": values,
                "efficiency": two / one / 2, "tokensOfStep": tokens, "cost": cost[network].get("cost"),
                "predicted": speeds.get(2), "paper": {str(ranks): speeds.get(ranks) for ranks in PAPER}}
        lines.append(line)
        spread = f"{two:.0f} ({min(values):.0f} to {max(values):.0f})"
        predicted = f"{speeds[2]:>11.0f}{100 * (speeds[2] / two - 1):>+6.0f}%" if speeds else f"{'':18}"
        paper = "".join(
            f"{f'{speeds[ranks]:.0f} ({100 * speeds[ranks] / ranks / (tokens / 2 / compute):.0f} %)':>14}"
            for ranks in PAPER) if speeds else ""
        print(f"{tune:8}{network:9}{wire:6}{one:>9.0f}  {spread:24}{100 * line['efficiency']:>9.0f} %{predicted}{paper}")
    with open(arguments.out / "rows.jsonl", "w", encoding="utf-8") as file:
        file.writelines(json.dumps(line) + "\n" for line in lines)
    with open(arguments.out / "sums.jsonl", "w", encoding="utf-8") as file:
        file.writelines(json.dumps({"network": network} | cost[network]) + "\n" for network in arguments.networks)
    print(f"\nThe last columns are on paper: {BATCH // 2} examples a rank, and their share of as many ranks that sum nothing."
          f"\nEvery measurement is in {arguments.out / 'rows.jsonl'}.")


def main():
    arguments = parse_arguments()
    arguments.out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        report(arguments, measure(arguments, Path(folder)))


if __name__ == "__main__":
    main()
