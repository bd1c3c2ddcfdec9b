"""Calls anec and ane-run the way people do, and reads what they write."""
import argparse
import json
import os
import subprocess

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))


def arguments(description):
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--bin", default=os.path.join(ROOT, "build", "bin"),
                        help="folder of anec and ane-run")
    parser.add_argument("--record", action="store_true",
                        help="run PyTorch and write its values to recorded/")
    return parser


def run(command):
    """Output of a command that must succeed."""
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode != 0:
        raise SystemExit(f"{' '.join(command)}\n{done.stdout}exit status {done.returncode}")
    return done.stdout


def compile_model(tools, model, folder):
    bundle = os.path.join(folder, "bundle")
    run([os.path.join(tools, "anec"), model, "-o", bundle])
    return bundle


def train(tools, bundle, out, *flags):
    """The objects of metrics.jsonl of a new run."""
    run([os.path.join(tools, "ane-run"), "train", bundle, "--out", out, "--quiet", *flags])
    with open(os.path.join(out, "metrics.jsonl"), encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def last_checkpoint(run_folder):
    folder = os.path.join(run_folder, "checkpoints")
    return os.path.join(folder, max(os.listdir(folder), key=int))


def recorded_path(name):
    return os.path.join(ROOT, "test", "e2e", "recorded", name + ".json")


def read_recorded(name):
    with open(recorded_path(name), encoding="utf-8") as file:
        return json.load(file)


def write_recorded(name, values):
    os.makedirs(os.path.dirname(recorded_path(name)), exist_ok=True)
    with open(recorded_path(name), "w", encoding="utf-8") as file:
        json.dump(values, file, indent=1)
        file.write("\n")


def has_torch():
    try:
        import torch  # noqa: F401
    except ImportError:
        return False
    return True
