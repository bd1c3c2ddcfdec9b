"""Shape and data movement: ops.md, section 7."""
import numpy as np
import torch
import torch.nn.functional as F

from recorder import SHAPES, Raw, Text, call, record, typed

KINDS = ("int8", "uint8", "int16", "uint16", "int32", "bool", "fp32")


def of_kind(raw, kind, *shape):
    if kind == "fp32":
        return raw.floats(*shape)
    values = raw.ints(*shape, low=0, high=2 if kind == "bool" else 100)
    return values > 0 if kind == "bool" else values


def every_kind(raw, name, statement, f, *shape):
    """The same movement of every element type that opset 17 allows."""
    for kind in KINDS:
        x = of_kind(raw, kind, *shape)
        written = None if kind in ("bool", "int32") else kind
        expected = f(x)
        results = expected if isinstance(expected, list) else [expected]
        record(f"{name}_{kind}", statement, {"x": x},
               [r.contiguous() for r in results],
               types={"x": written} if written else {},
               results=[written] * len(results), opset="ios17")


def shapes():
    raw = Raw("shapes", 0.0625)
    x = raw.floats(2, 3, 4, 5)
    for name, shape in {"open": [4, -1, 3], "flat": [-1], "kept": [0, 0, 20, 1],
                        "more": [1, 2, 3, 2, 10], "same": [2, 3, 4, 5]}.items():
        sizes = [x.shape[i] if s == 0 else s for i, s in enumerate(shape)]
        record(f"reshape_{name}", call("reshape", x="x", shape=shape),
               {"x": x}, x.reshape(sizes))
    every_kind(raw, "reshape", call("reshape", x="x", shape=[3, -1]),
               lambda t: t.reshape(3, 4), 2, 6)
    record("reshape_sizes_int16", call("reshape", x="x", shape=typed("int16",
                                                              [6, -1])),
           {"x": x}, x.reshape(6, 20), opset="ios17")
    record("reshape_scalar", call("reshape", x="x", shape=[1, 1]),
           {"x": torch.tensor(1.5, dtype=torch.float64)},
           torch.full((1, 1), 1.5, dtype=torch.float64))
    record("reshape_like",
           call("reshape_like", x="x", ref_tensors="(r, s)",
                begins="(int32(0), int32(1))", ends="(int32(2), int32(0))",
                end_masks="(bool(false), bool(true))"),
           {"x": x, "r": raw.floats(2, 3, 7), "s": raw.floats(1, 4, 5)}, x)
    record("reshape_like_negative",
           call("reshape_like", x="x", ref_tensors="(r)",
                begins="(int32(-3))", ends="(int32(-1))",
                end_masks="(bool(false))"),
           {"x": x, "r": raw.floats(9, 6, 20, 2)}, x.reshape(6, 20))
    for rank in range(1, 6):
        x = raw.floats(*SHAPES[rank])
        for axis in range(-rank, rank + 1):
            cut = axis + rank if axis < 0 else axis
            first = int(np.prod(x.shape[:cut]))
            record(f"flatten2d_rank{rank}_{axis}",
                   call("flatten2d", x="x", axis=axis), {"x": x},
                   x.reshape(first, -1))
    record("flatten2d_default", call("flatten2d", x="x"), {"x": x},
           x.reshape(x.shape[0], -1))
    for rank, shape in SHAPES.items():
        if rank:
            record(f"shape_rank{rank}", call("shape", x="x"),
                   {"x": raw.floats(*shape)},
                   torch.tensor(shape, dtype=torch.int32))
    record("shape_bool", call("shape", x="x"), {"x": torch.ones(3, 2) > 0},
           torch.tensor([3, 2], dtype=torch.int32))


