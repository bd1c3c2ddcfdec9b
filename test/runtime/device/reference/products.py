"""Products and convolutions: ops.md, sections 5 and 6."""
import itertools

import numpy as np
import torch
import torch.nn.functional as F

from recorder import Raw, Text, call, record


def matmuls():
    raw = Raw("matmuls")
    x, y = raw.floats(2, 1, 5, 7), raw.floats(3, 7, 4)
    record("matmul", call("matmul", x="x", y="y"), {"x": x, "y": y}, x @ y,
           sums=7)
    for a, b in itertools.product((False, True), (False, True)):
        left = x.transpose(2, 3).contiguous() if a else x
        right = y.transpose(1, 2).contiguous() if b else y
        record(f"matmul_transposed_{a}_{b}",
               call("matmul", x="x", y="y", transpose_x=a, transpose_y=b),
               {"x": left, "y": right}, x @ y, sums=7)
    shapes = {"vectors": ((7,), (7,)), "vector_matrix": ((7,), (7, 4)),
              "vector_batches": ((7,), (3, 7, 4)),
              "matrix_vector": ((5, 7), (7,)),
              "batches_vector": ((2, 3, 5, 7), (7,)),
              "matrices": ((5, 7), (7, 4)),
              "rank3": ((2, 5, 7), (2, 7, 4)),
              "rank5": ((2, 1, 3, 2, 4), (1, 3, 1, 4, 2)),
              "ones": ((1, 1), (1, 1))}
    for name, (left, right) in shapes.items():
        a, b = raw.floats(*left), raw.floats(*right)
        record(f"matmul_{name}", call("matmul", x="x", y="y"),
               {"x": a, "y": b}, a @ b, sums=left[-1])
    short = Raw("matmul_blocks", 0.25)
    a, b = short.floats(1, 2, 40, 33), short.floats(1, 2, 33, 50)
    record("matmul_blocks", call("matmul", x="x", y="y"), {"x": a, "y": b},
           a @ b, sums=33)
    a, b = raw.floats(3, 5), raw.floats(5, 2)
    record("matmul_fp32", call("matmul", x="x", y="y"), {"x": a, "y": b},
           a @ b, sums=5, types={"x": "fp32", "y": "fp32"}, results=["fp32"])
    record("matmul_mixed", call("matmul", x="x", y="y"), {"x": a, "y": b},
           a @ b, sums=5, types={"y": "fp32"})
    record("matmul_mixed_wide", call("matmul", x="x", y="y"),
           {"x": a, "y": b}, a @ b, sums=5, types={"x": "fp32"},
           results=["fp32"])


def linears():
    raw = Raw("linears")
    w, b = raw.floats(6, 7), raw.floats(6)
    for rank, shape in {1: (7,), 2: (5, 7), 3: (2, 5, 7), 4: (2, 1, 5, 7),
                        5: (2, 1, 1, 3, 7)}.items():
        x = raw.floats(*shape)
        record(f"linear_rank{rank}", call("linear", x="x", weight="w",
                                          bias="b"),
               {"x": x, "w": w, "b": b}, F.linear(x, w, b), sums=8)
        record(f"linear_rank{rank}_plain", call("linear", x="x", weight="w"),
               {"x": x, "w": w}, F.linear(x, w), sums=7)
    x = raw.floats(3, 7)
    record("linear_mixed", call("linear", x="x", weight="w", bias="b"),
           {"x": x, "w": w, "b": b}, F.linear(x, w, b), sums=8,
           types={"w": "fp32", "b": "fp32"})
    record("linear_fp32", call("linear", x="x", weight="w", bias="b"),
           {"x": x, "w": w, "b": b}, F.linear(x, w, b), sums=8,
           types={"x": "fp32", "w": "fp32", "b": "fp32"}, results=["fp32"])


def einsums():
    raw = Raw("einsums", 0.0625)
    tests = {"4": ("nchw,nwhu->nchu", (2, 3, 4, 5), (2, 5, 4, 6)),
             "3": ("chw,whr->chr", (3, 4, 5), (5, 4, 6)),
             "renamed": ("bijk,bkjl->bijl", (2, 3, 4, 5), (2, 5, 4, 6)),
             "renamed_3": ("abc,cbd->abd", (3, 4, 5), (5, 4, 6)),
             "batch": ("nchw,nwhu->nchu", (1, 3, 4, 5), (2, 5, 4, 6)),
             "height": ("nchw,nwhu->nchu", (2, 3, 1, 5), (2, 5, 4, 6)),
             "height_3": ("chw,whr->chr", (3, 4, 5), (5, 1, 6))}
    for name, (equation, left, right) in tests.items():
        a, b = raw.floats(*left), raw.floats(*right)
        record(f"einsum_{name}",
               call("einsum", values="(a, b)", equation=Text(equation)),
               {"a": a, "b": b}, torch.einsum(equation, a, b), sums=5)


