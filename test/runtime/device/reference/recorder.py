"""Collects cases: one MIL statement, its inputs and the results it must have.

Inputs are representable in fp16, so the same case serves every storage type.
"""
import math
import re
import zlib

import numpy as np
import torch

CASES = []


class Text(str):
    """A string constant; a plain str is the name of a value or raw MIL."""


class Raw:
    """Random numbers of one group of cases: groups do not disturb each other."""

    def __init__(self, name, step=None):
        """`step`: numbers are multiples of it, which are short to write."""
        self.rng = np.random.default_rng(zlib.crc32(name.encode()))
        self.step = step

    def floats(self, *shape, low=-2.0, high=2.0):
        values = np.asarray(self.rng.uniform(low, high, size=shape))
        if self.step:
            values = np.ceil(values / self.step) * self.step
        return torch.from_numpy(values.astype(np.float16).astype(np.float64))

    def ints(self, *shape, low=0, high=10):
        return torch.from_numpy(
            np.asarray(self.rng.integers(low, high, shape), dtype=np.int32))

    def distinct(self, *shape):
        """No two elements are equal: orders are unique."""
        count = int(np.prod(shape))
        values = (self.rng.permutation(count) - count // 2) / 4
        return torch.from_numpy(values.reshape(shape))


SHAPES = {0: (), 1: (5,), 2: (3, 4), 3: (2, 3, 4), 4: (2, 3, 2, 4),
          5: (2, 1, 3, 2, 4)}


def literal(value):
    """MIL for a Python constant: int is int32, float is fp16."""
    if isinstance(value, Text):
        return f'string("{value}")'
    if isinstance(value, bool):
        return f"bool({str(value).lower()})"
    if isinstance(value, int):
        return f"int32({value})"
    if isinstance(value, float):
        return f"fp16({value!r})"
    if isinstance(value, (list, tuple)):
        kind = "bool" if value and isinstance(value[0], bool) else "int32"
        body = ", ".join(str(v).lower() for v in value)
        return f"tensor<{kind}, [{len(value)}]>([{body}])"
    return value


def typed(kind, values):
    """A rank-1 constant of any element type."""
    body = ", ".join(str(v) for v in values)
    return f"tensor<{kind}, [{len(values)}]>([{body}])"


def call(op, **arguments):
    body = ", ".join(f"{k} = {literal(v)}" for k, v in arguments.items())
    return f"{op}({body})"


def attributes(op, **arguments):
    """The form of iOS 16: everything in the attribute list."""
    body = ", ".join(f"{k} = {literal(v)}" for k, v in arguments.items())
    return f"{op}()[{body}]"


def tensor_type(tensor, kind=None):
    kind = kind or {torch.float64: "fp16", torch.int32: "int32",
                    torch.int64: "int32", torch.bool: "bool"}[tensor.dtype]
    return f"tensor<{kind}, [{', '.join(map(str, tensor.shape))}]>"


def numbers(tensor, rounded=False):
    """Twelve digits are enough for the tightest tolerance of a result."""
    def number(value):
        if math.isnan(value) or math.isinf(value):
            return str(value)
        value = float(f"{value:.12g}") if rounded else value
        return int(value) if value == int(value) else value

    return [number(v) for v in tensor.to(torch.float64).flatten().tolist()]


# What must be known before a program runs: `c` in ops.md.
CONSTANT = {
    "linear": {"weight", "bias"}, "conv_transpose": {"weight", "bias"},
    "batch_norm": {"mean", "variance", "gamma", "beta"},
    "layer_norm": {"gamma", "beta"}, "instance_norm": {"gamma", "beta"},
    "quantize": {"scale", "zero_point"},
    "dequantize": {"scale", "zero_point"},
    "lstm": {n + s for s in ("", "_back") for n in (
        "weight_ih", "weight_hh", "bias", "peephole")}}


def constants_of(statement):
    """Names of the values that are given to such parameters."""
    op = re.match(r"\w+", statement).group()
    every = op.startswith("constexpr_")
    if op == "conv" and "dilations" in statement:
        return set(re.findall(r"weight = (\w+)", statement))
    return {value for name, value in re.findall(r"(\w+) = (\w+)", statement)
            if every or name in CONSTANT.get(op, ())}


def record(name, statement, inputs, expected, sums=1, types=(), results=(),
           opset="ios18"):
    """`sums`: largest number of terms in one result, for the tolerance.
    `types`, `results`: element types other than fp16, int32 and bool."""
    expected = expected if isinstance(expected, (list, tuple)) else [expected]
    expected = [e if torch.is_tensor(e) else torch.as_tensor(e)
                for e in expected]
    types, results = dict(types), list(results)
    results += [None] * (len(expected) - len(results))
    fixed = constants_of(statement)
    CASES.append({
        "name": name, "opset": opset, "op": statement, "sums": sums,
        "inputs": [{"name": n, "type": tensor_type(t, types.get(n)),
                    "constant": n in fixed, "values": numbers(t)}
                   for n, t in inputs.items()],
        "results": [{"type": tensor_type(t, kind), "values": numbers(t, True)}
                    for t, kind in zip(expected, results)]})