def axes():
    raw = Raw("axes", 0.0625)
    for rank in range(1, 6):
        x = raw.floats(*SHAPES[rank])
        perm = list(range(rank))[::-1]
        record(f"transpose_rank{rank}", call("transpose", x="x", perm=perm),
               {"x": x}, x.permute(perm).contiguous())
    x = raw.floats(2, 3, 4, 5)
    record("transpose_negative",
           call("transpose", x="x", perm=[0, 3, 1, -2]), {"x": x},
           x.permute(0, 3, 1, 2).contiguous())
    every_kind(raw, "transpose", call("transpose", x="x", perm=[1, 0]),
               lambda t: t.t(), 2, 3)
    for name, places in {"ends": [0, -1], "middle": [1], "several": [0, 2, 3],
                         "unsorted": [-1, 0]}.items():
        out = 4 + len(places)
        y = x
        for place in sorted(p % out for p in places):
            y = y.unsqueeze(place)
        record(f"expand_dims_{name}", call("expand_dims", x="x", axes=places),
               {"x": x}, y)
    record("expand_dims_scalar", call("expand_dims", x="x", axes=[0]),
           {"x": torch.tensor(0.5, dtype=torch.float64)},
           torch.tensor([0.5], dtype=torch.float64))
    every_kind(raw, "expand_dims", call("expand_dims", x="x", axes=[1]),
               lambda t: t.unsqueeze(1), 3)
    thin = raw.floats(1, 3, 1, 2, 1)
    for name, arguments, shape in (
            ("all", {}, (3, 2)), ("some", {"axes": [0, 2]}, (3, 2, 1)),
            ("negative", {"axes": [-1]}, (1, 3, 1, 2)),
            ("others_stay", {"axes": [0, 1]}, (3, 1, 2, 1))):
        record(f"squeeze_{name}", call("squeeze", x="x", **arguments),
               {"x": thin}, thin.reshape(shape))
    every_kind(raw, "squeeze", call("squeeze", x="x", axes=[0]),
               lambda t: t[0], 1, 3)
    for rank in range(1, 6):
        x = raw.floats(*SHAPES[rank])
        record(f"reverse_rank{rank}", call("reverse", x="x"), {"x": x},
               torch.flip(x, list(range(rank))))
        record(f"reverse_rank{rank}_last",
               call("reverse", x="x", axes=[-1]), {"x": x},
               torch.flip(x, [rank - 1]))
    x = raw.floats(2, 3, 4, 5)
    record("reverse_axes", call("reverse", x="x", axes=[1, 3]), {"x": x},
           torch.flip(x, (1, 3)))
    every_kind(raw, "reverse", call("reverse", x="x", axes=[0]),
               lambda t: torch.flip(t, [0]), 4, 2)


def joins():
    raw = Raw("joins", 0.0625)
    for rank in range(1, 6):
        x, y = raw.floats(*SHAPES[rank]), raw.floats(*SHAPES[rank])
        for axis in range(-rank, rank):
            record(f"concat_rank{rank}_{axis}",
                   call("concat", values="(x, y, x)", axis=axis),
                   {"x": x, "y": y}, torch.cat([x, y, x], axis))
        record(f"concat_rank{rank}_interleave",
               call("concat", values="(x, y)", axis=rank - 1,
                    interleave=True), {"x": x, "y": y},
               torch.stack([x, y], rank).reshape(x.shape[:-1] +
                                                 (2 * x.shape[-1],)))
        for axis in (0, rank, -1):
            record(f"stack_rank{rank}_{axis}",
                   call("stack", values="(x, y)", axis=axis),
                   {"x": x, "y": y}, torch.stack([x, y], axis))
    x, y = raw.floats(2, 3, 4, 5), raw.floats(2, 1, 4, 5)
    record("concat_sizes", call("concat", values="(x, y, x)", axis=1,
                                interleave=False), {"x": x, "y": y},
           torch.cat([x, y, x], 1))
    record("concat_one", call("concat", values="(x)", axis=2), {"x": x}, x)
    record("concat_interleave_three",
           call("concat", values="(x, y, z)", axis=1, interleave=True),
           {"x": x, "y": -x, "z": x * 0.5},
           torch.stack([x, -x, x * 0.5], 2).reshape(2, 9, 4, 5))
    one, two = (torch.tensor(v, dtype=torch.float64) for v in (1.0, 2.0))
    record("concat_scalars", call("concat", values="(x, y)", axis=0),
           {"x": one, "y": two}, torch.stack([one, two]))
    record("stack_scalars", call("stack", values="(x, y)", axis=0),
           {"x": one, "y": two}, torch.stack([one, two]))
    every_kind(raw, "concat", call("concat", values="(x, x)", axis=1),
               lambda t: torch.cat([t, t], 1), 2, 3)
    every_kind(raw, "stack", call("stack", values="(x, x)", axis=0),
               lambda t: torch.stack([t, t]), 3)


