#!/usr/bin/env python3
"""AdamW on the device: its programs, run alone, against PyTorch's; norms against
numpy; and runs that are killed, restarted by a failing device, skipped for
overflow or stopped in the middle of an update."""
import filecmp
import json
import math
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import numpy

import safetensors_io
from tools_under_test import ROOT, arguments, last_checkpoint, run

MODEL = os.path.join(ROOT, "models", "tiny-llama.ir")
DATA = os.path.join(ROOT, "models", "stories-val.txt")
COMPILE = ["--offload=max,optimizer", "--weights=param", "--target=m4"]
FLAGS = ["--data", DATA, "--accum", "2", "--no-compact", "--checkpoint-every", "2"]
UPDATES, RATE = 8, 1e-3
BETA1, BETA2, DECAY, EPSILON, CLIP = 0.9, 0.95, 0.1, 1e-8, 1.0
REST = 2048  # what the rest of a weight is multiplied by
LONGEST_SECONDS = 240


def step_error():
    """Of the distance that values move, root mean square. A step is a quotient
    of moments times three numbers, each rounded by up to 2^-12 of itself, and
    what moments were rounded by stays in them for 1 / (1 - beta) updates: the
    variances of independent roundings add up to (6 + 1 / (1 - beta1^2) + 1 /
    (1 - beta2^2)) 2^-24. Seen: 7e-4."""
    return math.sqrt(6 + 1 / (1 - BETA1 ** 2) + 1 / (1 - BETA2 ** 2)) * 2.0 ** -12


def norm_error():
    """Relative, of a sum of squares: magnitudes are exact but for 2^-14, their
    quotients and squares are rounded by 2^-11 each, and so is their sum."""
    return 4 * 2.0 ** -11


def check(name, problems, note=""):
    problems = [problem for problem in problems if problem]
    print(f"{name}: {'; '.join(problems) if problems else 'good'}{note}", flush=True)
    return bool(problems)


class Program:
    """A MIL program of a bundle, run on the CPU device."""

    def __init__(self, tools, bundle, name, folder):
        self.tools, self.folder = tools, folder
        # Where the constants of a bundle are beside it.
        self.path = shutil.copy(os.path.join(bundle, "kernels", name + ".mil"), bundle)
        with open(self.path, encoding="utf-8") as file:
            text = file.read()
        signature = re.search(r"func main<\w+>\((.*?)\)\s*\{", text, re.S).group(1)
        self.inputs = [(each, [int(size) for size in dims.split(",")]) for dims, each in
                       re.findall(r"tensor<fp16, \[([^\]]*)\]> (\w+)", signature)]
        self.outputs = re.search(r"\}\s*->\s*\((.*?)\)", text, re.S).group(1).split(", ")

    def __call__(self, *matrices):
        """Matrices [rows, columns] in the corner of each surface, in and out."""
        flags = []
        for (name, shape), matrix in zip(self.inputs, matrices):
            surface = numpy.zeros(shape, numpy.float16)
            surface[0, :matrix.shape[0], 0, :matrix.shape[1]] = matrix
            numpy.save(os.path.join(self.folder, name + ".npy"), surface)
            flags += ["--input", f"{name}={os.path.join(self.folder, name)}.npy"]
        run([os.path.join(self.tools, "ane-run"), "exec", self.path, *flags, "--output",
             self.folder])
        return [numpy.load(os.path.join(self.folder, name + ".npy"))[0, :, 0] for name
                in self.outputs]


def factors(rate, update, scale, unit, columns):
    """A row for each number of the update, as the documentation of nn.adamw and
    updateFactorsOf has them."""
    correction, root = 1 - BETA1 ** update, math.sqrt(1 - BETA2 ** update)
    half = 2.0 ** math.floor(math.log2(unit * scale) / 2)
    numbers = [half, unit * scale / half, 1 - BETA1, 1 - BETA2,
               max(unit * EPSILON * root, 2.0 ** -14), REST * rate * root / correction,
               REST * rate * DECAY]
    return numpy.repeat(numpy.float16(numbers)[:, None], columns, axis=1)


