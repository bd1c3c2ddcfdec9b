#!/usr/bin/env python3
"""--host-precision bf16: gradients and losses are those of PyTorch where PyTorch
rounds the same operands, and losses stay beside those of f32; the same bits for
any number of threads and after a restart; refused where it means nothing."""
import filecmp
import json
import os
import subprocess
import sys
import tempfile

import model_file
from safetensors_io import read
from tools_under_test import ROOT, arguments, has_torch, last_checkpoint, run, train

MODEL = os.path.join(ROOT, "models", "tiny-llama.ir")
DATA = os.path.join(ROOT, "models", "stories-train.txt")
# One sequence of 32, as in strategies_test.py.
SIZES = {"batch": 1, "sequence": 32}
FLAGS = {"steps": 100, "accum": 2, "lr": 3e-4, "min_lr_frac": 0.1, "warmup": 10, "clip": 1.0,
         "weight_decay": 0.1, "beta1": 0.9, "beta2": 0.95, "seed": 1}
BF16 = ["--host-precision", "bf16"]


# Neighbours in bf16 are 2^-8 to 2^-7 of a number apart.
STEP = 2.0 ** -7.5


def flips():
    """Of norm(difference) / norm(gradient), both sides rounding the same way. Their
    f32 values differ by up to 3e-6 (loss_curve_test.py) before they are rounded,
    so that 3e-6 / STEP of the operands are rounded to the other side, each off by
    STEP and in any direction: 1.8e-4 for products of two. Twice that, since the
    gradient of a gain is a sum of such gradients that partly cancel."""
    return 2 * (2 * 3e-6 / STEP) ** 0.5 * STEP


def rounding():
    """What rounding does to the gradient of a weight at least: an operand is off by
    STEP / sqrt(12), root mean square, and a sum of products of two independent
    ones by sqrt(2) times that, 2.3e-3, where terms do not agree; a quarter of it
    where they do, or where some are not rounded (the embedding's)."""
    return STEP / 12 ** 0.5 * 2 ** 0.5 / 4


def bf16_noise():
    """Relative, of a loss. The argument of strategies_test.py: roundings of one
    update are independent of those of the next, a random walk of 100 steps of at
    most 2^-9 each, half of what neighbours in bf16 are apart. Seen: 5e-4."""
    return FLAGS["steps"] ** 0.5 * 2.0 ** -9


def flag_list(flags):
    return [text for name, value in flags.items()
            for text in ("--" + name.replace("_", "-"), repr(value))]


def losses(metrics):
    return [update["loss"] for update in metrics]


def worst(found, expected):
    return max(abs(a - b) / b for a, b in zip(found, expected))


class Checker:
    def __init__(self, tools, folder):
        self.tools, self.folder, self.failures = tools, folder, 0

    def expect(self, condition, message):
        print(("" if condition else "FAILED: ") + message)
        self.failures += not condition

    def path(self, name):
        return os.path.join(self.folder, name)

    def compile(self, name, *flags):
        run([os.path.join(self.tools, "anec"), MODEL, "-o", self.path(name),
             f"--batch={SIZES['batch']}", f"--seq={SIZES['sequence']}", *flags])
        return self.path(name)

    def train(self, bundle, name, *flags):
        return train(self.tools, bundle, self.path(name), "--data", DATA, *flags)

    def refuses(self, what, flags, expected):
        command = [os.path.join(self.tools, "ane-run"), "train", *flags]
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.expect(done.returncode == 2 and expected in done.stdout
                    and len(done.stdout.splitlines()) == 1, f"{what}: {done.stdout.strip()}")

    def gradients(self, bundle, name, *flags):
        """Initial weights, and gradients of the first micro-step, from AdamW's first
        moment after an update that leaves the weights as they are."""
        once = dict(FLAGS, steps=1, accum=1, lr=1e-30, warmup=0, clip=1e30, weight_decay=0.0)
        self.train(bundle, name, "--numerics", "f32", "--no-compact", *flag_list(once), *flags)
        checkpoint = last_checkpoint(self.path(name))
        weights = read(os.path.join(checkpoint, "model.safetensors"))
        moments = read(os.path.join(checkpoint, "optimizer.safetensors"))
        return weights, {tensor: moments[tensor + ".m"] / (1 - FLAGS["beta1"])
                         for tensor in weights}


def compare_gradients(check, bundle, config, tokens):
    import numpy
    import reference_training
    from rounded_llama import RoundedLlama

    def off(found, expected):
        return {name: numpy.linalg.norm(found[name] - each) / numpy.linalg.norm(each)
                for name, each in expected.items()}

    weights, found = check.gradients(bundle, "once-bf16", *BF16)
    _, exact = check.gradients(bundle, "once-f32")
    model = RoundedLlama(weights, config)
    model.loss(*reference_training.micro_step(tokens, config, FLAGS["seed"], 0)).backward()
    expected = {name: p.grad.numpy() for name, p in model.parameters.items()}
    differences, effects = off(found, expected), off(found, exact)
    name = max(differences, key=differences.get)
    check.expect(differences[name] <= flips(),
                 f"gradients: {len(found)} tensors within {differences[name]:.1e} of PyTorch's"
                 f" ({name}), at most {flips():.1e}")
    name = min((name for name in effects if found[name].ndim == 2), key=effects.get)
    check.expect(effects[name] >= rounding(),
                 f"rounding changes weight gradients by {effects[name]:.1e} ({name}) to"
                 f" {max(effects.values()):.1e}, at least {rounding():.1e}")
    return weights