def splits():
    raw = Raw("splits", 0.0625)
    parts = lambda tensors: [t.contiguous() for t in tensors]
    for rank in range(1, 6):
        x = raw.floats(*SHAPES[rank][:-1], 5)
        record(f"split_rank{rank}",
               call("split", x="x", axis=-1, split_sizes=[1, 4]), {"x": x},
               parts(torch.split(x, [1, 4], rank - 1)))
    x = raw.floats(2, 6, 4)
    record("split_equal", call("split", x="x", axis=1, num_splits=3),
           {"x": x}, parts(torch.split(x, 2, 1)))
    record("split_both", call("split", x="x", axis=0, num_splits=2,
                              split_sizes=[1, 1]), {"x": x},
           parts(torch.split(x, 1, 0)))
    every_kind(raw, "split", call("split", x="x", axis=0, num_splits=2),
               lambda t: parts(torch.split(t, 2, 0)), 4, 2)


def slices():
    raw = Raw("slices", 0.0625)
    x = raw.floats(2, 3, 4, 5)
    taken = lambda *index: torch.from_numpy(x.numpy()[index].copy())
    cases = {
        "plain": (dict(begin=[0, 1, 0, 2], end=[2, 3, 4, 5]),
                  taken(slice(0, 2), slice(1, 3), slice(0, 4), slice(2, 5))),
        "stride": (dict(begin=[0, 0, 0, 0], end=[2, 3, 4, 5],
                        stride=[1, 2, 3, 2]),
                   taken(slice(None), slice(None, None, 2),
                         slice(None, None, 3), slice(None, None, 2))),
        "masks": (dict(begin=[1, 9, -2, 4], end=[2, 2, 0, 0],
                       stride=[1, 1, 1, -2],
                       begin_mask=[False, True, False, False],
                       end_mask=[False, False, True, False],
                       squeeze_mask=[True, False, False, False]),
                  taken(1, slice(None, 2), slice(-2, None), slice(4, 0, -2))),
        "negative": (dict(begin=[-1, -3, -4, -1], end=[2, -1, -1, 0],
                          stride=[1, 1, 2, -1]),
                     taken(slice(-1, 2), slice(-3, -1), slice(-4, -1, 2),
                           slice(-1, 0, -1))),
        "beyond": (dict(begin=[0, 0, 1, 0], end=[9, 9, 99, 5]),
                   taken(slice(None), slice(None), slice(1, None),
                         slice(None))),
        "squeeze_last": (dict(begin=[0, -1, 0, 3], end=[2, 0, 4, 4],
                              squeeze_mask=[False, True, False, True]),
                         taken(slice(None), -1, slice(None), 3)),
        "reversed": (dict(begin=[0, 0, 0, 0], end=[0, 0, 0, 0],
                          stride=[1, -1, 1, -1], begin_mask=[True] * 4,
                          end_mask=[True] * 4),
                     taken(slice(None), slice(None, None, -1), slice(None),
                           slice(None, None, -1)))}
    for name, (arguments, expected) in cases.items():
        record(f"slice_by_index_{name}",
               call("slice_by_index", x="x", **arguments), {"x": x}, expected)
    record("slice_by_index_scalar",
           call("slice_by_index", x="x", begin=[2], end=[3],
                squeeze_mask=[True]), {"x": x[0, 0, 0].clone()},
           x[0, 0, 0, 2].clone())
    record("slice_by_index_bounds_int16",
           call("slice_by_index", x="x", begin=typed("int16", [1, 0]),
                end=typed("int16", [3, 4]), stride=typed("int8", [1, 2])),
           {"x": x[0, :, :, 0].contiguous()},
           x[0, 1:3, 0:4:2, 0].contiguous(), opset="ios17")
    every_kind(raw, "slice_by_index",
               call("slice_by_index", x="x", begin=[1, 0], end=[3, 2]),
               lambda t: t[1:3, :2], 4, 3)
    for rank in range(1, 6):
        x5 = raw.floats(*SHAPES[rank])
        record(f"slice_by_index_rank{rank}",
               call("slice_by_index", x="x", begin=[0] * (rank - 1) + [1],
                    end=[9] * (rank - 1) + [-1]), {"x": x5},
               x5[..., 1:-1].contiguous())
        record(f"slice_by_size_rank{rank}",
               call("slice_by_size", x="x", begin=[0] * (rank - 1) + [1],
                    size=[-1] * (rank - 1) + [2]), {"x": x5},
               x5[..., 1:3].contiguous())
    record("slice_by_size", call("slice_by_size", x="x", begin=[0, 1, -2, 0],
                                 size=[-1, 2, 1, 4]), {"x": x},
           x[:, 1:3, -2:-1, :4].contiguous())
    every_kind(raw, "slice_by_size",
               call("slice_by_size", x="x", begin=[1, 0], size=[2, -1]),
               lambda t: t[1:3], 4, 3)