def check_update(tools, bundle, folder):
    """Thirty updates of a matrix whose gradients come at a loss scale, against
    torch.optim.AdamW in f64 with the gradients that fp16 holds."""
    import torch

    program = Program(tools, bundle, "update_512x192", folder)
    random = numpy.random.default_rng(1)
    shape, scale, unit = (512, 192), 4096.0, 2.0 ** 14
    start = random.normal(0, 0.02, shape).astype(numpy.float32)
    weight = start.astype(numpy.float16)
    rest = ((start - weight.astype(numpy.float32)) * REST).astype(numpy.float16)
    mean = root = numpy.zeros(shape, numpy.float16)
    value = torch.tensor(start.astype(numpy.float64), requires_grad=True)
    optimizer = torch.optim.AdamW([value], lr=1.0, betas=(BETA1, BETA2), eps=EPSILON,
                                  weight_decay=DECAY)
    typical = 1e-4 * numpy.exp(random.normal(0, 1.5, shape))
    for update in range(1, 31):
        rate = 3e-4 * (1 - update / 40)
        gradient = (typical * random.normal(0.3, 1, shape) * scale).astype(numpy.float16)
        weight, rest, mean, root = (found[:shape[0], :shape[1]] for found in program(
            weight, rest, mean, root, gradient,
            factors(rate, update, 1 / scale, unit, shape[1])))
        optimizer.param_groups[0]["lr"] = rate
        value.grad = torch.tensor(gradient.astype(numpy.float64) / scale)
        optimizer.step()
    expected = value.detach().numpy()
    found = weight.astype(numpy.float64) + rest.astype(numpy.float64) / REST
    moved = numpy.sqrt(numpy.mean((expected - start) ** 2))
    error = numpy.sqrt(numpy.mean((found - expected) ** 2)) / moved
    # A weight alone misses steps below half of its last place.
    alone = numpy.sqrt(numpy.mean((weight - expected) ** 2)) / moved
    problems = [] if error <= step_error() else [f"error {error:.1e}"]
    # Where a step is no larger than the weight, the rest is all that it missed: half
    # of its last place, and what a step is rounded by before it is added.
    missed = numpy.abs(rest.astype(numpy.float64)) / REST
    most = numpy.spacing(numpy.abs(weight)).astype(numpy.float64) / 2 + 2.0 ** -25
    if numpy.any((missed > most)[numpy.abs(weight) > 2.0 ** -9]):
        problems.append("rests are more than half of the last place of their weights")
    return check("update against PyTorch", problems,
                 f", error {error:.1e} of the distance, at most {step_error():.1e}; "
                 f"of weights without rests {alone:.1e}")


def check_squares(tools, bundle, folder):
    """Gradients from the smallest to the largest of fp16, rows of zeros, and an
    infinity, which must not come out finite."""
    program = Program(tools, bundle, "squares_512x192", folder)
    random = numpy.random.default_rng(2)
    size = numpy.exp2(random.uniform(-12, 14, (512, 1)))
    gradient = (size * random.normal(0, 0.5, (512, 192))).clip(-65504, 65504)
    gradient = gradient.astype(numpy.float16)
    gradient[100:110] = 0
    gradient[5] = 65504
    sums = lambda results: [each[:512, 0].astype(numpy.float64) for each in results]
    peaks, squares = sums(program(gradient))
    found = peaks ** 2 * squares
    expected = (gradient.astype(numpy.float64) ** 2).sum(axis=1)
    error = numpy.max(numpy.abs(found - expected) / numpy.maximum(expected, 1e-6))
    problems = [] if error <= norm_error() else [f"error {error:.1e}"]
    if numpy.any(found[100:110] != 0):
        problems.append("zeros have a norm")
    gradient[7, 3] = numpy.inf
    with numpy.errstate(invalid="ignore"):
        peaks, squares = sums(program(gradient))
        if numpy.isfinite((peaks ** 2 * squares).sum()):
            problems.append("infinity is lost")
    return check("sums of squares against numpy", problems,
                 f", within {error:.1e}, at most {norm_error():.1e}")


