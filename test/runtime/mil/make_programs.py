#!/usr/bin/env python3
"""Records what the texts of programs/ compute, with NumPy in float64.

Writes programs.json beside this file: per run the program, the function, the
inputs, the outputs, and the weight files as hexadecimal bytes, laid out by hand
after the format's description. Inputs are representable in fp16. Recorded with
NumPy 1.24.
"""
import json
import pathlib
import struct

import numpy as np

rng = np.random.default_rng(20261120)
runs = []


def half(*shape, low=-2.0, high=2.0):
    """Random numbers that fp16 holds, as float64."""
    return rng.uniform(low, high, size=shape).astype(np.float16).astype(np.float64)


def array(values, kind):
    values = np.asarray(values)
    flat = [float(v) if np.isfinite(v) else str(float(v)) for v in values.flatten()]
    return {"type": kind, "shape": list(values.shape), "values": flat}


def record(program, inputs, outputs, function="", blobs=None):
    runs.append({"program": program, "function": function,
                 "inputs": {name: array(*item) for name, item in inputs.items()},
                 "outputs": {name: array(*item) for name, item in outputs.items()},
                 "blobs": {path: data.hex() for path, data in (blobs or {}).items()}})


def entry(code, data, offset, padding=0):
    """A metadata record and its data, as Apple's writer places them."""
    return struct.pack("<IIQQQ", 0xDEADBEEF, code, len(data), offset + 64, padding) + bytes(32) + data


def blob_file(*entries):
    """Entries are (code, data, padding bits); each starts at a multiple of 64."""
    data = struct.pack("<II", len(entries), 2) + bytes(56)
    for code, content, padding in entries:
        data += bytes(-len(data) % 64)
        data += entry(code, content, len(data), padding)
    return data


def halves(values):
    return np.asarray(values, np.float16).tobytes()


def softmax(x):
    e = np.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def compiled_ios15():
    x, weight = half(2, 6), half(4, 6)
    total = np.maximum(x @ weight.T + [0.5, -1, 1.5, 0], 0)
    centred = total - total.mean(-1, keepdims=True)
    record("compiled-ios15", {"input": (x, "fp32")},
           {"softmax": (softmax(centred), "fp32"), "sum": (total, "fp32")},
           blobs={"weights/weight.bin": blob_file((2, weight.astype(np.float32).tobytes(), 0))})


def compiled_ios16_compressed():
    x, quantized = half(1, 8), rng.integers(-8, 8, size=(4, 8))
    scale = np.array([0.125, 0.0625, 0.1875, 0.03125])
    w0 = scale[:, None] * (quantized - 3)
    h = x @ w0.T + [0.25, 0, -0.25, 1]
    # Two bits an index, the lowest first.
    table = np.array([-1, -0.5, 0.25, 1.5])
    w1 = table[[[byte >> shift & 3 for shift in (0, 2, 4, 6)] for byte in (27, 228, 177, 78)]]
    w2 = np.zeros(8)
    w2[[bit for bit in range(8) if 178 >> bit & 1]] = [1, -2, 3, -0.5]
    z = h @ w1.T @ w2.reshape(2, 4).T * [float.fromhex("0x1.998p-4"), 3]
    record("compiled-ios16-compressed", {"x": (x, "fp16")}, {"z": (z, "fp32")},
           blobs={"weights/weight.bin": blob_file((4, quantized.astype(np.int8).tobytes(), 0))})


def compiled_ios17():
    x = half(1, 4, 3, 3)
    weight = np.array([[[[.5, -.25], [1, .125]], [[-1, .5], [.25, -.5]]],
                       [[[.75, .5], [-.5, 0]], [[.25, -.125], [.0625, 1]]]])
    bias = [0.25, -0.25]
    # Padded by one above, one below and one to the right.
    padded = np.pad(x, ((0, 0), (0, 0), (1, 1), (0, 1)))
    conv = np.zeros((1, 2, 4, 3))
    for out in range(2):
        for row in range(4):
            for column in range(3):
                window = padded[0, 2 * out:2 * out + 2, row:row + 2, column:column + 2]
                conv[0, out, row, column] = (window * weight[out]).sum() + bias[out]
    flat = conv.reshape(1, 2, 12)
    index = np.argsort(-flat, axis=2, kind="stable")[:, :, :3]
    largest = np.take_along_axis(flat, index, 2)
    doubled = -2 * (largest[:, :1] - largest[:, 1:])
    record("compiled-ios17", {"image": (x, "fp32"), "pick": ([2, 0], "int32")},
           {"out": (doubled[:, :, [2, 0]], "fp32"), "index": (index + 10, "int32")})


def compiled_ios18():
    query, key, value = half(1, 2, 3, 8), half(1, 2, 4, 8), half(1, 2, 4, 8)
    mask = np.array([[1, 1, 0, 0], [1, 1, 1, 0], [1, 1, 1, 1]], bool)
    scores = query @ key.swapaxes(-1, -2) / np.sqrt(8)
    attended = softmax(np.where(mask, scores, -np.inf)) @ value
    nibbles = rng.integers(-8, 8, size=(4, 8))
    scale = half(4, 2, low=0.0625, high=0.25)
    up = nibbles * np.repeat(scale, 4, axis=1)
    hidden = attended @ up.T
    gate = hidden / (1 + np.exp(-hidden))
    index = rng.integers(0, 4, size=(2, 4))
    narrow = gate @ np.array([-1, -0.25, 0.5, 2])[index].T
    # Two equal values, interleaved along the last axis.
    output = np.repeat(narrow, 2, axis=-1)
    output[0, 0, 0], output[0, 1, 0] = [1, 2, 3, 4], [-1, -2, -3, -4]
    low = nibbles.flatten() & 15
    packed_nibbles = bytes(int(low[i] | low[i + 1] << 4) for i in range(0, 32, 2))
    flat = index.flatten()
    packed_index = bytes(int(sum(flat[i + j] << 2 * j for j in range(4))) for i in (0, 4))
    record("compiled-ios18",
           {"query": (query, "fp16"), "key": (key, "fp16"), "value": (value, "fp16")},
           {"output": (output, "fp16")},
           blobs={"weights/weight.bin": blob_file((8, packed_nibbles, 0), (1, halves(scale), 0),
                                                  (10, packed_index, 0))})


