#!/usr/bin/env python3
"""Models that are no transformers go through the same compiler: a perceptron, a
small CNN, and one of every other op.

Each is compiled in several ways; the number of kernels is as expected, its
gradients agree with central differences in f64 and with PyTorch. The first two
are trained: in f32 every loss is PyTorch's (recorded), in fp16 it stays near and
falls. With --record PyTorch trains from the initial weights of ane-run.

    /usr/bin/python3 test/e2e/small_models_test.py --record
"""
import importlib.util
import json
import os
import subprocess
import sys
import tempfile

from tools_under_test import (ROOT, arguments, has_torch, last_checkpoint, read_recorded, run,
                              train, write_recorded)

FLAGS = {"steps": 60, "accum": 1, "lr": 1e-2, "min_lr_frac": 0.1, "warmup": 5, "clip": 1.0,
         "weight_decay": 0.1, "beta1": 0.9, "beta2": 0.95, "seed": 1}
# Model: batch, dispatches of a micro-step, and by how much training must at
# least divide the loss: a third of what PyTorch's run does.
TRAINED = {"mlp": (256, 2, 3.0), "cnn": (16, 2, 3.0)}
WAYS = {"packed": [], "baked": ["--weights=baked"], "delta": ["--weights=delta"],
        "packed m4": ["--target=m4"], "param m4": ["--target=m4", "--weights=param"],
        "offload none": ["--offload=none"]}


def f32_tolerance():
    """Relative. Both sides are f32 and differ by the order of sums of up to 4096
    terms, 4096^0.5 * 2^-24 = 4e-6, which 60 updates amplify."""
    return 1e-3


def fp16_noise():
    """Relative to the first loss. Values are rounded by up to 2^-11 = 5e-4 some
    ten times between data and loss, and 60 updates add up."""
    return 2e-2


def gradient_tolerance():
    """Of norm(difference) / norm(gradient) per tensor: f32 sums of up to 4096
    terms; a wrong rule differs by about 1."""
    return 1e-4


def path_of(name):
    folder = "models" if name in TRAINED else os.path.join("test", "e2e")
    return os.path.join(ROOT, folder, name + ".ir")


def make_samples(folder):
    """The files of models/make_samples.py, where numpy is installed."""
    run([sys.executable, "-B", os.path.join(ROOT, "models", "make_samples.py"), "--out", folder])


def compile_as(tools, name, out, flags):
    text = subprocess.run([os.path.join(tools, "anec"), path_of(name), "-o", out,
                           "--report=json", *flags], check=True, stdout=subprocess.PIPE).stdout
    return json.loads(text)


def flag_list(flags):
    return [text for name, value in flags.items()
            for text in ("--" + name.replace("_", "-"), repr(value))]


def check(name, problem):
    print(f"{name}: {problem or 'right'}")
    return bool(problem)


