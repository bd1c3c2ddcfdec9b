#!/usr/bin/env python3
"""Gradients of whole models agree with central differences in f64; a wrong rule
and a wrong backward kernel do not."""
import hashlib
import json
import os
import subprocess
import sys
import tempfile

from tools_under_test import ROOT, arguments, run


def gradcheck(tools, bundle, *flags):
    """Exit status and the last line."""
    done = subprocess.run([os.path.join(tools, "ane-run"), "gradcheck", bundle, "--samples", "1",
                           *flags],
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    return done.returncode, done.stdout.strip().splitlines()[-1]


def break_softmax_gradient(bundle):
    """Turns y * (dy - sum(y * dy)) into y * (dy + sum(y * dy)) in the text of
    the backward kernel, and makes the bundle's table of files say so."""
    kernel = os.path.join("kernels", "layer_bwd.mil")
    path = os.path.join(bundle, kernel)
    with open(path, encoding="utf-8") as file:
        lines = file.read().splitlines(keepends=True)
    edited = 0
    for i, line in enumerate(lines):
        if "= sub(" in line and "reduce_sum)" in line:
            lines[i] = line.replace("= sub(", "= add(")
            edited += 1
    text = "".join(lines).encode()
    with open(path, "wb") as file:
        file.write(text)
    plan_path = os.path.join(bundle, "plan.json")
    with open(plan_path, encoding="utf-8") as file:
        plan = json.load(file)
    for entry in plan["files"]:
        if entry["path"] == kernel:
            entry.update(bytes=len(text), sha256=hashlib.sha256(text).hexdigest())
    with open(plan_path, "w", encoding="utf-8") as file:
        json.dump(plan, file)
    return edited


def main():
    tools = arguments(__doc__.split("\n")[0]).parse_args().bin
    failures = 0

    def expect(name, bundle, expected, *flags):
        status, summary = gradcheck(tools, bundle, *flags)
        print(f"{name}: {summary}, exit status {status}, expected {expected}")
        return status != expected

    with tempfile.TemporaryDirectory() as folder:
        for model in ("tiny-llama", "tiny-llama-gqa"):
            bundle = os.path.join(folder, model)
            run([os.path.join(tools, "anec"), os.path.join(ROOT, "models", model + ".ir"), "-o",
                 bundle])
            failures += expect(model, bundle, 0)
        # Weights that two products of the backward share, in grouped order.
        # Nothing but forms of operators that trained models.
        for name, flags in (("grouped, recomputed", ["--recompute=full"]),
                            ("grouped, proven", ["--proven-only=T1"])):
            bundle = os.path.join(folder, name)
            run([os.path.join(tools, "anec"), os.path.join(ROOT, "models", "tiny-llama-gqa.ir"),
                 "--seq=32", "--batch=1", *flags, "-o", bundle])
            failures += expect(name, bundle, 0)
        # Rows of 60 elements and sums over 20: padded, and joined without concat.
        for name, flags in (("narrow", []), ("narrow-no-concat", ["--no-concat"])):
            bundle = os.path.join(folder, name)
            run([os.path.join(tools, "anec"), os.path.join(ROOT, "models", "tiny-llama.ir"),
                 "--seq=20", "--batch=3", *flags, "-o", bundle])
            failures += expect(name, bundle, 0)
        # Weights staged times the gains of norms, which gradcheck moves away
        # from 1; in grouped order and compiled in.
        for name, flags in (("packed-m4", []), ("param-m4", ["--weights=param"]),
                            ("baked-m4", ["--weights=baked"])):
            bundle = os.path.join(folder, name)
            run([os.path.join(tools, "anec"), os.path.join(ROOT, "models", "tiny-llama-gqa.ir"),
                 "--seq=32", "--batch=1", "--target=m4", *flags, "-o", bundle])
            with open(os.path.join(bundle, "plan.json"), encoding="utf-8") as file:
                failures += "column_scale" not in file.read()
            failures += expect(name, bundle, 0)
        # Weight gradients from the device, added up by the host or in place, in
        # the order of grouped heads.
        for model in ("tiny-llama", "tiny-llama-gqa"):
            for name, flags in (
                    ("max", ["--offload=max"]),
                    ("max-m4", ["--offload=max", "--target=m4", "--weights=param"]),
                    # Sums that only the update on the device reads.
                    ("optimizer", ["--offload=max,optimizer", "--target=m4", "--weights=param"])):
                bundle = os.path.join(folder, model + name)
                run([os.path.join(tools, "anec"), os.path.join(ROOT, "models", model + ".ir"),
                     "--seq=32", "--batch=1", *flags, "-o", bundle])
                failures += expect(f"{model} {name}, 3 micro-steps", bundle, 0, "--accum", "3")
        for rule in ("linear", "silu", "rms_norm", "rope", "attention", "embedding"):
            bundle = os.path.join(folder, "broken-" + rule)
            run([os.path.join(tools, "anec"), os.path.join(ROOT, "models", "tiny-llama.ir"),
                 "--seq=32", "--batch=1", "--break-rule=" + rule, "-o", bundle])
            failures += expect(f"rule of {rule} broken", bundle, 1)
        if break_softmax_gradient(os.path.join(folder, "tiny-llama")) == 0:
            sys.exit("layer_bwd.mil has no softmax gradient to break")
        failures += expect("softmax gradient broken", os.path.join(folder, "tiny-llama"), 1)
    return bool(failures)


if __name__ == "__main__":
    sys.exit(main())
