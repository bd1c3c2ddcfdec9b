"""Pooling and resizing: ops.md, section 6."""
import itertools

import numpy as np
import torch
import torch.nn.functional as F

from products import same_pads
from recorder import SHAPES, Raw, Text, call, record


def windows(x, kernel, strides, pads, ceil):
    """All elements under each window, NaN where there is only padding."""
    n = len(kernel)
    outputs = []
    for d in range(n):
        size = x.shape[2 + d] + pads[2 * d] + pads[2 * d + 1]
        room = size - kernel[d]
        count = -(-room // strides[d]) + 1 if ceil else room // strides[d] + 1
        if ceil and (count - 1) * strides[d] >= x.shape[2 + d] + pads[2 * d]:
            count -= 1
        outputs.append(count)
    return outputs


def pool(x, kernel, strides, pads, f, ceil=False):
    """`f` of the elements inside, and of how many are inside the padding."""
    outputs = windows(x, kernel, strides, pads, ceil)
    y = torch.zeros(*x.shape[:2], *outputs, dtype=torch.float64)
    for o in itertools.product(*map(range, outputs)):
        spans, area = [], 1
        for d, place in enumerate(o):
            begin = place * strides[d] - pads[2 * d]
            size, end = x.shape[2 + d], begin + kernel[d]
            spans.append(slice(max(0, begin), min(size, end)))
            area *= min(end, size + pads[2 * d + 1]) - begin
        part = x[(slice(None), slice(None)) + tuple(spans)]
        y[(slice(None), slice(None)) + o] = f(part.flatten(2), area)
    return y


POOLS = {"max_pool": lambda part, area: part.amax(-1),
         "avg_pool": lambda part, area: part.sum(-1) / area,
         "l2_pool": lambda part, area: torch.sqrt((part * part).sum(-1))}


def pools():
    raw = Raw("pools", 0.0625)
    spaces = {3: ((9,), (3,)), 4: ((7, 9), (3, 2)), 5: ((4, 5, 3), (2, 3, 2))}
    mean = lambda part, area: part.mean(-1)
    for rank, (space, kernel) in spaces.items():
        n = rank - 2
        x = raw.floats(2, 3, *space)
        for op, f in POOLS.items():
            name, every = f"{op}_rank{rank}", {"sums": int(np.prod(kernel))}
            record(f"{name}_valid",
                   call(op, x="x", kernel_sizes=list(kernel),
                        pad_type=Text("valid")), {"x": x},
                   pool(x, kernel, [1] * n, [0] * 2 * n, f), **every)
            pads = [1, 1] * n
            record(f"{name}_custom",
                   call(op, x="x", kernel_sizes=list(kernel),
                        strides=[2] * n, pad_type=Text("custom"), pad=pads),
                   {"x": x}, pool(x, kernel, [2] * n, pads, f), **every)
            uneven = [0, 1] * n
            record(f"{name}_uneven",
                   call(op, x="x", kernel_sizes=list(kernel),
                        strides=[2] * n, pad_type=Text("custom"),
                        pad=uneven, ceil_mode=False),
                   {"x": x}, pool(x, kernel, [2] * n, uneven, f), **every)
            record(f"{name}_ceil",
                   call(op, x="x", kernel_sizes=list(kernel),
                        strides=[2] * n, pad_type=Text("custom"), pad=pads,
                        ceil_mode=True),
                   {"x": x}, pool(x, kernel, [2] * n, pads, f, True),
                   **every)
            for mode in ("same", "same_lower"):
                pads = [p for d in range(n) for p in same_pads(
                    space[d], kernel[d], 2, 1, mode == "same_lower")]
                record(f"{name}_{mode}",
                       call(op, x="x", kernel_sizes=list(kernel),
                            strides=[2] * n, pad_type=Text(mode)),
                       {"x": x}, pool(x, kernel, [2] * n, pads, f), **every)
            record(f"{name}_fp32",
                   call(op, x="x", kernel_sizes=list(kernel)), {"x": x},
                   pool(x, kernel, [1] * n, [0] * 2 * n, f),
                   types={"x": "fp32"}, results=["fp32"], **every)
        for ceil in (False, True):
            pads = [1, 1] * n
            record(f"avg_pool_rank{rank}_exclude_{ceil}",
                   call("avg_pool", x="x", kernel_sizes=list(kernel),
                        strides=[2] * n, pad_type=Text("custom"), pad=pads,
                        ceil_mode=ceil, exclude_padding_from_average=True),
                   {"x": x}, pool(x, kernel, [2] * n, pads, mean, ceil),
                   sums=int(np.prod(kernel)))
    # The same by PyTorch, which checks the formula above.
    x = raw.floats(2, 3, 7, 9)
    record("avg_pool_torch",
           call("avg_pool", x="x", kernel_sizes=[3, 2], strides=[2, 2],
                pad_type=Text("custom"), pad=[1, 1, 1, 1], ceil_mode=True),
           {"x": x}, F.avg_pool2d(x, (3, 2), 2, 1, ceil_mode=True), sums=6)
    record("max_pool_torch",
           call("max_pool", x="x", kernel_sizes=[3, 2], strides=[2, 2],
                pad_type=Text("custom"), pad=[1, 1, 1, 1], ceil_mode=True),
           {"x": x}, F.max_pool2d(x, (3, 2), 2, 1, ceil_mode=True))


def positions(mode, size, count):
    """The grid points of the definitions, one dimension at a time."""
    i = np.arange(count, dtype=np.float64)
    if mode == "STRICT_ALIGN_CORNERS":
        grid = i * ((size - 1) / (count - 1) if count > 1 else 0)
    elif mode == "ALIGN_CORNERS":
        grid = (i * (size - 1) / (count - 1) if count > 1
                else np.array([(size - 1) / 2]))
    elif mode == "UNALIGN_CORNERS":
        grid = i * size / count + 0.5 * size / count - 0.5
    elif mode == "OFFSET_CORNERS":
        delta = max(1, size - 1) / count
        grid = 0.5 * delta + i * delta
    else:
        step = (size - size / count) / (count - 1) if count > 1 else 0
        grid = i * step
    return np.clip(grid, 0, size - 1)


def sample(x, rows, columns):
    """Linear interpolation along both last axes, by NumPy."""
    array = x.numpy()
    for axis, grid in ((-2, rows), (-1, columns)):
        knots = np.arange(array.shape[axis])
        array = np.apply_along_axis(
            lambda line: np.interp(grid, knots, line), axis, array)
    return torch.from_numpy(array.copy())


def resizes():
    raw = Raw("resizes", 0.0625)
    x = raw.floats(2, 3, 4, 5)
    for mode in ("STRICT_ALIGN_CORNERS", "ALIGN_CORNERS", "UNALIGN_CORNERS",
                 "DEFAULT", "OFFSET_CORNERS"):
        for height, width in ((7, 3), (1, 1), (4, 10)):
            record(f"resize_bilinear_{mode}_{height}_{width}",
                   call("resize_bilinear", x="x", target_size_height=height,
                        target_size_width=width, sampling_mode=Text(mode)),
                   {"x": x}, sample(x, positions(mode, 4, height),
                                    positions(mode, 5, width)), sums=4)
    record("resize_bilinear_default", call("resize_bilinear", x="x"),
           {"x": x}, x[..., :1, :1].contiguous())
    for rank in (3, 5):
        y = raw.floats(*SHAPES[rank])
        record(f"resize_bilinear_rank{rank}",
               call("resize_bilinear", x="x", target_size_height=5,
                    target_size_width=6,
                    sampling_mode=Text("UNALIGN_CORNERS")), {"x": y},
               sample(y, positions("UNALIGN_CORNERS", y.shape[-2], 5),
                      positions("UNALIGN_CORNERS", y.shape[-1], 6)), sums=4)
    record("resize_bilinear_fp32",
           call("resize_bilinear", x="x", target_size_height=3,
                target_size_width=3, sampling_mode=Text("ALIGN_CORNERS")),
           {"x": x}, F.interpolate(x, (3, 3), mode="bilinear",
                                   align_corners=True),
           sums=4, types={"x": "fp32"}, results=["fp32"])


def upsamples():
    raw = Raw("upsamples", 0.0625)
    x = raw.floats(2, 3, 4, 5)
    bilinear = lambda size, align: F.interpolate(
        x, size, mode="bilinear", align_corners=align)
    scales = {"scale_factor_height": 2, "scale_factor_width": 3}
    record("upsample_bilinear_default", call("upsample_bilinear", x="x"),
           {"x": x}, x)
    record("upsample_bilinear_align",
           call("upsample_bilinear", x="x", **scales, align_corners=True),
           {"x": x}, bilinear((8, 15), True), sums=4)
    record("upsample_bilinear_scales",
           call("upsample_bilinear", x="x", **scales), {"x": x},
           bilinear((8, 15), True), sums=4)
    record("upsample_bilinear_centers",
           call("upsample_bilinear", x="x", **scales, align_corners=False),
           {"x": x}, bilinear((8, 15), False), sums=4)
    record("upsample_bilinear_half_pixel",
           call("upsample_bilinear", x="x", **scales, align_corners=False,
                half_pixel_centers=True), {"x": x},
           bilinear((8, 15), False), sums=4)
    record("upsample_bilinear_corners",
           call("upsample_bilinear", x="x", **scales, align_corners=False,
                half_pixel_centers=False), {"x": x},
           sample(x, positions("DEFAULT", 4, 8), positions("DEFAULT", 5, 15)),
           sums=4)
    # 4 * 1.6 and 5 * 0.5 are rounded down, the scale follows the sizes.
    record("upsample_bilinear_fraction",
           call("upsample_bilinear", x="x", scale_factor_height="fp32(1.6)",
                scale_factor_width="fp32(0.5)", align_corners=False),
           {"x": x}, bilinear((6, 2), False), sums=4)
    record("upsample_bilinear_fp32",
           call("upsample_bilinear", x="x", **scales), {"x": x},
           bilinear((8, 15), True), sums=4, types={"x": "fp32"},
           results=["fp32"])
    for rank in (3, 4, 5):
        y = raw.floats(*SHAPES[rank])
        big = y.repeat_interleave(2, -2).repeat_interleave(3, -1)
        record(f"upsample_nearest_neighbor_rank{rank}",
               call("upsample_nearest_neighbor", x="x", **scales), {"x": y},
               big)
        record(f"upsample_bilinear_rank{rank}",
               call("upsample_bilinear", x="x", **scales), {"x": y},
               sample(y, positions("ALIGN_CORNERS", y.shape[-2],
                                   2 * y.shape[-2]),
                      positions("ALIGN_CORNERS", y.shape[-1],
                                3 * y.shape[-1])), sums=4)
    record("upsample_nearest_neighbor_default",
           call("upsample_nearest_neighbor", x="x"), {"x": x}, x)
    record("upsample_nearest_neighbor_float",
           call("upsample_nearest_neighbor", x="x",
                scale_factor_height="fp32(2)", scale_factor_width="fp32(3)"),
           {"x": x}, x.repeat_interleave(2, -2).repeat_interleave(3, -1),
           types={"x": "fp32"}, results=["fp32"])


def record_all():
    pools()
    resizes()
    upsamples()
