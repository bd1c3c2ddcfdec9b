#!/usr/bin/env python3
"""Makes the Core ML packages beside this file, their inputs and their results.

    python3 -m venv V && V/bin/pip install coremltools==9.0 numpy
    V/bin/python make_packages.py

coremltools writes the packages. The expected results do not come from it, nor
from anything of ours: they are numpy's, in float64 from the weights and inputs
as they are stored, and committed as NAME.npy beside each package. Committed are
the files that coremltools 9.0 wrote; other versions give other bytes.
"""
import os
import shutil

import coremltools as ct
import numpy as np
from coremltools.converters.mil import Builder as mb
from coremltools.converters.mil.mil import types

HERE = os.path.dirname(os.path.abspath(__file__))


def store(folder, name, array):
    """One array; results in the widest type that exec writes of the kind."""
    if folder.endswith("expected"):
        array = array.astype(np.int32 if array.dtype.kind == "i" else np.float32)
    np.save(os.path.join(folder, name + ".npy"), array)


def save(program, name, target, inputs, results):
    folder = os.path.join(HERE, name)
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(os.path.join(folder, "in"))
    os.makedirs(os.path.join(folder, "expected"))
    model = ct.convert(
        program,
        convert_to="mlprogram",
        minimum_deployment_target=target,
        compute_precision=ct.precision.FLOAT32,  # Types stay as written here.
        pass_pipeline=ct.PassPipeline.EMPTY,
        skip_model_load=True,
    )
    model.save(os.path.join(folder, name + ".mlpackage"))
    for key, array in inputs.items():
        store(os.path.join(folder, "in"), key, array)
    for key, array in results.items():
        store(os.path.join(folder, "expected"), key, array)


def perceptron():
    """iOS 15: two products with weights in weight.bin, a short inline bias."""
    random = np.random.default_rng(1)
    w1 = (random.standard_normal((16, 24)) / 4).astype(np.float16)
    b1 = random.standard_normal(24).astype(np.float16)
    w2 = (random.standard_normal((24, 5)) / 5).astype(np.float16)
    b2 = random.standard_normal(5).astype(np.float16)
    # Exact in fp16, so that the cast does not round under any arithmetic.
    x = random.standard_normal((3, 16)).astype(np.float16).astype(np.float32)

    @mb.program(input_specs=[mb.TensorSpec(shape=(3, 16), dtype=types.fp32)],
                opset_version=ct.target.iOS15)
    def program(x):
        half = mb.cast(x=x, dtype="fp16")
        hidden = mb.matmul(x=half, y=w1, transpose_x=False, transpose_y=False)
        hidden = mb.relu(x=mb.add(x=hidden, y=b1))
        y = mb.add(x=mb.matmul(x=hidden, y=w2), y=b2)
        return mb.cast(x=y, dtype="fp32", name="y")

    wide = [a.astype(np.float64) for a in (x.astype(np.float16), w1, b1, w2, b2)]
    hidden = np.maximum(wide[0] @ wide[1] + wide[2], 0)
    save(program, "perceptron", ct.target.iOS15, {"x": x},
         {"y": hidden @ wide[3] + wide[4]})


def several():
    """iOS 18: two inputs, outputs of three types, immediates, a variadic op."""
    random = np.random.default_rng(2)
    scale = np.array([0.5, -1.25, 3.0, 65504.0 / 65536], np.float32)
    gain = (1 + random.standard_normal((6, 4)) / 8).astype(np.float16)
    a = random.standard_normal((2, 6, 4)).astype(np.float16)
    i = np.array([5, 0, 3], np.int32)

    @mb.program(
        input_specs=[mb.TensorSpec(shape=(2, 6, 4), dtype=types.fp16),
                     mb.TensorSpec(shape=(3,), dtype=types.int32)],
        opset_version=ct.target.iOS18)
    def program(a, i):
        wide = mb.cast(x=mb.mul(x=a, y=gain), dtype="fp32")
        scaled = mb.mul(x=wide, y=scale)
        rows = mb.gather(x=scaled, indices=i, axis=1, name="rows")
        low, high = mb.split(x=scaled, num_splits=2, axis=2)
        joined = mb.concat(values=(high, low, scaled), axis=-1)
        mean = mb.reduce_mean(x=joined, axes=[1, 2], keep_dims=False, name="mean")
        doubled = mb.mul(x=mb.add(x=i, y=np.int32(-7)), y=np.int32(2), name="doubled")
        soft = mb.softmax(x=a, axis=-1, name="soft")
        return rows, mean, doubled, soft

    wide = a.astype(np.float64) * gain.astype(np.float64) * scale.astype(np.float64)
    power = np.exp(a.astype(np.float64))
    joined = np.concatenate([wide[..., 2:], wide[..., :2], wide], axis=-1)
    save(program, "several", ct.target.iOS18, {"a": a, "i": i}, {
        "rows": wide[:, i],
        "mean": joined.mean(axis=(1, 2)),
        "doubled": (i - 7) * 2,
        "soft": power / power.sum(axis=-1, keepdims=True),
    })


def functions():
    """iOS 18: two functions that share a weight, neither called main."""
    random = np.random.default_rng(3)
    w = (random.standard_normal((8, 8)) / 3).astype(np.float32)
    x = random.standard_normal((2, 8)).astype(np.float32)
    paths = []
    for kind in ("up", "down"):

        @mb.program(input_specs=[mb.TensorSpec(shape=(2, 8), dtype=types.fp32)],
                    opset_version=ct.target.iOS18)
        def program(x):
            product = mb.matmul(x=x, y=w)
            if kind == "up":
                return mb.exp(x=product, name="y")
            return mb.sub(x=np.float32(1), y=product, name="y")

        save(program, "functions-" + kind, ct.target.iOS18, {}, {})
        paths.append(os.path.join(HERE, "functions-" + kind))
    folder = os.path.join(HERE, "functions")
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(os.path.join(folder, "in"))
    os.makedirs(os.path.join(folder, "expected"))
    both = ct.utils.MultiFunctionDescriptor()
    for kind, path in zip(("up", "down"), paths):
        package = os.path.join(path, os.path.basename(path) + ".mlpackage")
        both.add_function(package, "main", kind)
    both.default_function_name = "down"
    ct.utils.save_multifunction(both, os.path.join(folder, "functions.mlpackage"))
    for path in paths:
        shutil.rmtree(path)
    product = x.astype(np.float64) @ w.astype(np.float64)
    store(os.path.join(folder, "in"), "x", x)
    store(os.path.join(folder, "expected"), "up", np.exp(product))
    store(os.path.join(folder, "expected"), "down", 1 - product)


if __name__ == "__main__":
    perceptron()
    several()
    functions()