def metrics(out):
    with open(os.path.join(out, "metrics.jsonl"), encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def command(tools, bundle, out, *flags, steps=UPDATES, rate=RATE):
    return [os.path.join(tools, "ane-run"), "train", bundle, "--out", out, "--quiet", *FLAGS,
            "--steps", str(steps), "--lr", str(rate), *flags]


def train(tools, bundle, out, *flags, **numbers):
    return subprocess.run(command(tools, bundle, out, *flags, **numbers), stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, timeout=LONGEST_SECONDS, check=False)


def differences(expected, out):
    problems = []
    for key in ("loss", "grad_norm", "lr"):
        if [line[key] for line in metrics(out)] != [line[key] for line in metrics(expected)]:
            problems.append(f"{key} differs")
    for file in ("model.safetensors", "optimizer.safetensors", "state.json"):
        if not filecmp.cmp(os.path.join(last_checkpoint(out), file),
                           os.path.join(last_checkpoint(expected), file), shallow=False):
            problems.append(f"{file} differs")
    return problems


def check_resumed(tools, bundle, expected, out, *flags):
    process = subprocess.Popen(command(tools, bundle, out, *flags))
    first = os.path.join(out, "checkpoints", "2")
    while process.poll() is None and not os.path.exists(first):
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait()
    done = train(tools, bundle, out, *flags, "--resume")
    if done.returncode:
        return [done.stderr]
    return differences(expected, out)


def check_evaluation(tools, bundle, out):
    """What a checkpoint holds is what the device trained with."""
    done = run([os.path.join(tools, "ane-run"), "eval", bundle, "--checkpoint", out, "--data",
                DATA, "--batches", "2"])
    found = float(re.search(r"loss ([\d.]+)", done).group(1))
    expected = metrics(out)[-1]["val_loss"]
    return [] if abs(found - expected) <= 5.1e-5 else [f"loss {found}, expected {expected}"]


def check_skipped(tools, bundle, out):
    """No update at a loss scale whose gradients overflow: values stay what they
    were, to the 22 bits of weight and rest, or half of the smallest rest, 2^-24 /
    2048; and moments zero."""
    host = os.path.join(out, "host")
    run([os.path.join(tools, "anec"), MODEL, "-o", host])
    runs = {}
    for name, folder in (("device", bundle), ("host", host)):
        where = os.path.join(out, name + "-run")
        done = train(tools, folder, where, "--loss-scale", "1e12", steps=2)
        if done.returncode:
            return [done.stderr]
        if not all(line["skipped"] for line in metrics(where)):
            return [f"{name}: an update was not skipped"]
        runs[name] = [safetensors_io.read(os.path.join(last_checkpoint(where), file))
                      for file in ("model.safetensors", "optimizer.safetensors")]
    problems = []
    for name, initial in runs["host"][0].items():
        change = numpy.abs(runs["device"][0][name].astype(numpy.float64) - initial)
        if numpy.any(change > 2.0 ** -22 * abs(initial) + 2.0 ** -36):
            problems.append(f"{name} changed")
    for name, state in runs["device"][1].items():
        if not name.endswith(".rest") and numpy.any(state):
            problems.append(f"{name} is not 0")
    return problems


def check_stopped(tools, bundle, expected, out):
    """A device that fails while it changes weights leaves nothing to go on with
    but the last checkpoint, and says so."""
    done = train(tools, bundle, out, "--device", "sim:m4", "--fault",
                 "eval-error,after=25,kernel=update_512x192")
    if not done.returncode or "in the middle of update 4," not in done.stderr:
        return [f"exit status {done.returncode}: {done.stderr}"]
    kept = int(os.path.basename(last_checkpoint(out)))
    if kept >= 4:
        return [f"checkpoint {kept} of an update that failed"]
    done = train(tools, bundle, out, "--device", "sim:m4", "--resume")
    return [done.stderr] if done.returncode else differences(expected, out)


def main():
    tools = arguments(__doc__.split("\n")[0]).parse_args().bin
    failures = 0
    with tempfile.TemporaryDirectory() as folder:
        inside = lambda name: os.path.join(folder, name)
        bundle = inside("bundle")
        run([os.path.join(tools, "anec"), MODEL, "-o", bundle, *COMPILE])
        os.mkdir(inside("arrays"))
        failures += check_squares(tools, bundle, inside("arrays"))
        failures += check_update(tools, bundle, inside("arrays"))
        expected = inside("expected")
        done = train(tools, bundle, expected, "--val", DATA, "--val-batches", "2")
        failures += check("training", [done.stderr] if done.returncode else [])
        failures += check("evaluated", check_evaluation(tools, bundle, expected))
        valued = ["--val", DATA, "--val-batches", "2"]
        failures += check("killed and resumed",
                          check_resumed(tools, bundle, expected, inside("resumed"), *valued))
        plain = inside("plain")
        failures += check("simulated", [train(tools, bundle, plain, "--device", "sim:m4").stderr])
        exact = inside("exact")
        train(tools, bundle, exact, "--numerics", "f32")
        failures += check("killed and resumed, f32", check_resumed(
            tools, bundle, exact, inside("exact-resumed"), "--numerics", "f32"))
        done = train(tools, bundle, inside("restarted"), "--device", "sim:m4", "--fault",
                     "eval-error,after=40,kernel=layer_bwd_add")
        failures += check("restarted", [done.stderr] if done.returncode else
                          differences(plain, inside("restarted")))
        failures += check("stopped in an update",
                          check_stopped(tools, bundle, plain, inside("stopped")))
        os.mkdir(inside("skipped"))
        failures += check("skipped", check_skipped(tools, bundle, inside("skipped")))
        for flag, done in (("--clip", train(tools, bundle, inside("refused"), "--clip", "0")),
                           ("--beta2", train(tools, bundle, inside("refused"), "--beta2", "0.999")),
                           ("--lr", train(tools, bundle, inside("refused"), rate=9))):
            failures += check(f"refused {flag}", [] if done.returncode == 2 and
                              f"expects {flag} " in done.stderr else [done.stderr])
    return bool(failures)


if __name__ == "__main__":
    sys.exit(main())