def updates():
    raw = Raw("updates", 0.0625)
    x, update = raw.floats(2, 3, 4, 5), raw.floats(2, 2, 4, 2)
    expected = x.clone()
    expected[:, 1:, :, ::3] = update
    record("slice_update",
           call("slice_update", x="x", update="u", begin=[0, 1, 0, 0],
                end=[2, 3, 4, 5], stride=[1, 1, 1, 3]),
           {"x": x, "u": update}, expected)
    row = raw.floats(4, 2)
    expected = x.clone()
    expected[1, 2, :, -2:] = row
    record("slice_update_masks",
           call("slice_update", x="x", update="u", begin=[1, -1, 3, -2],
                end=[0, 0, 0, 0], begin_mask=[False, False, True, False],
                end_mask=[False, False, True, True],
                squeeze_mask=[True, True, False, False]),
           {"x": x, "u": row}, expected)
    line, part = raw.ints(6), raw.ints(2)
    expected = line.clone()
    expected[3:5] = part
    record("slice_update_int", call("slice_update", x="x", update="u",
                                    begin=[3], end=[5]),
           {"x": line, "u": part}, expected)
    back = line.clone()
    back[[4, 2]] = part
    record("slice_update_backwards",
           call("slice_update", x="x", update="u", begin=[4], end=[1],
                stride=[-2]), {"x": line, "u": part}, back)


def repeats():
    raw = Raw("repeats", 0.0625)
    for rank in range(1, 6):
        x = raw.floats(*SHAPES[rank])
        reps = [1 + (i + rank) % 2 for i in range(rank)]
        record(f"tile_rank{rank}", call("tile", x="x", reps=reps), {"x": x},
               x.repeat(*reps))
    x = raw.floats(2, 3, 4, 5)
    record("tile_triple", call("tile", x="x", reps=[1, 2, 1, 3]), {"x": x},
           x.repeat(1, 2, 1, 3))
    every_kind(raw, "tile", call("tile", x="x", reps=[2, 1]),
               lambda t: t.repeat(2, 1), 2, 3)
    for rank in range(1, 6):
        x = raw.floats(*SHAPES[rank])
        array, widths = x.numpy(), [(0, 0)] * (rank - 1) + [(2, 1)]
        for mode, numpy_mode in (("constant", "constant"),
                                 ("reflect", "reflect"),
                                 ("replicate", "edge")):
            record(f"pad_rank{rank}_{mode}",
                   call("pad", x="x", pad=[2, 1], mode=Text(mode)),
                   {"x": x}, torch.from_numpy(np.pad(array, widths,
                                                     numpy_mode)))
        every = [1 + i % 2 for i in range(2 * rank)]
        pairs = [tuple(every[i:i + 2]) for i in range(0, 2 * rank, 2)]
        record(f"pad_rank{rank}_all",
               call("pad", x="x", pad=every, constant_val=1.5), {"x": x},
               torch.from_numpy(np.pad(array, pairs, constant_values=1.5)))
    x = raw.floats(2, 3, 4, 5)
    record("pad_default", call("pad", x="x", pad=[0, 1, 1, 0]), {"x": x},
           F.pad(x, (1, 0, 0, 1)))
    record("pad_constant",
           call("pad", x="x", pad=[1, 0, 2, 1], mode=Text("constant"),
                constant_val=1.5), {"x": x}, F.pad(x, (2, 1, 1, 0),
                                                   value=1.5))
    for mode in ("reflect", "replicate"):
        record(f"pad_{mode}", call("pad", x="x", pad=[1, 2, 2, 1],
                                   mode=Text(mode)), {"x": x},
               F.pad(x, (2, 1, 1, 2), mode))
    record("pad_constant_ignored",
           call("pad", x="x", pad=[1, 1, 1, 1], mode=Text("replicate"),
                constant_val=9.0), {"x": x}, F.pad(x, (1, 1, 1, 1),
                                                   "replicate"))
    record("pad_fp32", call("pad", x="x", pad=[1, 1],
                            constant_val="fp32(-2)"), {"x": x},
           F.pad(x, (1, 1), value=-2), types={"x": "fp32"}, results=["fp32"])


