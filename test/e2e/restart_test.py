#!/usr/bin/env python3
"""A run with baked weights compiles its kernels again after each update, and a
process of a simulated device may compile only so often: the run goes from one
process to the next by itself and ends with the bits of such a device without
the limit. It may be killed at any moment; nobody else can train it meanwhile; and a
budget that no update fits in is an error, not a loop."""
import filecmp
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time

from tools_under_test import ROOT, arguments, last_checkpoint, run

MODEL = os.path.join(ROOT, "models", "tiny-llama.ir")
UPDATES = 40
FLAGS = ["--data", os.path.join(ROOT, "models", "stories-val.txt"), "--val",
         os.path.join(ROOT, "models", "stories-val.txt"), "--val-every", "9", "--val-batches", "1",
         "--steps", str(UPDATES), "--lr", "1e-3", "--checkpoint-every", "5"]
KILLS = 6


def metrics(out):
    with open(os.path.join(out, "metrics.jsonl"), encoding="utf-8") as file:
        lines = [json.loads(line) for line in file]
    return [{key: line.get(key) for key in ("update", "loss", "grad_norm", "val_loss", "lr")}
            for line in lines]


def report(out):
    with open(os.path.join(out, "report.json"), encoding="utf-8") as file:
        return json.load(file)


def command(tools, bundle, out, *flags):
    return [os.path.join(tools, "ane-run"), "train", bundle, "--out", out, *FLAGS, *flags]


def train(tools, bundle, out, *flags):
    return subprocess.run(command(tools, bundle, out, *flags), stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, timeout=400, check=False)


def differences(expected, out):
    problems = []
    if metrics(out) != metrics(expected):
        problems.append(f"metrics {metrics(out)}, expected {metrics(expected)}")
    for file in ("model.safetensors", "optimizer.safetensors", "state.json"):
        if not filecmp.cmp(os.path.join(last_checkpoint(out), file),
                           os.path.join(last_checkpoint(expected), file), shallow=False):
            problems.append(f"{file} differs")
    return problems


def check(name, problems, note=""):
    print(f"{name}: {'; '.join(problems) if problems else 'good'}{note}", flush=True)
    return bool(problems)


def check_restarts(tools, bundle, expected, out):
    done = train(tools, bundle, out, "--device", "sim:m4", "--overlap", "on")
    if done.returncode:
        return check("restarts", [done.stderr])
    problems = differences(expected, out)
    limited, free = report(out), report(expected)
    restarts = limited["restarts"]
    if restarts < 2 or free["restarts"] != 0:
        problems.append(f"{restarts} and {free['restarts']} restarts")
    # Every process loads all kernels once more.
    if not free["compiles"] < limited["compiles"] <= 119 * (restarts + 1):
        problems.append(f"{limited['compiles']} compiles, without a limit {free['compiles']}")
    for key in ("updates", "micro_steps", "dispatches", "staging_bytes", "surface_bytes"):
        if limited[key] != free[key]:
            problems.append(f"{key} {limited[key]}, without a limit {free[key]}")
    # What ran beside the device in all processes, not only in the last one. An update
    # that misses a kernel, which compiles beside it, is begun once more.
    beside, found = free["overlap"]["host_ops"], limited["overlap"]["host_ops"]
    if beside < UPDATES or not beside <= found <= beside + restarts * beside / UPDATES:
        problems.append(f"{limited['overlap']} beside the device, without a limit {free['overlap']}")
    loads = free["overlap"]["compile"]["loads"]
    if loads < UPDATES or limited["overlap"]["compile"]["loads"] < loads:
        problems.append(f"{limited['overlap']} beside the device, without a limit {free['overlap']}")
    if done.stdout.count("restarting: ") != restarts:
        problems.append(f"expected {restarts} lines about restarts in {done.stdout}")
    return check("restarts", problems, f", {restarts} restarts, {limited['compiles']} compiles")


