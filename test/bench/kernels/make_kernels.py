#!/usr/bin/env python3
"""Writes four kernels in the manner of hand-written ANE training programs.

Weights come in as columns beside the activations, every linear transposes to
[tokens, features] and back, results leave in one concatenated surface: attention
forward, attention backward in two parts, and feed-forward, for dim 768,
hidden 2048, 12 heads of 64 and 256 tokens.

    make_kernels.py FOLDER
"""
import sys
from pathlib import Path

DIM, HIDDEN, HEADS, SEQ = 768, 2048, 12, 256
HEAD = DIM // HEADS
SCORES = HEADS * SEQ
BUILD = ('{{"coremlc-component-MIL", "3510.2.1"}, {"coremlc-version", '
         '"3505.4.1"}, {"coremltools-component-milinternal", ""}, '
         '{"coremltools-version", "9.0"}}')


class Kernel:
    def __init__(self, channels, width):
        self.lines, self.count = [], 0
        self.shapes = {"x": [1, channels, 1, width]}
        self.constants = {}

    def constant(self, type_, value):
        key = (type_, value)
        if key not in self.constants:
            name = f"c{len(self.constants)}"
            self.constants[key] = name
            self.lines.append(f"{type_} {name} = const()[name = "
                              f'string("{name}"), val = {value}];')
        return self.constants[key]

    def ints(self, values):
        type_ = f"tensor<int32, [{len(values)}]>"
        return self.constant(type_, f"{type_}({list(values)})")

    def integer(self, value):
        return self.constant("int32", f"int32({value})")

    def flag(self, value):
        return self.constant("bool", f"bool({str(value).lower()})")

    def half(self, value):
        return self.constant("fp16", f"fp16({float(value).hex()})")

    def op(self, name, dims, **arguments):
        result = f"v{self.count}_{name}"
        self.count += 1
        self.shapes[result] = dims
        listed = ", ".join(f"{k} = {v}" for k, v in arguments.items())
        self.lines.append(f"tensor<fp16, {dims}> {result} = {name}({listed})"
                          f'[name = string("{result}")];')
        return result

    def slice(self, x, begin, size):
        return self.op("slice_by_size", list(size), x=x, begin=self.ints(begin),
                       size=self.ints(size))

    def reshape(self, x, *shape):
        return self.op("reshape", list(shape), x=x, shape=self.ints(shape))

    def swap(self, x):
        a, b, c, d = self.shapes[x]
        return self.op("transpose", [a, b, d, c], x=x,
                       perm=self.ints([0, 1, 3, 2]))

    def matmul(self, x, y, tx=False, ty=False):
        a, b = self.shapes[x], self.shapes[y]
        shape = a[:2] + [a[3] if tx else a[2], b[2] if ty else b[3]]
        return self.op("matmul", shape, x=x, y=y, transpose_x=self.flag(tx),
                       transpose_y=self.flag(ty))

    def binary(self, name, x, y):
        return self.op(name, self.shapes[x], x=x, y=y)

    def linear(self, x, weight, transposed=False):
        """[1, I, 1, S] and columns [1, I, 1, O] (or [1, O, 1, I])."""
        _, inner, _, tokens = self.shapes[x]
        rows, columns = self.shapes[weight][1], self.shapes[weight][3]
        w = self.reshape(weight, 1, 1, rows, columns)
        if transposed:
            w = self.swap(w)
        outer = rows if transposed else columns
        y = self.matmul(self.swap(self.reshape(x, 1, 1, inner, tokens)), w)
        return self.reshape(self.swap(y), 1, outer, 1, tokens)

    def heads(self, x):
        return self.swap(self.reshape(x, 1, HEADS, HEAD, SEQ))

    def merge(self, x):
        return self.reshape(self.swap(x), 1, DIM, 1, SEQ)

    def mask(self):
        type_ = f"tensor<fp16, [1, 1, {SEQ}, {SEQ}]>"
        return self.constant(type_, f'{type_}(BLOBFILE(path = string('
                             '"@model_path/weights/mask.bin"), offset = '
                             'uint64(64)))')

    def probabilities(self, q, k):
        scores = self.matmul(q, k, ty=True)
        scaled = self.binary("mul", scores, self.half(HEAD ** -0.5))
        masked = self.binary("add", scaled, self.mask())
        return self.op("softmax", self.shapes[masked], x=masked,
                       axis=self.integer(-1))

    def norm(self, x, gain):
        sums = [1, 1, 1, SEQ]
        squares = self.binary("mul", x, x)
        total = self.op("reduce_sum", sums, x=squares, axes=self.ints([1]),
                        keep_dims=self.flag(True))
        mean = self.binary("mul", total, self.half(2.0 ** -10 * 1.333984375))
        shifted = self.binary("add", mean, self.half(2.0 ** -17))
        root = self.op("pow", sums, x=shifted, y=self.half(-0.5))
        return self.binary("mul", self.binary("mul", x, root), gain)

    def text(self, values):
        channels = sum(self.shapes[v][1] for v in values)
        shape = [1, channels, 1, SEQ]
        result = self.op("concat", shape, axis=self.integer(1),
                         interleave=self.flag(False),
                         values="(" + ", ".join(values) + ")")
        body = "\n".join("        " + line for line in self.lines)
        return (f"program(1.3)\n[buildInfo = dict<string, string>({BUILD})]\n"
                "{\n    func main<ios18>(tensor<fp16, "
                f"{self.shapes['x']}> x) {{\n{body}\n    }} -> ({result});\n}}\n")