def fills():
    one = torch.ones(1, dtype=torch.float64)

    def make(name, statement, expected, kind=None):
        record(name, statement, {"unused": one}, expected, results=[kind])

    make("range_1d", "range_1d(start = fp16(2), end = fp16(6.5), step = "
         "fp16(1.5))", torch.tensor([2.0, 3.5, 5.0], dtype=torch.float64))
    make("range_1d_int", call("range_1d", start=3, end=-4, step=-2),
         torch.arange(3, -4, -2).to(torch.int32))
    make("range_1d_fp32", "range_1d(start = fp32(0), end = fp32(1), step = "
         "fp32(0.25))", torch.arange(0, 1, 0.25, dtype=torch.float64), "fp32")
    for rank in range(1, 6):
        shape = SHAPES[rank]
        make(f"fill_rank{rank}", call("fill", shape=list(shape), value=1.5),
             torch.full(shape, 1.5, dtype=torch.float64))
    make("fill_default", call("fill", shape=[2, 3]),
         torch.zeros(2, 3, dtype=torch.float64), "fp32")
    make("fill_int", call("fill", shape=[3], value=-7),
         torch.full((3,), -7, dtype=torch.int32))
    make("fill_bool", call("fill", shape=[3], value=True),
         torch.ones(3) > 0)
    make("fill_infinite", "fill(shape = tensor<int32, [2]>([1, 2]), value = "
         "fp16(-inf))", torch.full((1, 2), -np.inf, dtype=torch.float64))


def rearrangements():
    raw = Raw("rearrangements", 0.0625)
    for size in (1, 2, 3):
        x = raw.floats(2, 2 * size * size, 3, 2)
        record(f"pixel_shuffle_{size}",
               call("pixel_shuffle", x="x", upscale_factor=size), {"x": x},
               F.pixel_shuffle(x, size))
        # Depth is [row of the block, column of the block, channel].
        blocks = x.reshape(2, size, size, 2, 3, 2)
        space = blocks.permute(0, 3, 4, 1, 5, 2).reshape(2, 2, 3 * size,
                                                         2 * size)
        record(f"depth_to_space_{size}",
               call("depth_to_space", x="x", block_size=size), {"x": x},
               space)
        record(f"space_to_depth_{size}",
               call("space_to_depth", x="x", block_size=size), {"x": space},
               x)
    for op, name in (("pixel_shuffle", "upscale_factor"),
                     ("depth_to_space", "block_size")):
        x = torch.arange(4, dtype=torch.float64).reshape(1, 4, 1, 1)
        record(f"{op}_fp32", call(op, x="x", **{name: 2}), {"x": x},
               x.reshape(1, 1, 2, 2), types={"x": "fp32"}, results=["fp32"])
    for rank in range(1, 6):
        x = raw.floats(*SHAPES[rank])
        for axis in (-1, 0):
            size = min(2, x.shape[axis])
            windows = x.unfold(axis % rank, size, 1)
            record(f"sliding_windows_rank{rank}_{axis}",
                   call("sliding_windows", x="x", axis=axis, size=size),
                   {"x": x},
                   windows.movedim(-1, axis % rank + 1).contiguous())
    x = raw.floats(2, 9, 3)
    record("sliding_windows_stride",
           call("sliding_windows", x="x", axis=1, size=3, stride=2),
           {"x": x}, x.unfold(1, 3, 2).movedim(-1, 2).contiguous())
    i = raw.ints(7)
    record("sliding_windows_int",
           call("sliding_windows", x="x", axis=0, size=4, stride=3),
           {"x": i}, i.unfold(0, 4, 3).contiguous())
    every_kind(raw, "identity", call("identity", x="x"), lambda t: t, 2, 3)
    x = raw.floats(2, 3)
    record("identity", call("identity", x="x"), {"x": x}, x)


def record_all():
    shapes()
    axes()
    joins()
    splits()
    slices()
    updates()
    repeats()
    fills()
    rearrangements()
