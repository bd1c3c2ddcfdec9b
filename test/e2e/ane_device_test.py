#!/usr/bin/env python3
"""Training on the ane device, whose framework is the stand-in of test/standin,
and on a simulated device: the same bits as on the CPU device, for every way
that weights reach a device, also beyond the compilations of one process and
after a kill, whether kernels compile beside the device or not; evaluation and
generation say the same; and what people see when the framework misbehaves.
Nothing here runs on an ANE."""
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
FLAGS = ["--data", os.path.join(ROOT, "models", "stories-val.txt"),
         "--accum", "2", "--lr", "1e-3", "--checkpoint-every", "2"]
STRATEGIES = {
    "packed": [],
    "param": ["--target=m4", "--weights=param"],
    "baked": ["--weights=baked"],
    "delta": ["--weights=delta"],
    # Weight gradients that are added to where they are.
    "max": ["--offload=max", "--target=m4", "--weights=param"],
    "max delta": ["--offload=max", "--target=m4", "--weights=delta"],
    "max optimizer": ["--offload=max,optimizer", "--target=m4", "--weights=param"],
}


def environment_of(library, out, faults=None):
    """Where a process finds the stand-in, and where that leaves its books."""
    os.makedirs(out + "-tmp", exist_ok=True)
    return dict(os.environ, ANEC_ANE_LIBRARY=library, TMPDIR=out + "-tmp",
                ANEC_STANDIN=json.dumps(faults or {}), ANEC_STANDIN_REPORT=out + "-books.json")


def check_books(out):
    """Nothing was called out of order, and nothing is left."""
    books = out + "-books.json"
    if not os.path.exists(books):
        return
    with open(books, encoding="utf-8") as file:
        found = json.load(file)
    if found["violations"] or found["alive"] or found["loaded"]:
        raise SystemExit(f"{out}: the stand-in complains: {found}")


def train(tools, library, bundle, out, faults=None, device="ane", steps=4, flags=()):
    """Status, what was printed, and the losses of a run."""
    environment = environment_of(library, out, faults)
    done = subprocess.run([os.path.join(tools, "ane-run"), "train", bundle, "--out", out,
                           "--device", device, "--steps", str(steps), *FLAGS, *flags],
                          env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True)
    check_books(out)
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
        for device, beside in (("ane", True), ("sim:m4", True), ("ane", False), ("cpu", True)):
            case = f"{name}-{device}-{beside}"
            found = train(tools, library, bundle, inside(case), device=device,
                          flags=["--overlap", "on" if beside else "off"])
            equal = found[0] == 0 and len(expected[2]) == 4 and found[2] == expected[2]
            print(f"{name} on {device}: losses "
                  f"{'equal' if equal else f'{found}, expected {expected}'}")
            counts = [{key: read_report(inside(each))[key]
                       for key in ("compiles", "reloads", "dispatches", "surface_bytes")}
                      for each in (f"{name}-cpu", case)] if equal else [0, 1]
            print(f"{name} on {device}: counters {counts[1]}")
            failures += not equal or counts[0] != counts[1]
            if equal:
                compiled = read_report(inside(case))["overlap"]["compile"]["background_ms"]
                print(f"{case}: {compiled:.1f} ms of compiling beside the device")
                failures += (compiled > 0) != (beside and name in ("baked", "delta", "max delta"))
    return failures


def hide_compiling(tools, library, inside):
    """A service that takes its time for compiles and dispatches alike: some of the
    one happens behind the other, and the bits are the same."""
    expected = train(tools, library, inside("baked"), inside("slow-cpu"), device="cpu")
    failures = 0
    for overlap in ("auto", "off"):
        out = inside("slow-" + overlap)
        found = train(tools, library, inside("baked"), out, device="sim:m4",
                      flags=["--fault", "slow-service,ms=20", "--overlap", overlap])
        compiling = read_report(out)["overlap"]["compile"]
        good = found[2] == expected[2] and (compiling["hidden_ms"] > 0) == (overlap == "auto")
        print(f"slow service, overlap {overlap}: {'good' if good else found}, "
              f"{compiling['hidden_ms']:.0f} of {compiling['background_ms']:.0f} ms of compiling "
              "at no cost")
        failures += not good
    return failures


