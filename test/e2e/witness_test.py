#!/usr/bin/env python3
"""The overflow witness: what backward kernels return of their products stops an
update before fp16 overflows, and nothing else does.

The gradients, so the witness too, grow with the loss scale. From one run the
scale is computed at which the largest product would be 30,000 and 36,000: below
and above the limit of 32,752, both far from where fp16 ends (65,504), so that
loss and gradients are finite either way. The model is two layers, the second
with large weights: its transposed product is the largest value there is."""
import math
import os
import sys
import tempfile

from tools_under_test import arguments, run, train

MODEL = """
!x = tensor<1x256x192xf32>
!w = tensor<192x192xf32>
nn.model @two_layers {
  nn.func @loss(%x: !x {nn.role = "data"}, %t: !x {nn.role = "targets"}) -> tensor<f32> {
    %w1 = nn.param "w1.weight" init(normal, 0.05) : !w
    %h = nn.linear %x, %w1 : !x, !w
    %a = nn.tanh %h : !x
    %w2 = nn.param "w2.weight" init(normal, 2.0) : !w
    %y = nn.linear %a, %w2 : !x, !w
    %l = nn.mse %y, %t : !x, !x
    nn.return %l : tensor<f32>
  }
}
"""
FLAGS = ["--data", "synthetic:512", "--steps", "1"]
PROBE_SCALE = 1024.0
LIMIT = 32752


def noise():
    """Relative: fp16 products round by 2^-11, and their sums a few times more."""
    return 1e-2


def first_update(tools, bundle, out, *flags):
    return train(tools, bundle, out, *FLAGS, *flags)[0]


def check(name, is_right, update):
    print(f"{name}: witness {update['witness']}, loss {update['loss']}, "
          f"norm {update['grad_norm']}, skipped {update['skipped']}"
          f"{'' if is_right else '  WRONG'}")
    return not is_right


def recovers(tools, model, folder):
    """With weights ten times as large the first updates overflow, also in sums of
    gradients that stay on the device; the scale falls until one does not, and
    nothing of the overflow is left then."""
    large = os.path.join(folder, "large.ir")
    with open(model, encoding="utf-8") as file, open(large, "w", encoding="utf-8") as to:
        to.write(file.read().replace("init(normal, 2.0)", "init(normal, 20.0)"))
    bundle = os.path.join(folder, "large")
    run([os.path.join(tools, "anec"), large, "-o", bundle, "--offload=max", "--target=m4"])
    updates = train(tools, bundle, os.path.join(folder, "large-run"), "--data", "synthetic:512",
                    "--steps", "16", "--accum", "3", "--lr", "1e-4")
    skipped = [update["skipped"] for update in updates]
    print(f"overflow in sums: skipped {skipped}, norm {updates[-1]['grad_norm']}")
    return skipped[0] and not any(skipped[-3:]) and math.isfinite(updates[-1]["grad_norm"])


def main():
    tools = arguments(__doc__.split("\n")[0]).parse_args().bin
    failures = 0
    bundles = {"strict": [], "m4": ["--target=m4"], "max strict": ["--offload=max"],
               "max m4": ["--offload=max", "--target=m4"]}
    with tempfile.TemporaryDirectory() as folder:
        model = os.path.join(folder, "two-layers.ir")
        with open(model, "w", encoding="utf-8") as file:
            file.write(MODEL)
        for name, flags in bundles.items():
            bundle = os.path.join(folder, name)
            run([os.path.join(tools, "anec"), model, "-o", bundle, *flags])

            def update(scale, *flags):
                out = os.path.join(folder, f"{name}-{scale}-{len(flags)}")
                return first_update(tools, bundle, out, "--loss-scale", str(scale), *flags)

            probe = update(PROBE_SCALE)
            failures += check(f"{name}, scale {PROBE_SCALE}",
                              not probe["skipped"] and 0 < probe["witness"] < LIMIT, probe)
            for target in (30000, 36000):
                scale = PROBE_SCALE * target / probe["witness"]
                found = update(scale)
                failures += check(
                    f"{name}, scale {scale:.0f}",
                    found["skipped"] == (target >= LIMIT) and math.isfinite(found["loss"])
                    and math.isfinite(found["grad_norm"])
                    and abs(found["witness"] / target - 1) <= noise(), found)
            # f32 has room: the same scale is no reason to skip.
            found = update(scale, "--numerics", "f32")
            failures += check(f"{name}, f32", not found["skipped"]
                              and abs(found["witness"] / target - 1) <= noise(), found)
        # A norm in place of the maximum (T1): at least that, and at most 7 % more
        # when the ten largest are equal, 10^(1/32).
        bundle = os.path.join(folder, "proven")
        run([os.path.join(tools, "anec"), model, "-o", bundle, "--proven-only=T1"])
        probe = first_update(tools, os.path.join(folder, "strict"), os.path.join(folder, "probe"),
                             "--loss-scale", str(PROBE_SCALE))
        for target in (28000, 36000):
            scale = PROBE_SCALE * target / probe["witness"]
            found = first_update(tools, bundle, os.path.join(folder, f"proven-{target}"),
                                 "--loss-scale", str(scale))
            ratio = found["witness"] / target
            failures += check(f"proven, scale {scale:.0f}",
                              found["skipped"] == (target >= LIMIT)
                              and 1 - noise() <= ratio <= 10 ** (1 / 32) + noise(), found)
        failures += not recovers(tools, model, folder)
    return bool(failures)


if __name__ == "__main__":
    sys.exit(main())