def compare_curves(check, bundle, config, tokens, weights):
    curves = {}
    for precision in ("f32", "bf16"):
        curves[precision] = losses(check.train(
            bundle, "curve-" + precision, "--numerics", "f32", "--no-compact",
            "--host-precision", precision, *flag_list(FLAGS)))
    if weights:
        import reference_training
        from rounded_llama import RoundedLlama
        curve = reference_training.train(weights, config, tokens, FLAGS)
        curves["PyTorch f32"] = losses(curve)
        curve = reference_training.train_model(
            RoundedLlama(weights, config),
            lambda number: reference_training.micro_step(tokens, config, FLAGS["seed"], number),
            FLAGS)
        curves["PyTorch, operands rounded"] = losses(curve)
    found = curves["bf16"]
    print(f"bf16: loss {found[0]:.4f} -> {found[-1]:.4f} in {len(found)} updates")
    check.expect(len(found) == FLAGS["steps"] and found[-1] < 0.7 * found[0]
                 and found != curves["f32"], "bf16 learns, and is not f32")
    for name, curve in curves.items():
        if name != "bf16":
            check.expect(worst(found, curve) <= bf16_noise(),
                         f"bf16: within {worst(found, curve):.1e} of {name}, at most"
                         f" {bf16_noise():.1e}")
    if weights:
        near, far = (worst(found, curves[name])
                     for name in ("PyTorch, operands rounded", "PyTorch f32"))
        check.expect(near < far / 2, "bf16 follows the PyTorch that rounds, not the other")


def check_equalities(check, bundle):
    """fp16, three micro-steps, active rows of the vocabulary."""
    flags = ["--steps", "4", "--accum", "3", "--checkpoint-every", "2", *BF16]
    expected = losses(check.train(bundle, "threads-1", *flags, "--threads", "1"))
    weights = os.path.join(last_checkpoint(check.path("threads-1")), "model.safetensors")
    for name, others in {"threads-2": ["--threads", "2"], "beside": ["--overlap", "on"]}.items():
        found = losses(check.train(bundle, name, *flags, *others))
        same = os.path.join(last_checkpoint(check.path(name)), "model.safetensors")
        check.expect(found == expected and filecmp.cmp(weights, same, shallow=False),
                     f"{name}: the same bits")


def check_refusals(check, bundle):
    same = [bundle, "--data", DATA, "--steps", "4", "--accum", "3", "--out",
            check.path("threads-1"), "--resume", "--quiet"]
    with open(os.path.join(check.path("threads-1"), "run.json"), encoding="utf-8") as file:
        check.expect(json.load(file)["mathematics"]["host_precision"] == "bf16",
                     "run.json has host_precision")
    check.refuses("another precision on resume", same, "host_precision")
    device = check.compile("device", "--offload=max")
    check.refuses("no product on the host", [device, "--data", DATA, "--steps", "1", "--out",
                                             check.path("none"), *BF16], "--host-precision f32")
    check.expect(not os.path.exists(check.path("none")), "nothing is left of it")


def check_bench(check, bundle):
    found = {}
    for precision in ("f32", "bf16"):
        text = run([os.path.join(check.tools, "ane-run"), "bench", bundle, "--steps", "1",
                    "--host-precision", precision, "--json"])
        found[precision] = json.loads(text)
    check.expect(all(each["host_precision"] == name for name, each in found.items())
                 and found["f32"]["host_arithmetic"] in ("multiply_add", "amx", "accelerate")
                 and found["bf16"]["host_arithmetic"] in ("multiply_add", "dot_product", "amx",
                                                      "accelerate")
                 and found["f32"]["loss"] != found["bf16"]["loss"], "bench says and does it")


def main():
    tools = arguments(__doc__.split("\n")[0]).parse_args().bin
    with tempfile.TemporaryDirectory() as folder:
        check = Checker(tools, folder)
        bundle = check.compile("bundle")
        config, tokens, weights = dict(model_file.read(MODEL), **SIZES), None, None
        if has_torch():
            import reference_training
            tokens = reference_training.byte_tokens(DATA)
            weights = compare_gradients(check, bundle, config, tokens)
        else:
            print("gradients: not compared, PyTorch is not installed")
        compare_curves(check, bundle, config, tokens, weights)
        check_equalities(check, bundle)
        check_refusals(check, bundle)
        check_bench(check, bundle)
    return bool(check.failures)


if __name__ == "__main__":
    sys.exit(main())
