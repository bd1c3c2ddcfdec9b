#!/usr/bin/env python3
"""Each fault of a simulated device, injected during a run of 30 updates: the run
ends with the same losses as one without, or it stops with an error that says
what to do and leaves a checkpoint from which the rest gives the same losses.
Nothing hangs."""
import filecmp
import json
import os
import signal
import subprocess
import sys
import tempfile
import time

from tools_under_test import ROOT, arguments, last_checkpoint, run

MODEL = os.path.join(ROOT, "models", "tiny-llama.ir")
FLAGS = ["--data", os.path.join(ROOT, "models", "stories-val.txt"), "--steps", "30",
         "--lr", "1e-3", "--checkpoint-every", "8", "--device", "sim:strict"]
# Longer than any of these runs by far: what is not done then hangs.
LONGEST_SECONDS = 240

# A packed run dispatches 8 kernels an update and compiles 2; a baked one
# compiles 8 kernels before the first update and after each.
SURVIVED = {
    "a compiler that fails twice": ("packed", ["compile-failure,times=2"], False),
    "a compiler that fails in the middle": ("baked", ["compile-failure,after=60,times=3"], None),
    # Kernels compile beside the device there: what they miss is noticed later.
    "a compiler that fails too often": ("baked", ["compile-failure,after=61,times=6"], True),
    "a compiler that dies every few updates": ("baked",
                                               ["compile-failure,after=100,times=100000"], True),
    "a slow service that fails": ("baked",
                                  ["slow-service,ms=3", "compile-failure,after=37,times=2",
                                   "eval-error,after=90"], True),
    "one failed evaluation": ("packed", ["eval-error,after=100"], True),
    "one evaluation of one kernel": ("packed", ["eval-error,after=61,kernel=layer_bwd"], True),
    "zeros without an error": ("packed", ["silent-zeros,after=75"], True),
    "a slow service": ("packed", ["slow-service,ms=5"], False),
    "an evaluation without an answer": ("packed", ["slow-service,ms=60000,after=150"], True),
    "a poisoned process": ("packed", ["poisoned,after=101"], True),
    "two faults at once": ("packed", ["silent-zeros,after=90", "slow-service,ms=1"], True),
}
# Faults that come again at the same place in every new process.
STOPPED = {
    "evaluations that always fail": "eval-error,times=1000000",
    "a process that is poisoned from the start": "poisoned",
    "zeros in every update": "silent-zeros,after=3,times=1000000",
}


def losses(out):
    with open(os.path.join(out, "metrics.jsonl"), encoding="utf-8") as file:
        return [json.loads(line)["loss"] for line in file]


class Runs:
    def __init__(self, tools, folder):
        self.tools, self.folder, self.failures, self.bundles = tools, folder, 0, {}

    def bundle(self, weights):
        if weights not in self.bundles:
            out = os.path.join(self.folder, weights)
            # The smallest batch whose surfaces the target takes.
            run([os.path.join(self.tools, "anec"), MODEL, "-o", out, "--batch=1",
                 f"--weights={weights}"])
            self.bundles[weights] = out
        return self.bundles[weights]

    def train(self, weights, out, *flags):
        return subprocess.run(
            [os.path.join(self.tools, "ane-run"), "train", self.bundle(weights), "--out", out,
             "--quiet", *FLAGS, *flags], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            text=True, timeout=LONGEST_SECONDS, check=False)

    def good(self, weights):
        """The run without faults that others are compared with."""
        out = os.path.join(self.folder, weights + "-good")
        if not os.path.exists(out):
            done = self.train(weights, out)
            if done.returncode:
                raise SystemExit(done.stderr)
        return out

    def differences(self, weights, out):
        good = self.good(weights)
        problems = []
        if losses(out) != losses(good):
            problems.append(f"losses {losses(out)}, expected {losses(good)}")
        for file in ("model.safetensors", "optimizer.safetensors"):
            if not filecmp.cmp(os.path.join(last_checkpoint(out), file),
                               os.path.join(last_checkpoint(good), file), shallow=False):
                problems.append(f"{file} differs")
        return problems

    def say(self, name, problems, note=""):
        self.failures += bool(problems)
        print(f"{name}: {'; '.join(problems) if problems else 'the same bits'}{note}", flush=True)

    def survives(self, name, weights, faults, restarts):
        """`restarts`: whether there must be some; None when either will do."""
        out = os.path.join(self.folder, name)
        done = self.train(weights, out, *[word for fault in faults for word in ("--fault", fault)])
        if done.returncode:
            return self.say(name, [f"exit status {done.returncode}: {done.stderr}"])
        problems = self.differences(weights, out)
        with open(os.path.join(out, "report.json"), encoding="utf-8") as file:
            found = json.load(file)["restarts"]
        if restarts is not None and bool(found) != restarts:
            problems.append(f"{found} restarts")
        return self.say(name, problems, f", {found} restarts")

    def kill_after_a_checkpoint(self, out):
        process = subprocess.Popen(
            [os.path.join(self.tools, "ane-run"), "train", self.bundle("packed"), "--out", out,
             "--quiet", *FLAGS])
        while process.poll() is None and not os.path.exists(os.path.join(out, "checkpoints", "8")):
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
        process.wait()

    def stops(self, name, fault, trained):
        """A process that gets nowhere is replaced once, then the run stops: at
        its beginning, or where a killed run left a checkpoint."""
        out = os.path.join(self.folder, f"{name} {trained}")
        if trained:
            self.kill_after_a_checkpoint(out)
        done = self.train("packed", out, *["--resume"] * trained, "--fault", fault)
        problems = []
        if done.returncode != 1:
            problems.append(f"exit status {done.returncode}")
        if done.stderr.count("\n") != 1 or "--resume" not in done.stderr:
            problems.append(f"expected one line that names --resume, found {done.stderr!r}")
        done = self.train("packed", out, "--resume")
        problems += [done.stderr] if done.returncode else self.differences("packed", out)
        return self.say(f"{name}, {'later' if trained else 'at once'}", problems)


def main():
    tools = arguments(__doc__.split("\n", maxsplit=1)[0]).parse_args().bin
    with tempfile.TemporaryDirectory() as folder:
        runs = Runs(tools, folder)
        for name, (weights, faults, restarts) in SURVIVED.items():
            runs.survives(name, weights, faults, restarts)
        for name, fault in STOPPED.items():
            for trained in (False, True):
                runs.stops(name, fault, trained)
        file = os.path.join(folder, "faults.json")
        with open(file, "w", encoding="utf-8") as stream:
            json.dump({"format": 1, "faults": [{"kind": "eval-error", "after": 120}]}, stream)
        out = os.path.join(folder, "from a file")
        done = runs.train("packed", out, "--faults", file)
        runs.say("faults from a file",
                 [done.stderr] if done.returncode else runs.differences("packed", out))
        return bool(runs.failures)


if __name__ == "__main__":
    sys.exit(main())