def attention_forward():
    k = Kernel(DIM, SEQ + 3 * DIM + 32)
    x = k.slice("x", [0, 0, 0, 0], [1, DIM, 1, SEQ])
    gain = k.slice("x", [0, 0, 0, SEQ + 3 * DIM], [1, DIM, 1, 1])
    weights = [k.slice("x", [0, 0, 0, SEQ + i * DIM], [1, DIM, 1, DIM])
               for i in range(3)]
    normed = k.norm(x, gain)
    q, key, v = (k.linear(normed, w) for w in weights)
    p = k.probabilities(k.heads(q), k.heads(key))
    attended = k.merge(k.matmul(p, k.heads(v)))
    return k.text([attended, q, key, v, normed])


def attention_backward_1():
    k = Kernel(4 * DIM, SEQ)
    q, key, v, da = (k.heads(k.slice("x", [0, i * DIM, 0, 0],
                                     [1, DIM, 1, SEQ])) for i in range(4))
    p = k.probabilities(q, key)
    dv = k.merge(k.matmul(p, da, tx=True))
    dp = k.matmul(da, v, ty=True)
    return k.text([dv, k.reshape(p, 1, SCORES, 1, SEQ),
                   k.reshape(dp, 1, SCORES, 1, SEQ)])


def attention_backward_2():
    k = Kernel(2 * SCORES + 2 * DIM, SEQ)
    p, dp = (k.reshape(k.slice("x", [0, i * SCORES, 0, 0],
                               [1, SCORES, 1, SEQ]), 1, HEADS, SEQ, SEQ)
             for i in range(2))
    q, key = (k.heads(k.slice("x", [0, 2 * SCORES + i * DIM, 0, 0],
                              [1, DIM, 1, SEQ])) for i in range(2))
    weighted = k.binary("mul", p, dp)
    total = k.op("reduce_sum", [1, HEADS, SEQ, 1], x=weighted,
                 axes=k.ints([3]), keep_dims=k.flag(True))
    ds = k.binary("mul", k.binary("mul", p, k.binary("sub", dp, total)),
                  k.half(HEAD ** -0.5))
    return k.text([k.merge(k.matmul(ds, key)),
                   k.merge(k.matmul(ds, q, tx=True))])


def feed_forward():
    k = Kernel(DIM, 2 * SEQ + 3 * HIDDEN)
    normed, residual = (k.slice("x", [0, 0, 0, i * SEQ], [1, DIM, 1, SEQ])
                        for i in range(2))
    w1, w3, w2 = (k.slice("x", [0, 0, 0, 2 * SEQ + i * HIDDEN],
                          [1, DIM, 1, HIDDEN]) for i in range(3))
    h1, h3 = k.linear(normed, w1), k.linear(normed, w3)
    gate = k.binary("mul", k.binary("mul", h1, k.op(
        "sigmoid", k.shapes[h1], x=h1)), h3)
    out = k.linear(gate, w2, transposed=True)
    return k.text([k.binary("add", residual, out), h1, h3, gate])


KERNELS = {"attention_forward": attention_forward,
           "attention_backward_1": attention_backward_1,
           "attention_backward_2": attention_backward_2,
           "feed_forward": feed_forward}

if __name__ == "__main__":
    for name, make in KERNELS.items():
        (Path(sys.argv[1]) / f"{name}.mil").write_text(make())