def flexible():
    for rows in (1, 3):
        x = half(rows, 4)
        record("flexible-range", {"x": (x, "fp16")}, {"sums": (x.reshape(rows, 2, 2).sum(-1), "fp16")})
    x = half(1, 5)
    record("flexible-enumerated", {"x": (x, "fp32")}, {"y": (np.tanh(x), "fp32")})


def two_functions():
    x = half(3)
    record("two-functions", {"x": (x, "fp16")}, {"y": (x + 1, "fp16")}, "first")
    record("two-functions", {"x": (x, "fp16")},
           {"y": (x * x, "fp16"), "total": ((x * x).sum(), "fp16")}, "second")


def hand_attention():
    x, weights = half(1, 6, 1, 4, low=-1, high=1), [half(4, 6, low=-1, high=1) for _ in range(3)]
    # As generators write fused files: one entry counted, records anywhere.
    data = struct.pack("<II", 1, 2) + bytes(56)
    for weight in weights:
        data += entry(1, halves(weight), len(data))
    q, k, v = (np.einsum("oc,ncht->noht", weight, x) for weight in weights)
    heads = (1, 2, 2, 4)
    scores = q.reshape(heads).transpose(0, 1, 3, 2) @ k.reshape(heads) * np.float64(np.float16(0.707107))
    mask = np.triu(np.full((4, 4), -np.inf), 1)
    attended = v.reshape(heads) @ softmax(scores + mask).swapaxes(-1, -2)
    record("hand-attention", {"x": (x, "fp16")},
           {"out": (np.concatenate([attended.reshape(1, 4, 1, 4), q], 1), "fp16")},
           blobs={"weights/qkv.bin": data})


def hand_written():
    x = half(1, 8, 1, 4)
    scale = np.array([1, .5, 2, -1, .25, 1, .75, 3]).reshape(1, 8, 1, 1)
    epsilon = np.float64(np.float16(0.00001))
    record("hand-rms-norm-m1", {"x": (x, "fp16")},
           {"out": (x / np.sqrt((x * x).mean(1, keepdims=True) + epsilon) * scale, "fp16")})
    x = half(1, 4, 1, 6)
    y = x[0, :, 0, :4].T @ np.clip(x[0, :, 0, 4:], -1, 1)
    record("hand-casts", {"x": (x, "fp32")},
           {"y32": (np.where(y > 0, y, 0.125).reshape(1, 1, 4, 2), "fp32")})
    x, y = half(2, 3), half(3)
    b = (x + y) * 2
    record("hand-compact", {"x": (x, "fp16"), "y": (y, "fp16")},
           {"c": (b.max(-1), "fp16"), "b": (b, "fp16")})


def names_and_numbers():
    x = half(4)
    tensor = 3 * x
    relu = np.maximum(tensor, 0)
    record("names", {"x": (x, "fp16")},
           {"program": (np.maximum(tensor + relu - relu, x), "fp16"), "relu": (relu, "fp16")})
    x = half(2)
    record("redefined", {"x": (x, "fp16")}, {"z": (4 * x + 5, "fp16"), "y": (4 * x, "fp16")})
    rounded = lambda values: np.asarray(values, np.float16).astype(np.float64)
    record("numbers", {}, {
        "halves": (rounded([0.125, -1, float.fromhex("0x1.ff8p-15"), 0, 2.0**-24, 0.00001, 1e-05,
                            1e+04, -65504, 0.044715]), "fp16"),
        "special": ([np.inf, -np.inf, np.nan], "fp16"),
        "floats": (np.array([2.0**-149, float.fromhex("0x1.f0a3d8p-1"), -0.5, 1, 0.001302, 16777217],
                            np.float32).astype(np.float64), "fp32"),
        # Above the middle of 0x1.000p+0 + 1/1024 and its successor.
        "once": ([float.fromhex("0x1.004p+0")], "fp16"),
        "nested": ([[[0, -2**31]], [[2**31 - 1, 7]]], "int32"),
        "flat": ([[1, 2], [3, 4]], "int32"), "flags": ([[1, 0]], "bool"),
        "scalar": (rounded(0.1), "fp16"), "tensor0": (rounded(-0.1), "fp16"),
        "bytes": ([-128, 127, 0], "int8"), "words": ([0, 65535], "uint16")})


for case in (compiled_ios15, compiled_ios16_compressed, compiled_ios17, compiled_ios18, flexible,
             two_functions, hand_attention, hand_written, names_and_numbers):
    case()
path = pathlib.Path(__file__).with_name("programs.json")
path.write_text("[\n" + ",\n".join(json.dumps(run) for run in runs) + "\n]\n", encoding="utf-8")
print(f"{len(runs)} runs")