def check_lock(tools, bundle, out):
    """While a run trains and restarts, a second process is refused."""
    process = subprocess.Popen(command(tools, bundle, out, "--quiet", "--device", "sim:m4",
                                       "--compile-budget", "30"))
    while process.poll() is None and not os.path.exists(os.path.join(out, "metrics.jsonl")):
        time.sleep(0.01)
    problems, tries = [], 0
    while process.poll() is None and tries < 12:
        tries += 1
        other = train(tools, bundle, out, "--resume", "--quiet")
        if process.poll() is None and (other.returncode != 1 or
                                       "another process" not in other.stderr):
            problems.append(f"a second process ended with {other.returncode}, {other.stderr!r}")
        time.sleep(0.3)
    process.kill()
    process.wait()
    return check("lock", problems, f", {tries} tries")


def check_kills(tools, bundle, expected, out):
    """SIGKILL at random moments, restarts among them, then to the end."""
    dice = random.Random(7)
    flags = ["--quiet", "--device", "sim:m4", "--compile-budget", "30", "--resume"]
    for _ in range(KILLS):
        process = subprocess.Popen(command(tools, bundle, out, *flags))
        time.sleep(dice.uniform(0.3, 2.5))
        process.send_signal(signal.SIGKILL)
        process.wait()
    done = train(tools, bundle, out, *flags)
    problems = [done.stderr] if done.returncode else differences(expected, out)
    return check(f"killed {KILLS} times", problems)


def is_restarting(process):
    """Whether the process was replaced by one that was handed the run."""
    with open(f"/proc/{process.pid}/cmdline", "rb") as file:
        return b"--handover" in file.read()


def check_kills_in_restarts(tools, bundle, expected, out):
    """SIGKILL as soon as a new process has the old one's place, and a little later:
    before it has read what was handed over, while it compiles, when it trains."""
    flags = ["--quiet", "--device", "sim:m4", "--compile-budget", "30", "--resume"]
    kills = 0
    for delay in (0, 0.001, 0.004, 0.016, 0.064, 0.256):
        process = subprocess.Popen(command(tools, bundle, out, *flags))
        while process.poll() is None:
            if is_restarting(process):
                time.sleep(delay)
                process.send_signal(signal.SIGKILL)
                kills += 1
                break
            time.sleep(0.0005)
        process.wait()
    done = train(tools, bundle, out, *flags)
    problems = [done.stderr] if done.returncode else differences(expected, out)
    if kills < 3:
        problems.append(f"only {kills} restarts were seen")
    return check(f"killed in {kills} restarts", problems)


def check_loop(tools, bundle, out):
    """A process that cannot compile one update's kernels gives up at once."""
    done = train(tools, bundle, out, "--quiet", "--device", "sim:m4", "--compile-budget", "5")
    problems = []
    if done.returncode != 1 or done.stderr.count("\n") != 1:
        problems.append(f"exit status {done.returncode}, {done.stderr!r}")
    if "compile-budget" not in done.stderr:
        problems.append(f"no advice in {done.stderr!r}")
    done = train(tools, bundle, out, "--quiet", "--handover", "0,1")
    if done.returncode != 2 or done.stderr.count("\n") != 1:
        problems.append(f"a false handover: exit status {done.returncode}, {done.stderr!r}")
    return check("a budget too small", problems)


def main():
    tools = arguments(__doc__.split("\n", maxsplit=1)[0]).parse_args().bin
    failures = 0
    with tempfile.TemporaryDirectory() as folder:
        def inside(name):
            return os.path.join(folder, name)

        bundle = inside("baked")
        run([os.path.join(tools, "anec"), MODEL, "-o", bundle, "--batch=1", "--weights=baked"])
        expected = inside("expected")
        done = train(tools, bundle, expected, "--quiet", "--device", "sim:m4", "--overlap", "on",
                     "--compile-budget", "1000000")
        if done.returncode:
            raise SystemExit(done.stderr)
        failures += check_restarts(tools, bundle, expected, inside("restarted"))
        failures += check_lock(tools, bundle, inside("locked"))
        failures += check_kills(tools, bundle, expected, inside("killed"))
        failures += check_kills_in_restarts(tools, bundle, expected, inside("in-restarts"))
        failures += check_loop(tools, bundle, inside("small"))
    return bool(failures)


if __name__ == "__main__":
    sys.exit(main())