def same_checkpoint(one, other):
    return all(filecmp.cmp(os.path.join(last_checkpoint(one), file),
                           os.path.join(last_checkpoint(other), file), shallow=False)
               for file in ("model.safetensors", "optimizer.safetensors"))


def resume(tools, library, inside):
    """Killed after a checkpoint, wherever it was, and resumed: the bits of a run that
    was not, also on another device."""
    failures = 0
    for name in ("packed", "baked", "delta"):
        expected = inside(name + "-cpu")
        for first, then in (("ane", "ane"), ("ane", "cpu"), ("cpu", "ane")):
            out = inside(f"{name}-{first}-killed-{then}")
            process = subprocess.Popen(
                [os.path.join(tools, "ane-run"), "train", inside(name), "--out", out, "--device",
                 first, "--steps", "4", "--quiet", *FLAGS], env=environment_of(library, out))
            while process.poll() is None and not os.path.exists(
                    os.path.join(out, "checkpoints", "2")):
                time.sleep(0.002)
            process.send_signal(signal.SIGKILL)
            process.wait()
            done = subprocess.run(
                [os.path.join(tools, "ane-run"), "train", inside(name), "--out", out, "--device",
                 then, "--steps", "4", "--quiet", "--resume", *FLAGS],
                env=environment_of(library, out), stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT, text=True, check=False)
            check_books(out)
            good = done.returncode == 0 and same_checkpoint(out, expected)
            print(f"{name} killed on {first}, resumed on {then}: "
                  f"{'the same bits' if good else done.stdout}")
            failures += not good
    return failures


def evaluate_and_generate(tools, library, inside):
    failures = 0
    commands = {
        "eval": ["--data", os.path.join(ROOT, "models", "stories-val.txt"), "--batches", "4"],
        "generate": ["--prompt", "Once upon a time", "--tokens", "24", "--temperature", "0"],
    }
    for name in ("packed", "baked"):
        for command, flags in commands.items():
            said = []
            for device in ("cpu", "ane"):
                out = inside(f"{name}-{command}-{device}")
                done = subprocess.run(
                    [os.path.join(tools, "ane-run"), command, inside(name), "--checkpoint",
                     inside(name + "-cpu"), "--device", device, *flags],
                    env=environment_of(library, out), stdout=subprocess.PIPE,
                    stderr=subprocess.STDOUT, text=True, check=False)
                check_books(out)
                said.append((done.returncode, done.stdout))
            good = said[0] == said[1] and said[0][0] == 0 and said[0][1]
            print(f"{command} of {name}: {'the same' if good else said}")
            failures += not good
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
    _, _, baked = train(tools, library, inside("baked"), inside("good-baked"))
    failures = 0
    cases = {
        # Passes by itself.
        "load fails once": ("packed", {"loadFailures": 1}, 0, [], losses),
        # The patches of the delta path take the old weights.
        "stale patches": ("delta", {"stalePatches": True}, 0,
                          ["note: kernels are compiled after each update"], None),
        "no patches": ("delta", {"refusesPatches": True}, 0, ["does not load patched ones"], None),
        # Of a kernel that compiles beside the device: tried again, or in a new process.
        "compile fails twice": ("baked", {"compileFailuresAfter": 20, "compileFailures": 2}, 0,
                                [], baked),
        "no compiles left": ("baked", {"compileLimit": 20}, 0, ["restarting: "], baked),
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
        failures += hide_compiling(options.bin, options.library, inside)
        failures += resume(options.bin, options.library, inside)
        failures += evaluate_and_generate(options.bin, options.library, inside)
        failures += cross_budget(options.bin, options.library, inside)
        failures += check_faults(options.bin, options.library, inside)
    return bool(failures)


if __name__ == "__main__":
    sys.exit(main())
