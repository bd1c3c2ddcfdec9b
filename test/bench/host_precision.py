#!/usr/bin/env python3
"""What --host-precision bf16 does to the loss curve.

    host_precision.py [--bin build/bin] [--steps 200]

Trains models/tiny-llama.ir on the bundled stories with f32 and with bf16 weight
gradients and classifier, on a device of f32 and on one of fp16, and by PyTorch in
f32 from the same weights in the same order. Prints the losses of every tenth
update, how far each curve is from PyTorch's, and validation losses at the end."""
import argparse
import os
import sys
import tempfile

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))
sys.path.insert(0, os.path.join(ROOT, "test", "e2e"))

import model_file  # noqa: E402
import reference_training  # noqa: E402
import safetensors_io  # noqa: E402
from tools_under_test import compile_model, last_checkpoint, train  # noqa: E402

MODEL = os.path.join(ROOT, "models", "tiny-llama.ir")
DATA = os.path.join(ROOT, "models", "stories-train.txt")
VALIDATION = os.path.join(ROOT, "models", "stories-val.txt")
FLAGS = {"accum": 1, "lr": 1e-3, "min_lr_frac": 0.1, "clip": 1.0, "weight_decay": 0.1,
         "beta1": 0.9, "beta2": 0.95, "seed": 1}
# --numerics and --host-precision of each curve.
CURVES = {"f32, f32": ("f32", "f32"), "f32, bf16": ("f32", "bf16"), "fp16, f32": ("ane", "f32"),
          "fp16, bf16": ("ane", "bf16")}


def flag_list(flags):
    return [text for name, value in flags.items()
            for text in ("--" + name.replace("_", "-"), repr(value))]


def initial_weights(options, bundle, folder):
    """An update with a learning rate of almost 0 leaves them as they are."""
    out = os.path.join(folder, "initial")
    train(options.bin, bundle, out, "--data", DATA, "--no-compact", "--numerics", "f32",
          *flag_list(dict(FLAGS, steps=1, warmup=0, lr=1e-30, weight_decay=0.0)))
    return safetensors_io.read(os.path.join(last_checkpoint(out), "model.safetensors"))


def line(first, cells):
    return f"{first:>10}" + "".join(f"{cell:>14}" for cell in cells)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--bin", default=os.path.join(ROOT, "build", "bin"))
    parser.add_argument("--steps", type=int, default=200)
    options = parser.parse_args()
    flags = dict(FLAGS, steps=options.steps, warmup=options.steps // 10)
    curves, validation = {}, {}
    with tempfile.TemporaryDirectory() as folder:
        bundle = compile_model(options.bin, MODEL, folder)
        weights = initial_weights(options, bundle, folder)
        tokens = reference_training.byte_tokens(DATA)
        curve = reference_training.train(weights, model_file.read(MODEL), tokens, flags)
        reference = [update["loss"] for update in curve]
        for name, (numerics, precision) in CURVES.items():
            metrics = train(options.bin, bundle, os.path.join(folder, name), "--data", DATA,
                            "--val", VALIDATION, "--val-every", str(options.steps), "--no-compact",
                            "--numerics", numerics, "--host-precision", precision,
                            *flag_list(flags))
            curves[name] = [update["loss"] for update in metrics]
            validation[name] = metrics[-1]["val_loss"]
    print(" ".join(["tiny-llama, stories-train.txt"] + flag_list(flags)))
    print("device, host precision; relative deviations from PyTorch 1.13 f32\n")
    print(line("update", ["PyTorch f32", *curves]))
    for update in [0, *range(9, options.steps, 10)]:
        print(line(update + 1, [f"{reference[update]:.5f}"]
                   + [f"{curve[update]:.5f}" for curve in curves.values()]))
    deviations = {name: [abs(a - b) / b for a, b in zip(curve, reference)]
                  for name, curve in curves.items()}
    print(line("largest", [""] + [f"{max(each):.1e}" for each in deviations.values()]))
    print(line("mean", [""] + [f"{sum(each) / len(each):.1e}" for each in deviations.values()]))
    print(line("validation", [""] + [f"{each:.5f}" for each in validation.values()]))


if __name__ == "__main__":
    sys.exit(main())
