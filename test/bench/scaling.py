#!/usr/bin/env python3
"""Milliseconds a token over sequence length, batch, layers and dim.

    scaling.py [--bin build/bin] [--only seq|batch|layers|dim] [--steps 3] [--rounds 1]

Each size of a Llama is varied alone, around 6 layers of dim 768 (12 heads, feed-
forward 2048, vocabulary 8192) with one sequence of 256: `ms` of a micro-step
without optimiser, as `ane-run bench` times it, per token, and per million of
multiplications and additions of its products. The last two columns are shares of
the machine's multiply-add peak, which bench measures in the same run: while
products are computed, and of the whole time."""
import argparse
import json
import os
import subprocess
import sys
import tempfile

from model_files import make_model

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))
BASE = {"seq": 256, "batch": 1, "layers": 6, "dim": 768}
RANGES = {"seq": (64, 128, 256, 512, 1024), "batch": (1, 2, 4, 8), "layers": (2, 6, 12, 24),
          "dim": (256, 512, 768, 1024, 1536)}
# A row each; the sections of the table repeat the base.
HEAD = ("seq", "batch", "layers", "dim", "ms", "us/token", "MFLOP/token", "us/MFLOP",
        "GEMM/peak", "all/peak")


def measure(options, folder, sizes):
    dim = sizes["dim"]
    model = make_model(options.bin, folder, "model", seq=sizes["seq"], batch=sizes["batch"],
                       hidden_size=dim, intermediate_size=dim * 8 // 3 // 32 * 32,
                       num_hidden_layers=sizes["layers"], num_attention_heads=dim // 64,
                       num_key_value_heads=dim // 64, vocab_size=8192)
    bundle = os.path.join(folder, "bundle")
    subprocess.run([os.path.join(options.bin, "anec"), model, "-o", bundle], check=True)
    text = subprocess.run([os.path.join(options.bin, "ane-run"), "bench", bundle, "--steps",
                           str(options.steps), "--no-optimizer", "--json"], check=True,
                          stdout=subprocess.PIPE).stdout
    return json.loads(text)


def measure_all(options, names):
    """The run of the median time for each row, in the order of the table."""
    runs = {(name, value): [] for name in names for value in RANGES[name]}
    for _ in range(options.rounds):
        for name, value in runs:
            with tempfile.TemporaryDirectory() as folder:
                runs[name, value].append(measure(options, folder, dict(BASE, **{name: value})))
    return {key: sorted(found, key=lambda run: run["ms_per_micro_step"])[len(found) // 2]
            for key, found in runs.items()}


def row(sizes, found):
    """The cells of one line."""
    tokens = sizes["seq"] * sizes["batch"]
    flops = sum(found["gflop_per_micro_step"].values()) * 1e9
    seconds = found["ms_per_micro_step"] / 1e3
    return [*(str(sizes[name]) for name in BASE), f"{seconds * 1e3:.1f}",
            f"{seconds / tokens * 1e6:.0f}", f"{flops / tokens / 1e6:.0f}",
            f"{seconds * 1e12 / flops:.2f}", f"{found['gemm_share_of_peak']:.0%}",
            f"{flops / seconds / 1e9 / found['peak_gflops']:.0%}"]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--bin", default=os.path.join(ROOT, "build", "bin"))
    parser.add_argument("--only", choices=RANGES)
    parser.add_argument("--steps", type=int, default=3)
    parser.add_argument("--rounds", type=int, default=1)
    options = parser.parse_args()
    names = [options.only] if options.only else list(RANGES)
    found = measure_all(options, names)
    for name in names:
        print(" ".join(f"{title:>11}" for title in HEAD))
        for value in RANGES[name]:
            cells = row(dict(BASE, **{name: value}), found[name, value])
            print(" ".join(f"{text:>11}" for text in cells))
        print()
    return 0


if __name__ == "__main__":
    sys.exit(main())