def attention():
    raw = Raw("attention", 0.0625)
    record_attention = lambda name, tensors, expected, **more: record(
        name, call("scaled_dot_product_attention", query="q", key="k",
                   value="v", **({"attn_mask": "m"} if "m" in tensors
                                 else {})),
        tensors, expected, sums=14, **more)
    for batch in ((2,), (1, 2), (2, 1, 2)):
        q, k = raw.floats(*batch, 5, 8), raw.floats(*batch, 6, 8)
        v = raw.floats(*batch, 6, 3)
        scores = q @ k.transpose(-2, -1) / np.sqrt(8)
        name = f"attention_rank{q.dim()}"
        record_attention(name, {"q": q, "k": k, "v": v},
                         torch.softmax(scores, -1) @ v)
        mask = raw.floats(5, 6)
        record_attention(f"{name}_mask", {"q": q, "k": k, "v": v, "m": mask},
                         torch.softmax(scores + mask, -1) @ v)
        keep = torch.tril(torch.ones(5, 6)) > 0
        hidden = scores.masked_fill(~keep, -np.inf)
        record_attention(f"{name}_bool", {"q": q, "k": k, "v": v, "m": keep},
                         torch.softmax(hidden, -1) @ v)
    record_attention("attention_fp32", {"q": q, "k": k, "v": v},
                     torch.softmax(scores, -1) @ v, results=["fp32"],
                     types={n: "fp32" for n in "qkv"})


CONVOLUTIONS = {3: F.conv1d, 4: F.conv2d, 5: F.conv3d}
TRANSPOSED = {3: F.conv_transpose1d, 4: F.conv_transpose2d,
              5: F.conv_transpose3d}


def pad_space(x, pads):
    """`pads` as in the text: before and after, first dimension first."""
    pairs = [pads[i:i + 2] for i in range(0, len(pads), 2)]
    return F.pad(x, [p for pair in reversed(pairs) for p in pair])


