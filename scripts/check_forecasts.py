"""What scripts/check-forecasts compares."""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

PROGRAM = os.environ["HEADSTART_BINARY"]
METHODS = {
    "all": {"tune": "all"}, "all-bf16": {"tune": "all", "precision": "bf16"},
    "all-checkpointing": {"tune": "all", "gradient-checkpointing": "true"},
    "all-best": {"tune": "all", "select": "best"}, "bitfit": {"tune": "bitfit"}, "lora": {"tune": "lora(8)"},
    "head": {"tune": "head"}, "random": {"tune": "random(0.001)"},
}
DEFAULTS = {"max-length": "128", "batch": "32", "max-steps": "40"}


def sweep(folder, task, methods):
    path = Path(folder) / "sweep.yaml"
    lines = [f"  {name}: {{ {', '.join(f'{key}: {value}' for key, value in METHODS[name].items())} }}" for name in methods]
    defaults = ", ".join(f"{key}: {value}" for key, value in DEFAULTS.items())
    path.write_text("\n".join(["sweep: forecasts", "model: minilm-l6", f"tasks: [{task}]", "seeds: [1]",
                               f"defaults: {{ {defaults} }}", "methods:", *lines, ""]))
    return path


def plan(path, data):
    done = subprocess.run([PROGRAM, "plan", path, "--data", data, "--json"], check=True, stdout=subprocess.PIPE, text=True)
    return json.loads(done.stdout)


def peak(task, method, data, folder):
    settings = [word for key, value in (DEFAULTS | METHODS[method]).items() if key != "tune"
                for word in ("--set", f"{key}={value}")]
    child = subprocess.Popen([PROGRAM, "train", "--model", "minilm-l6", "--task", task, "--data", data, "--tune",
                              METHODS[method]["tune"], "--out", Path(folder) / "run", *settings],
                             stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(child.pid, 0)
    if status:
        sys.exit(f"scripts/check-forecasts: train ended with {status}")
    return usage.ru_maxrss * 1024


def main():
    data, tasks = sys.argv[1], " ".join(sys.argv[2:]).split()
    worst = {"memory": 0.0, "time": 0.0}
    for task in tasks:
        for method in METHODS:
            with tempfile.TemporaryDirectory() as folder:
                said = plan(sweep(folder, task, [method]), data)["groups"][0]["peakBytes"]
                error = said / (found := peak(task, method, data, folder)) - 1
            worst["memory"] = max(worst["memory"], abs(error))
            print(f"{task:5} {method:18} said {said / 2**20:6.0f} MiB, took {found / 2**20:6.0f}: {error:+6.1%}", flush=True)
        with tempfile.TemporaryDirectory() as folder:
            path = sweep(folder, task, METHODS)
            said = plan(path, data)["secondsLeft"]
            start = time.monotonic()
            subprocess.run([PROGRAM, "run", path, "--data", data, "--store", Path(folder) / "store", "--groups", "1"],
                           check=True, stdout=subprocess.DEVNULL)
            error = said / (found := time.monotonic() - start) - 1
        worst["time"] = max(worst["time"], abs(error))
        print(f"{task:5} all of them as one sweep: said {said:6.1f} s, took {found:6.1f}: {error:+6.1%}", flush=True)
    sys.exit(worst["memory"] > 0.1 or worst["time"] > 0.2)


if __name__ == "__main__":
    main()
