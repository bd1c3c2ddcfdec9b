#!/usr/bin/env python3
"""Training on the ane device, whose framework is the stand-in of test/standin,
and on a simulated device: the same bits as on the CPU device, for every way
that weights reach a device, also beyond the compilations of one process, and
what people see when the framework misbehaves. Nothing here runs on an ANE."""
import json
import os
import subprocess
import sys
import tempfile

from tools_under_test import ROOT, arguments, run

MODEL = os.path.join(ROOT, "models", "tiny-llama.ir")
FLAGS = ["--data", os.path.join(ROOT, "models", "stories-val.txt"),
         "--accum", "2", "--lr", "1e-3", "--checkpoint-every", "2"]
STRATEGIES = {
    "packed": [],
    "param": ["--target=m4", "--weights=param"],
    "baked": ["--weights=baked"],
    "delta": ["--weights=delta"],
}


def train(tools, library, bundle, out, faults=None, device="ane", steps=4):
    """Status, what was printed, and the losses of a run."""
    environment = dict(os.environ, ANEC_ANE_LIBRARY=library, TMPDIR=out + "-tmp",
                       ANEC_STANDIN=json.dumps(faults or {}))
    os.mkdir(environment["TMPDIR"])
    done = subprocess.run([os.path.join(tools, "ane-run"), "train", bundle, "--out", out,
                           "--device", device, "--steps", str(steps), *FLAGS],
                          env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True)
    losses = []
    metrics = os.path.join(out, "metrics.jsonl")
    if os.path.exists(metrics):
        with open(metrics, encoding="utf-8") as file:
            losses = [json.loads(line)["loss"] for line in file]
    left = os.listdir(environment["TMPDIR"])
    if left:
        raise SystemExit(f"{out}: left temporary files {left}")
    return done.returncode, done.stdout, losses


def read_report(out):
    with open(os.path.join(out, "report.json"), encoding="utf-8") as file:
        return json.load(file)


def compare_strategies(tools, library, inside):
    failures = 0
    for name, flags in STRATEGIES.items():
        bundle = inside(name)
        run([os.path.join(tools, "anec"), MODEL, "-o", bundle, *flags])
        expected = train(tools, library, bundle, inside(name + "-cpu"), device="cpu")
        for device in ("ane", "sim:m4"):
            found = train(tools, library, bundle, inside(f"{name}-{device}"), device=device)
            equal = found == (0, found[1], expected[2]) and len(found[2]) == 4
            print(f"{name} on {device}: losses "
                  f"{'equal' if equal else f'{found}, expected {expected}'}")
            counts = [{key: read_report(inside(f"{name}-{each}"))[key]
                       for key in ("compiles", "reloads", "dispatches", "surface_bytes")}
                      for each in ("cpu", device)] if equal else [0, 1]
            print(f"{name} on {device}: counters {counts[1]}")
            failures += not equal or counts[0] != counts[1]
    return failures


def expect(name, outcome, status, parts, losses=None):
    wrong = [part for part in parts if part not in outcome[1]]
    if outcome[0] != status or wrong or losses not in (None, outcome[2]):
        print(f"{name}: status {outcome[0]}, {len(outcome[2])} losses, without {wrong}:\n"
              f"{outcome[1]}")
        return 1
    print(f"{name}: as expected")
    return 0


def check_faults(tools, library, inside):
    _, _, losses = train(tools, library, inside("packed"), inside("good"))
    failures = 0
    cases = {
        # Passes by itself.
        "load fails once": ("packed", {"loadFailures": 1}, 0, [], losses),
        # The patches of the delta path take the old weights.
        "stale patches": ("delta", {"stalePatches": True}, 0,
                          ["note: kernels are compiled after each update"], None),
        "no patches": ("delta", {"refusesPatches": True}, 0, ["does not load patched ones"], None),
        # Goes on in a new process, where the device works again for a while.
        "0x1d in update 3": ("packed", {"failAfter": 45}, 0, [], losses),
        "zeros in update 3": ("packed", {"zerosAfter": 45}, 0, [], losses),
        "other strides": ("packed", {"attributes": "stride"}, 1, ["bytes per row"], []),
        "no method": ("packed", {"missingMethod": "modelAttributes"}, 1,
                      ["has no method 'modelAttributes'"], []),
    }
    for name, (bundle, faults, status, parts, expected) in cases.items():
        out = inside(name.replace(" ", "-"))
        outcome = train(tools, library, inside(bundle), out, faults)
        failures += expect(name, outcome, status, parts, expected)
        if "update 3" in name:
            restarts = read_report(out)["restarts"]
            print(f"{name}: {restarts} restarts")
            failures += restarts == 0
    outcome = train(tools, "/nowhere", inside("packed"), inside("nowhere"))
    return failures + expect("no framework", outcome, 1,
                             ["device 'ane' expects a Mac with Apple silicon"], [])


def cross_budget(tools, library, inside):
    """16 updates of 8 baked kernels are more compilations than a process has."""
    bundle = inside("baked")
    expected = train(tools, library, bundle, inside("long-cpu"), device="cpu", steps=16)
    found = train(tools, library, bundle, inside("long-ane"), steps=16)
    restarts = read_report(inside("long-ane"))["restarts"]
    equal = found[0] == 0 and found[2] == expected[2] and len(found[2]) == 16
    print(f"baked beyond the budget: losses {'equal' if equal else f'{found}, {expected}'}, "
          f"{restarts} restarts")
    return (not equal) + (restarts == 0)


def main():
    parser = arguments(__doc__.split("\n")[0])
    parser.add_argument("--library", required=True, help="the stand-in")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        def inside(name):
            return os.path.join(folder, name)

        failures = compare_strategies(options.bin, options.library, inside)
        failures += cross_budget(options.bin, options.library, inside)
        failures += check_faults(options.bin, options.library, inside)
    return bool(failures)


if __name__ == "__main__":
    sys.exit(main())
