#!/usr/bin/env python3
"""Weight gradients that the device computes, and adds up in fp16 over ten
micro-steps, against f32: how far they are off, tensor by tensor, beside those
that the host computes in f32 from fp16 values."""
import os
import sys
import tempfile

from safetensors_io import read
from tools_under_test import ROOT, arguments, run

ACCUMULATION = 10
MODEL = os.path.join(ROOT, "models", "tiny-llama.ir")
# Half the scale at which training starts: no gradient of this model overflows.
FLAGS = ["--accum", str(ACCUMULATION), "--loss-scale", "512",
         "--data", os.path.join(ROOT, "models", "stories-train.txt")]
BUNDLES = {"host": [], "max": ["--offload=max"],
           "max param m4": ["--offload=max", "--target=m4", "--weights=param"]}


def roundings():
    """Relative to the root mean square of a tensor. The gradient of a micro-step
    is rounded once, and once more when it is added to the sum, by up to 2^-11 of
    what the sum is then: a random walk of 2 x 10 steps, none larger than that of
    the final sum where gradients of micro-steps agree, and up to sqrt(10) times
    as large where they are independent. The products themselves are summed in
    f32, and so are those of the host."""
    return (2 * ACCUMULATION) ** 0.5 * 2.0 ** -11


def error(found, expected):
    """Root mean square of the difference, relative to that of the tensor."""
    exact = expected.astype(float)
    return float((((found - exact) ** 2).sum() / (exact ** 2).sum()) ** 0.5)


def main():
    tools = arguments(__doc__.split("\n")[0]).parse_args().bin
    failures = 0
    with tempfile.TemporaryDirectory() as folder:
        def gradients(name, numerics):
            path = os.path.join(folder, f"{name}-{numerics}.safetensors")
            run([os.path.join(tools, "ane-run"), "gradcheck", os.path.join(folder, name),
                 "--numerics", numerics, "--dump", path, *FLAGS])
            return read(path)

        for name, flags in BUNDLES.items():
            run([os.path.join(tools, "anec"), MODEL, "-o", os.path.join(folder, name), *flags])
        expected = gradients("host", "f32")
        errors = {}
        for name in BUNDLES:
            found = gradients(name, "ane")
            assert found.keys() == expected.keys(), name
            errors[name] = {tensor: error(found[tensor], expected[tensor]) for tensor in expected}
            worst = max(errors[name], key=errors[name].get)
            print(f"{name}: {len(expected)} tensors, worst {errors[name][worst]:.1e} ({worst})")
        for name in list(BUNDLES)[1:]:
            for tensor, found in errors[name].items():
                allowed = errors["host"][tensor] + roundings()
                if not found <= allowed:
                    print(f"{name}: {tensor} is off by {found:.1e}, at most {allowed:.1e}")
                    failures += 1
    return bool(failures)


if __name__ == "__main__":
    sys.exit(main())
