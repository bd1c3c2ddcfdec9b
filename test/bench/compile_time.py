#!/usr/bin/env python3
"""How long `anec` takes from a model file to a bundle.

    compile_time.py [--bin build/bin] [--runs 5]

The best of some runs, process start included, for stories110m and for models of
dim 1024 with 7, 14 and 28 layers: blocks are compiled once, so time must not
grow with their number."""
import argparse
import os
import subprocess
import sys
import tempfile
import time

from model_files import make_model

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))


def best_time(tools, model, folder, runs):
    best = float("inf")
    for number in range(runs):
        out = os.path.join(folder, f"bundle-{number}")
        begin = time.monotonic()
        subprocess.run([os.path.join(tools, "anec"), model, "-o", out], check=True)
        best = min(best, time.monotonic() - begin)
        subprocess.run(["rm", "-r", out], check=True)
    return best


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--bin", default=os.path.join(ROOT, "build", "bin"))
    parser.add_argument("--runs", type=int, default=5)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        models = {"stories110m, 12 layers": os.path.join(ROOT, "models", "stories110m.ir")}
        for layers in (7, 14, 28):
            models[f"dim 1024, {layers} layers"] = make_model(
                options.bin, folder, f"layers{layers}", seq=256, hidden_size=1024,
                intermediate_size=3072, num_hidden_layers=layers, num_attention_heads=16,
                num_key_value_heads=8, vocab_size=32000)
        for name, model in models.items():
            print(f"{name:<24} {best_time(options.bin, model, folder, options.runs):6.2f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
