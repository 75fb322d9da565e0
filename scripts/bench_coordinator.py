"""What scripts/bench-coordinator measures: the real coordinator and workers that train nothing."""

import argparse
import contextlib
import json
import os
import shutil
import signal
import statistics
import subprocess
import sys
import time
from pathlib import Path

CACHE = Path(os.environ["HEADSTART_CACHE"])
PROGRAM = Path(os.environ["HEADSTART_BINARY"])
CROWD = PROGRAM.parent / "crowd"


def parse_arguments():
    parser = argparse.ArgumentParser(prog="scripts/bench-coordinator", description=__doc__)
    parser.add_argument("--workers", type=int, default=1000)
    parser.add_argument("--stages", type=int, default=100_000, help="of the sweep whose throughput is measured")
    parser.add_argument("--heads", type=int, default=1000, help="so many of its last stages yield a megabyte")
    parser.add_argument("--many", type=int, default=1_000_000, help="stages of the large sweep")
    parser.add_argument("--seconds", type=float, default=30, help="of each measurement that takes its time")
    parser.add_argument("--lease", type=int, default=10, help="seconds, where workers are lost")
    parser.add_argument("--small", action="store_true", help="all of it with few workers and stages, in seconds")
    parser.add_argument("--only", nargs="+", choices=MEASUREMENTS, default=list(MEASUREMENTS))
    parser.add_argument("--out", type=Path, default=CACHE / "bench" / time.strftime("coordinator-%Y-%m-%d-%H%M%S"),
                        help="a folder; its disk is the store's")
    parser.add_argument("--from", dest="caller", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    os.chdir(arguments.caller or ".")
    if arguments.small:
        arguments.workers, arguments.stages, arguments.heads, arguments.many = 40, 2000, 40, 4000
        arguments.seconds, arguments.lease = 2, 3
    arguments.out = arguments.out.resolve()
    return arguments


# Processes

class Process:
    """One that says a line of JSON when it is ready, and one when it is done."""

    def __init__(self, log, *words):
        self.child = subprocess.Popen(
            [str(CROWD), *map(str, words)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True)
        self.words = words

    def line(self):
        line = self.child.stdout.readline()
        if not line:
            sys.exit(f"scripts/bench-coordinator: this ended early: crowd {' '.join(map(str, self.words))}")
        return json.loads(line)

    def go(self):
        self.child.stdin.write("\n")
        self.child.stdin.flush()

    def end(self):
        with contextlib.suppress(ProcessLookupError):
            self.child.send_signal(signal.SIGCONT)
            self.child.terminate()
        self.child.wait()

    @property
    def cpu(self):
        """Seconds that all its threads have computed, from the clock that the kernel keeps of every process."""
        return time.clock_gettime((~self.child.pid << 3) | 2)

    @property
    def resident(self):
        for line in Path(f"/proc/{self.child.pid}/status").read_text(encoding="ascii").splitlines():
            if line.startswith("VmRSS:"):
                return 1024 * int(line.split()[1])
        return 0


class Bench:
    def __init__(self, arguments):
        self.arguments = arguments
        self.endpoint = None
        self.log = open(arguments.out / "log", "a", encoding="utf-8")

    def store(self, name):
        return self.arguments.out / "stores" / name

    @contextlib.contextmanager
    def coordinator(self, name, stages, **options):
        words = [word for key, value in options.items() for word in (f"--{key}", value)]
        process = Process(
            self.log, "coordinate", "--store", self.store(name), "--stages", stages, *words)
        try:
            process.start = process.line()
            self.endpoint = process.start["endpoint"]
            yield process
        finally:
            process.end()

    @contextlib.contextmanager
    def crowd(self, workers=None, **options):
        words = [word for key, value in options.items() for word in (f"--{key}", value)]
        process = Process(
            self.log, "work", "--endpoint", self.endpoint, "--workers", workers or self.arguments.workers, *words)
        try:
            process.line()
            yield process
        finally:
            process.end()

    def forget(self, name):
        shutil.rmtree(self.store(name), ignore_errors=True)

    @contextlib.contextmanager
    def large(self):
        """A coordinator that starts from a ledger of the large sweep, which is written once."""
        if not self.store("large").exists():
            with self.coordinator("large", self.arguments.many):
                pass
        with self.coordinator("large", self.arguments.many) as coordinator:
            yield coordinator


# Measurements: each gives what it found, and lines of the table: what, how much, and what is wanted

def fsync(bench):
    """What the store's disk takes to keep a page for good."""
    bench.store("fsync").mkdir(parents=True)
    file = os.open(bench.store("fsync") / "file", os.O_WRONLY | os.O_CREAT)
    seconds = []
    for _ in range(300):
        os.write(file, bytes(4096))
        begin = time.perf_counter()
        os.fsync(file)
        seconds.append(time.perf_counter() - begin)
    os.close(file)
    p50, p99 = quantile(seconds, 0.5), quantile(seconds, 0.99)
    return {"p50": p50, "p99": p99}, [
        ("an fsync of the store's disk", f"{1e3 * p50:.2f} ms, p99 {1e3 * p99:.2f} ms", ""),
        ("stages a second with an fsync for each change", f"{1 / (2 * p50):.0f}", ""),
    ]


def throughput(bench):
    arguments = bench.arguments
    with bench.coordinator("throughput", arguments.stages, heads=arguments.heads) as coordinator:
        with bench.crowd() as crowd:
            before = coordinator.cpu, crowd.cpu
            crowd.go()
            seen = crowd.line()
            used = coordinator.cpu - before[0], crowd.cpu - before[1]
    check(seen["accepted"] == arguments.stages, f"{seen['accepted']} of {arguments.stages} stages were accepted")
    check(seen["heads"] == arguments.heads, f"{seen['heads']} of {arguments.heads} heads came")
    check(seen["refused"] == 0, f"{seen['refused']} results were refused")
    kept = sum(1 for path in bench.store("throughput").glob("artifacts/*/*") if path.is_file())
    check(kept == arguments.heads, f"the store has {kept} artifacts of {arguments.heads}")
    rate = arguments.stages / seen["seconds"]
    bench.forget("throughput")
    found = {"seen": seen, "coordinatorCPU": used[0], "crowdCPU": used[1], "startup": coordinator.start}
    return found, [
        (f"accepted stages a second, durable, {arguments.heads} with a megabyte", f"{rate:.0f}", "5000"),
        ("coordinator's CPU for a stage", f"{1e3 * used[0] / arguments.stages:.3f} ms",
         f"the workers': {1e3 * used[1] / arguments.stages:.3f} ms"),
        ("broadcasts to all workers", f"{seen['broadcastBytes'] / 1e6:.1f} MB", ""),
    ]


def latency(bench):
    """Hand-outs while stages take as long as the load allows: a tenth and a quarter of the wanted rate."""
    found, rows = [], []
    for rate in (500, 1250):
        seconds = bench.arguments.workers / rate
        each = max(1, round(bench.arguments.seconds / seconds))
        with bench.coordinator(f"latency-{rate}", each * bench.arguments.workers):
            with bench.crowd(seconds=seconds, each=each) as crowd:
                crowd.go()
                seen = crowd.line()
        bench.forget(f"latency-{rate}")
        hand_outs, ends = seen["handOutMilliseconds"], seen["settlementMilliseconds"]
        found.append({"seen": seen, "secondsOfStage": seconds})
        rows += [
            (f"a hand-out, at {rate} stages a second",
             f"{hand_outs['p50']:.1f} ms, p99 {hand_outs['p99']:.1f} ms", "p99 10 ms"),
            ("a result's acceptance", f"{ends['p50']:.1f} ms, p99 {ends['p99']:.1f} ms", ""),
        ]
    return {"rates": found}, rows


def cost(bench):
    """CPU of a hand-out and its result, each worker having one, with few stages and with many."""
    arguments = bench.arguments

    def measured(coordinator):
        with bench.crowd(each=1, name=f"worker-{time.monotonic_ns()}") as crowd:
            before = coordinator.cpu
            crowd.go()
            seen = crowd.line()
            return (coordinator.cpu - before) / seen["accepted"]

    few, many = [], []
    for trial in range(3):
        with bench.coordinator(f"few-{trial}", arguments.workers + 1) as coordinator:
            few.append(measured(coordinator))
        bench.forget(f"few-{trial}")
    with bench.large() as coordinator:
        many = [measured(coordinator) for _ in range(3)]
    low, high = statistics.median(few), statistics.median(many)
    return {"few": few, "many": many}, [
        (f"CPU of a stage, of {arguments.workers}", f"{1e3 * low:.3f} ms", ""),
        (f"CPU of a stage, of {arguments.many}", f"{1e3 * high:.3f} ms, {high / low:.2f} times", "1.5 times"),
    ]


def memory(bench):
    """What a waiting stage takes: by how much a coordinator of twice as many is larger."""
    half = bench.arguments.many // 2
    with bench.coordinator("half", half):
        pass
    with bench.coordinator("half", half) as coordinator:
        small = coordinator.resident
    bench.forget("half")
    with bench.large() as coordinator:
        large = coordinator.resident
    each = (large - small) / (bench.arguments.many - half)
    return {"half": small, "all": large}, [("memory of a waiting stage", f"{each:.0f} bytes", "1024 bytes")]


def start(bench):
    """From a ledger of stages that all wait, and from one of which half are done."""
    arguments = bench.arguments
    with bench.large() as coordinator:
        waiting = coordinator.start["secondsToStart"]
    with bench.coordinator("done", arguments.many) as coordinator:
        with bench.crowd(each=arguments.many // 2 // arguments.workers) as crowd:
            crowd.go()
            done = crowd.line()["accepted"]
    with bench.coordinator("done", arguments.many) as coordinator:
        half = coordinator.start["secondsToStart"]
    bench.forget("done")
    return {"waiting": waiting, "done": done, "half": half}, [
        (f"start from a ledger of {arguments.many} stages", f"{waiting:.1f} s", "10 s"),
        (f"where {done} of them are done", f"{half:.1f} s", "10 s"),
    ]


def idle(bench):
    """Shares of a core with nobody there, with workers that train, and with workers that find nothing to do."""
    found = {}

    def share(coordinator):
        before = coordinator.cpu
        time.sleep(bench.arguments.seconds)
        return (coordinator.cpu - before) / bench.arguments.seconds

    with bench.large() as coordinator:
        # A large ledger is checked once after a start.
        time.sleep(15)
        found["alone"] = share(coordinator)
        with bench.crowd(seconds=3600, each=1) as crowd:
            crowd.go()
            time.sleep(2)
            found["training"] = share(coordinator)
    with bench.coordinator("idle", 1) as coordinator:
        with bench.crowd(seconds=3600) as crowd:
            crowd.go()
            time.sleep(2)
            found["waiting"] = share(coordinator)
    bench.forget("idle")
    return found, [
        ("of a core, with nobody there", percent(found["alone"]), "1 %"),
        ("with workers that all train", percent(found["training"]), ""),
        ("with workers that all wait", percent(found["waiting"]), ""),
    ]


def status(bench):
    seconds = []
    with bench.large():
        for _ in range(5):
            begin = time.perf_counter()
            subprocess.run([PROGRAM, "status", "--store", bench.store("large")], check=True, stdout=bench.log)
            seconds.append(time.perf_counter() - begin)
    middle = statistics.median(seconds)
    return {"seconds": seconds}, [(f"`status` of {bench.arguments.many} stages", f"{middle:.2f} s", "0.5 s")]


def lost(bench):
    """What stopped workers had is handed to others; stages are so short that some are free at any time."""
    arguments = bench.arguments
    few = max(1, arguments.workers // 100)
    with contextlib.ExitStack() as stack:
        stack.enter_context(bench.coordinator("lost", 200 * arguments.workers, lease=arguments.lease))
        workers = stack.enter_context(bench.crowd(arguments.workers - few, seconds=2.0, name="worker"))
        stopped = stack.enter_context(bench.crowd(few, seconds=3600, name="stopped", each=1))
        stopped.go()
        workers.go()
        time.sleep(arguments.lease)
        stopped.child.send_signal(signal.SIGSTOP)
        at = time.time()
        time.sleep(arguments.lease + 5)
        workers.child.terminate()
        seen = workers.line()
    bench.forget("lost")
    again = [entry["at"] - at for entry in seen["again"]]
    check(len(again) == few, f"{len(again)} of {few} stages of lost workers were handed out again")
    return {"lease": arguments.lease, "again": again}, [
        (f"a lost worker's stage is handed out again, lease {arguments.lease} s",
         f"after {min(again):.1f} to {max(again):.1f} s", f"{arguments.lease + 1} s"),
    ]


MEASUREMENTS = {
    "fsync": fsync, "throughput": throughput, "latency": latency, "cost": cost, "memory": memory, "start": start,
    "idle": idle, "status": status, "lost": lost,
}


def check(condition, complaint):
    if not condition:
        sys.exit(f"scripts/bench-coordinator: {complaint}")


def quantile(values, share):
    return sorted(values)[int(share * (len(values) - 1))]


def percent(share):
    return f"{100 * share:.2f} %"


def main():
    arguments = parse_arguments()
    arguments.out.mkdir(parents=True, exist_ok=True)
    # What a run that was killed has left.
    shutil.rmtree(arguments.out / "stores", ignore_errors=True)
    print(f"{arguments.workers} workers, {os.cpu_count()} cores for them and the coordinator\n\n"
          f"{'':56}{'measured':>28}   wanted", flush=True)
    bench = Bench(arguments)
    try:
        for name in arguments.only:
            found, lines = MEASUREMENTS[name](bench)
            with open(arguments.out / "measurements.jsonl", "a", encoding="utf-8") as file:
                file.write(json.dumps({"measurement": name, "workers": arguments.workers} | found) + "\n")
            for what, much, wanted in lines:
                print(f"{what:56}{much:>28}   {wanted}", flush=True)
    finally:
        shutil.rmtree(arguments.out / "stores", ignore_errors=True)
    print(f"\nHyperQueue 0.18, as published: below 0.1 ms a task; 70,000 tasks a second handed to 8,192 cores; nothing is "
          f"on a disk\nwhen it answers (its journal is off unless asked for, and flushed every 30 s).\n"
          f"Every measurement is in {arguments.out / 'measurements.jsonl'}.")


if __name__ == "__main__":
    main()
