#!/usr/bin/env python3
"""The bundled stories are what their generator writes, byte for byte."""
import filecmp
import os
import subprocess
import sys
import tempfile

MODELS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "models")
NAMES = ["stories-train.txt", "stories-val.txt"]


def stories(name):
    with open(os.path.join(MODELS, name), encoding="utf-8") as file:
        return [s for s in file.read().split("<|endoftext|>\n") if s]


def main():
    failures = []
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([sys.executable, "-B", os.path.join(MODELS, "make_stories.py"),
                        "--out", folder], check=True)
        for name in NAMES:
            if not filecmp.cmp(os.path.join(folder, name), os.path.join(MODELS, name),
                               shallow=False):
                failures.append(f"models/{name} differs from what make_stories.py writes")
    train, val = (stories(name) for name in NAMES)
    shared = set(train) & set(val)
    if shared:
        failures.append(f"{len(shared)} stories are in both files")
    share = len(val) / (len(val) + len(train))
    if not 0.045 <= share <= 0.055:
        failures.append(f"validation holds {share:.1%} of the stories, expected 5 %")
    for failure in failures:
        print("corpus:", failure)
    print(f"corpus: {len(train)} training and {len(val)} validation stories,"
          f" {len(failures)} failures")
    return bool(failures)


if __name__ == "__main__":
    sys.exit(main())