def check_gradients(tools, name, bundle):
    done = subprocess.run([os.path.join(tools, "ane-run"), "gradcheck", bundle, "--samples", "6"],
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    summary = done.stdout.strip().splitlines()[-1]
    print(f"{name}: gradients: {summary}")
    return done.returncode != 0


def torch_batch(rows, batch, number, seed):
    from reference_training import draw_position
    import torch
    picked = [draw_position(seed, number * batch + i, len(rows)) for i in range(batch)]
    return torch.tensor(rows[picked])


def compare_with_torch(tools, name, bundle, folder):
    """Gradients of one batch, from the same parameters and data."""
    import numpy
    import safetensors_io
    from small_reference import MODELS
    data, dump = (os.path.join(folder, name + end) for end in ("-one.npy", ".safetensors"))
    random = numpy.random.RandomState(3)
    out = os.path.join(folder, name + "-initial")
    if name in TRAINED:
        rows, batch = numpy.load(os.path.join(folder, name + ".npy")), TRAINED[name][0]
    else:
        rows, batch = random.normal(0, 1, (8, 128 + 128)).astype(numpy.float32), 8
    numpy.save(data, rows)
    train(tools, bundle, out, "--data", data, "--numerics", "f32", "--steps", "1", "--lr", "1e-30",
          "--weight-decay", "0", "--seed", "1")
    weights = os.path.join(last_checkpoint(out), "model.safetensors")
    run([os.path.join(tools, "ane-run"), "gradcheck", bundle, "--numerics", "f32", "--init",
         weights, "--data", data, "--seed", "1", "--dump", dump])
    model = MODELS[name](safetensors_io.read(weights))
    model.loss(torch_batch(rows, batch, 0, 1)).backward()
    ours, worst = safetensors_io.read(dump), 0.0
    for tensor, parameter in model.parameters.items():
        expected = parameter.grad.numpy()
        difference = numpy.linalg.norm(ours[tensor] - expected) / numpy.linalg.norm(expected)
        worst = max(worst, difference)
    print(f"{name}: gradients differ from PyTorch's by {worst:.1e} of {gradient_tolerance():.0e}")
    return not worst <= gradient_tolerance()


def record(tools, name, bundle, folder):
    """PyTorch's losses from the initial weights of ane-run."""
    import numpy
    import reference_training
    import safetensors_io
    from small_reference import MODELS
    out = os.path.join(folder, name + "-record")
    data = os.path.join(folder, name + ".npy")
    train(tools, bundle, out, "--data", data, "--numerics", "f32",
          *flag_list(dict(FLAGS, steps=1, lr=1e-30, warmup=0, weight_decay=0.0)))
    weights = safetensors_io.read(os.path.join(last_checkpoint(out), "model.safetensors"))
    rows, batch = numpy.load(data), TRAINED[name][0]
    model = MODELS[name](weights)
    curve = reference_training.train_model(
        model, lambda number: (torch_batch(rows, batch, number, FLAGS["seed"]),), FLAGS)
    write_recorded(name + "-curve", {"flags": FLAGS, "curve": curve})


def worst_difference(metrics, curve, relative):
    return max(abs(ours["loss"] - theirs["loss"]) / (theirs["loss"] if relative
                                                     else curve[0]["loss"])
               for ours, theirs in zip(metrics, curve))


def check_training(tools, name, folder):
    recorded = read_recorded(name + "-curve")
    if recorded["flags"] != FLAGS:
        sys.exit(f"{name}: the recorded curve is of other flags; run with --record")
    curve, failures = recorded["curve"], 0
    data = ["--data", os.path.join(folder, name + ".npy"), *flag_list(FLAGS)]
    metrics = train(tools, os.path.join(folder, name + "-packed"),
                    os.path.join(folder, name + "-f32"), *data, "--numerics", "f32")
    worst = worst_difference(metrics, curve, relative=True)
    print(f"{name}: f32 losses differ from PyTorch's by {worst:.1e} of {f32_tolerance():.0e}")
    failures += not (worst <= f32_tolerance() and len(metrics) == len(curve))
    for way in WAYS:
        metrics = train(tools, os.path.join(folder, f"{name}-{way}"),
                        os.path.join(folder, f"{name}-run-{way}"), *data)
        worst = worst_difference(metrics, curve, relative=False)
        start, end = metrics[0]["loss"], metrics[-1]["loss"]
        print(f"{name}: {way}, fp16: loss {start:.4f} -> {end:.4f}, within {worst:.1e} of"
              f" {fp16_noise():.0e}")
        failures += not (worst <= fp16_noise() and end * TRAINED[name][2] <= start)
    return failures


def main():
    parser = arguments(__doc__.split("\n")[0])
    options = parser.parse_args()
    failures = 0
    with tempfile.TemporaryDirectory() as folder:
        have_numpy = importlib.util.find_spec("numpy") is not None
        if have_numpy:
            make_samples(folder)
        for name in (*TRAINED, "shapes"):
            for way, flags in WAYS.items():
                bill = compile_as(options.bin, name, os.path.join(folder, f"{name}-{way}"), flags)
                if name in TRAINED:
                    expected, found = TRAINED[name][1], bill["dispatches_per_micro_step"]
                    failures += check(f"{name}: {way}: kernels", "" if found == expected else
                                      f"{found} dispatches, expected {expected}")
                failures += check_gradients(options.bin, f"{name}: {way}",
                                            os.path.join(folder, f"{name}-{way}"))
            bundle = os.path.join(folder, name + "-packed")
            if has_torch():
                failures += compare_with_torch(options.bin, name, bundle, folder)
            if options.record and name in TRAINED:
                record(options.bin, name, bundle, folder)
            if have_numpy and name in TRAINED:
                failures += check_training(options.bin, name, folder)
        if not have_numpy:
            print("training: not compared, numpy is not installed")
    return bool(failures)


if __name__ == "__main__":
    sys.exit(main())