def same_pads(size, kernel, stride, dilation, lower):
    """ops.md, section 6: total (ceil(D/s)-1)*s + keff - D."""
    extent = (kernel - 1) * dilation + 1
    total = max(0, (-(-size // stride) - 1) * stride + extent - size)
    before = total - total // 2 if lower else total // 2
    return [before, total - before]


def convolutions():
    raw = Raw("convolutions", 0.0625)
    image, filters = raw.floats(2, 6, 1, 9), raw.floats(8, 6, 1, 1)
    record("conv_pointwise", call("conv", x="x", weight="w"),
           {"x": image, "w": filters}, F.conv2d(image, filters), sums=6)
    grouped, bias = raw.floats(8, 3, 1, 1), raw.floats(8)
    record("conv_groups_bias",
           call("conv", x="x", weight="w", bias="b", groups=2),
           {"x": image, "w": grouped, "b": bias},
           F.conv2d(image, grouped, bias, groups=2), sums=4)
    spaces = {3: ((10,), (4,)), 4: ((7, 8), (3, 2)), 5: ((4, 5, 3), (2, 3, 1))}
    for rank, (space, kernel) in spaces.items():
        f, n = CONVOLUTIONS[rank], rank - 2
        x, w = raw.floats(2, 4, *space), raw.floats(6, 4, *kernel)
        b = raw.floats(6)
        half = raw.floats(6, 2, *kernel)
        depth = raw.floats(8, 1, *kernel)
        terms = 4 * int(np.prod(kernel)) + 1
        name = f"conv_rank{rank}"
        record(f"{name}_plain", call("conv", x="x", weight="w"),
               {"x": x, "w": w}, f(x, w), sums=terms)
        record(f"{name}_valid",
               call("conv", x="x", weight="w", bias="b", strides=[2] * n,
                    pad_type=Text("valid"), pad=[0] * 2 * n,
                    dilations=[1] * n, groups=1),
               {"x": x, "w": w, "b": b}, f(x, w, b, stride=2), sums=terms)
        pads = list(range(1, 2 * n + 1))
        strides = [1 + i % 2 for i in range(n)]
        dilations = [1 + i % 2 for i in range(1, n + 1)]
        record(f"{name}_custom",
               call("conv", x="x", weight="w", strides=strides,
                    pad_type=Text("custom"), pad=pads, dilations=dilations,
                    groups=2), {"x": x, "w": half},
               f(pad_space(x, pads), half, stride=strides,
                 dilation=dilations, groups=2), sums=terms)
        record(f"{name}_depthwise",
               call("conv", x="x", weight="w", groups=4),
               {"x": x, "w": depth}, f(x, depth, groups=4), sums=terms)
        for mode in ("same", "same_lower"):
            for stride in (1, 2):
                pads = [p for d in range(n) for p in same_pads(
                    space[d], kernel[d], stride, 1, mode == "same_lower")]
                record(f"{name}_{mode}_{stride}",
                       call("conv", x="x", weight="w", strides=[stride] * n,
                            pad_type=Text(mode)), {"x": x, "w": w},
                       f(pad_space(x, pads), w, stride=stride), sums=terms)
        record(f"{name}_mixed",
               call("conv", x="x", weight="w", bias="b"),
               {"x": x, "w": w, "b": b}, f(x, w, b), sums=terms,
               types={"w": "fp32", "b": "fp32"})
        record(f"{name}_fp32", call("conv", x="x", weight="w", bias="b"),
               {"x": x, "w": w, "b": b}, f(x, w, b), sums=terms,
               types={n: "fp32" for n in "xwb"}, results=["fp32"])


def scatter_form(x, w, strides, dilations, before, output, groups):
    """out[o*s + k*dil - pb] += x[o] w[k], by the definition."""
    perGroup = w.shape[1]
    y = torch.zeros(x.shape[0], perGroup * groups, *output,
                    dtype=torch.float64)
    inputs = x.shape[1] // groups
    for place in itertools.product(*map(range, x.shape[2:])):
        for tap in itertools.product(*map(range, w.shape[2:])):
            target = tuple(o * s + k * d - b for o, s, k, d, b in zip(
                place, strides, tap, dilations, before))
            if not all(0 <= t < size for t, size in zip(target, output)):
                continue
            for c in range(x.shape[1]):
                first = c // inputs * perGroup
                for o in range(perGroup):
                    y[(slice(None), first + o) + target] += (
                        x[(slice(None), c) + place] * w[(c, o) + tap])
    return y


def transposed_convolutions():
    raw = Raw("transposed_convolutions", 0.0625)
    spaces = {3: ((6,), (4,)), 4: ((4, 3), (3, 2)), 5: ((2, 3, 2), (2, 3, 1))}
    for rank, (space, kernel) in spaces.items():
        f, n = TRANSPOSED[rank], rank - 2
        x, w = raw.floats(2, 4, *space), raw.floats(4, 3, *kernel)
        b, two = raw.floats(3), raw.floats(6)
        terms = 4 * int(np.prod(kernel)) + 1
        name = f"conv_transpose_rank{rank}"
        record(f"{name}_plain", call("conv_transpose", x="x", weight="w"),
               {"x": x, "w": w}, f(x, w), sums=terms)
        record(f"{name}_valid",
               call("conv_transpose", x="x", weight="w", bias="b",
                    strides=[2] * n, dilations=[2] * n,
                    pad_type=Text("valid"), pad=[0] * 2 * n, groups=1),
               {"x": x, "w": w, "b": b}, f(x, w, b, stride=2, dilation=2),
               sums=terms)
        record(f"{name}_groups",
               call("conv_transpose", x="x", weight="w", bias="b", groups=2),
               {"x": x, "w": w, "b": two}, f(x, w, two, groups=2),
               sums=terms)
        pads = [1, 0] + [0, 1] * (n - 1)
        strides = [2 - i % 2 for i in range(n)]
        full = [(size - 1) * s + k for size, s, k in
                zip(space, strides, kernel)]
        cut = [size - pads[2 * i] - pads[2 * i + 1]
               for i, size in enumerate(full)]
        record(f"{name}_custom",
               call("conv_transpose", x="x", weight="w", strides=strides,
                    pad_type=Text("custom"), pad=pads),
               {"x": x, "w": w},
               scatter_form(x, w, strides, [1] * n, pads[::2], cut, 1),
               sums=terms)
        for mode in ("same", "same_lower"):
            output = [2 * size for size in space]
            before = []
            for size, k in zip(space, kernel):
                total = max(0, (size - 1) * 2 + k - 2 * size)
                before.append(total // 2 if mode == "same"
                              else total - total // 2)
            record(f"{name}_{mode}",
                   call("conv_transpose", x="x", weight="w",
                        strides=[2] * n, pad_type=Text(mode)),
                   {"x": x, "w": w},
                   scatter_form(x, w, [2] * n, [1] * n, before, output, 1),
                   sums=terms)
        # An output_shape with one more element than the scattered ones.
        output = [(size - 1) * 2 + k + 1 for size, k in zip(space, kernel)]
        record(f"{name}_output_shape",
               call("conv_transpose", x="x", weight="w", strides=[2] * n,
                    pad_type=Text("custom"), pad=[0] * 2 * n,
                    output_shape=[2, 3] + output),
               {"x": x, "w": w},
               scatter_form(x, w, [2] * n, [1] * n, [0] * n, output, 1),
               sums=terms)
        record(f"{name}_mixed",
               call("conv_transpose", x="x", weight="w", bias="b"),
               {"x": x, "w": w, "b": b}, f(x, w, b), sums=terms,
               types={"w": "fp32", "b": "fp32"})
    record("conv_transpose_fp32",
           call("conv_transpose", x="x", weight="w"), {"x": x, "w": w},
           f(x, w), sums=terms, types={"x": "fp32", "w": "fp32"},
           results=["fp32"])


def record_all():
    matmuls()
    linears()
    einsums()
    attention()
    convolutions()
    transposed_convolutions()
