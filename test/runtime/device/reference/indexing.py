"""Operators with indices: ops.md, sections 5 and 7."""
import itertools

import numpy as np
import torch

from recorder import SHAPES, Raw, Text, call, record

COMBINE = {"update": lambda d, u: u, "add": lambda d, u: d + u,
           "sub": lambda d, u: d - u, "mul": lambda d, u: d * u,
           "div": lambda d, u: d / u, "max": max, "min": min}


def places(*shape):
    return itertools.product(*map(range, shape))


def gathers():
    raw = Raw("gathers", 0.0625)
    for rank in range(1, 6):
        x = raw.floats(*SHAPES[rank])
        for axis in range(-rank, rank):
            size = x.shape[axis]
            i = raw.ints(2, 3, low=-size, high=size)
            record(f"gather_rank{rank}_{axis}",
                   call("gather", x="x", indices="i", axis=axis),
                   {"x": x, "i": i},
                   torch.from_numpy(np.take(x.numpy(), i.numpy(),
                                            axis=axis)))
    x = raw.floats(2, 3, 4, 5)
    i = torch.tensor([1, 0, 1], dtype=torch.int32)
    record("gather_default", call("gather", x="x", indices="i"),
           {"x": x, "i": i}, x[i.long()])
    record("gather_scalar", call("gather", x="x", indices="i", axis=1,
                                 validate_indices=True),
           {"x": x, "i": torch.tensor(2, dtype=torch.int32)},
           x[:, 2].contiguous())
    record("gather_constant", call("gather", x="x", axis=2,
                                   indices=[3, 0]), {"x": x},
           x[:, :, [3, 0]].contiguous())
    for kind in ("int8", "uint8", "int16", "uint16"):
        record(f"gather_indices_{kind}",
               call("gather", x="x", indices="i", axis=0, batch_dims=0,
                    validate_indices=False), {"x": x, "i": i}, x[i.long()],
               types={"i": kind}, opset="ios17")
        whole = raw.ints(3, 2)
        record(f"gather_{kind}", call("gather", x="x", indices="i"),
               {"x": whole, "i": i}, whole[i.long()], types={"x": kind},
               results=[kind], opset="ios17")
    flags = raw.ints(3, 2, high=2) > 0
    record("gather_bool", call("gather", x="x", indices="i"),
           {"x": flags, "i": i}, flags[i.long()])
    j = torch.tensor([[1, 0], [3, 2]], dtype=torch.int32)
    record("gather_batched", call("gather", x="x", indices="i", axis=2,
                                  batch_dims=1), {"x": x, "i": j},
           torch.stack([x[n][:, j[n].long()] for n in range(2)]))
    k = raw.ints(2, 3, 2, low=-4, high=4)
    record("gather_batched_twice",
           call("gather", x="x", indices="i", axis=2, batch_dims=2),
           {"x": x, "i": k}, torch.stack([torch.stack(
               [x[a, b][k[a, b].long()] for b in range(3)])
               for a in range(2)]))


def gathers_along():
    raw = Raw("gathers_along", 0.0625)
    for rank in range(1, 6):
        x = raw.floats(*SHAPES[rank])
        for axis in range(-rank, rank):
            shape, size = list(x.shape), x.shape[axis]
            shape[axis] = 2
            i = raw.ints(*shape, low=-size, high=size)
            record(f"gather_along_axis_rank{rank}_{axis}",
                   call("gather_along_axis", x="x", indices="i", axis=axis),
                   {"x": x, "i": i},
                   torch.from_numpy(np.take_along_axis(
                       x.numpy(), i.numpy().astype(np.int64), axis)))
    i = raw.ints(3, 4, high=3)
    x = raw.floats(3, 4)
    expected = torch.gather(x, 0, i.long())
    record("gather_along_axis_default",
           call("gather_along_axis", x="x", indices="i"),
           {"x": x, "i": i}, expected)
    record("gather_along_axis_validated",
           call("gather_along_axis", x="x", indices="i", axis=0,
                validate_indices=True), {"x": x, "i": i}, expected,
           types={"x": "fp32", "i": "uint16"}, results=["fp32"])
    whole = raw.ints(3, 4)
    record("gather_along_axis_int8",
           call("gather_along_axis", x="x", indices="i"),
           {"x": whole, "i": i}, torch.gather(whole, 0, i.long()),
           types={"x": "int8"}, results=["int8"])


def gathers_nd():
    raw = Raw("gathers_nd", 0.0625)
    x = raw.floats(2, 3, 4, 5)
    for depth in range(1, 5):
        i = torch.stack([raw.ints(2, 3, low=-x.shape[d], high=x.shape[d])
                         for d in range(depth)], -1)
        record(f"gather_nd_{depth}", call("gather_nd", x="x", indices="i"),
               {"x": x, "i": i},
               x[tuple(i[..., d].long() for d in range(depth))].contiguous())
    for rank in range(1, 6):
        x = raw.floats(*SHAPES[rank])
        i = raw.ints(3, 1, high=x.shape[0])
        record(f"gather_nd_rank{rank}",
               call("gather_nd", x="x", indices="i", batch_dims=0),
               {"x": x, "i": i}, x[i[:, 0].long()])
    x, i = raw.floats(2, 3, 4, 5), raw.ints(2, 6, 2, high=3)
    record("gather_nd_batched",
           call("gather_nd", x="x", indices="i", batch_dims=1,
                validate_indices=True), {"x": x, "i": i},
           torch.stack([x[b][i[b, :, 0].long(), i[b, :, 1].long()]
                        for b in range(2)]))
    vector, whole = raw.ints(2, high=3), raw.ints(3, 4)
    record("gather_nd_vector", call("gather_nd", x="x", indices="i"),
           {"x": whole, "i": vector},
           whole[vector[0].long(), vector[1].long()].clone(),
           types={"x": "int16", "i": "uint16"}, results=["int16"])


def scatter(data, indices, updates, axis, mode):
    y, axis = data.clone(), axis % data.dim()
    for i in places(*updates.shape):
        target = i[:axis] + (int(indices[i[axis]]),) + i[axis + 1:]
        y[target] = COMBINE[mode](y[target], updates[i])
    return y


def scatter_along(data, indices, updates, axis, mode):
    y, axis = data.clone(), axis % data.dim()
    for i in places(*updates.shape):
        target = i[:axis] + (int(indices[i]),) + i[axis + 1:]
        y[target] = COMBINE[mode](y[target], updates[i])
    return y


def scatter_nd(data, indices, updates, mode):
    y = data.clone()
    for i in places(*indices.shape[:-1]):
        target = tuple(int(v) for v in indices[i])
        for rest in places(*data.shape[len(target):]):
            y[target + rest] = COMBINE[mode](y[target + rest],
                                             updates[i + rest])
    return y


def scatters():
    raw = Raw("scatters", 0.0625)
    names = {"data": "d", "indices": "i", "updates": "u"}
    data, i = raw.floats(3, 4, 2), torch.tensor([3, 0, 3],
                                                dtype=torch.int32)
    u = raw.floats(3, 3, 2, low=0.5)
    for mode in COMBINE:
        record(f"scatter_{mode}", call("scatter", **names, axis=1,
                                       mode=Text(mode)),
               {"d": data, "i": i, "u": u}, scatter(data, i, u, 1, mode),
               sums=2)
    record("scatter_default", call("scatter", **names),
           {"d": data, "i": torch.tensor([2, 0], dtype=torch.int32),
            "u": u[:2, :1].repeat(1, 4, 1)},
           scatter(data, torch.tensor([2, 0]), u[:2, :1].repeat(1, 4, 1), 0,
                   "add"))
    for rank in range(1, 6):
        d = raw.floats(*SHAPES[rank])
        for axis in range(-rank, rank):
            shape, size = list(d.shape), d.shape[axis]
            shape[axis] = 2
            j = raw.ints(2, low=-size, high=size)
            v = raw.floats(*shape)
            record(f"scatter_rank{rank}_{axis}",
                   call("scatter", **names, axis=axis, mode=Text("add"),
                        validate_indices=True), {"d": d, "i": j, "u": v},
                   scatter(d, j, v, axis, "add"), sums=2)
            k = raw.ints(*shape, low=-size, high=size)
            record(f"scatter_along_axis_rank{rank}_{axis}",
                   call("scatter_along_axis", **names, axis=axis,
                        mode=Text("add"), validate_indices=True),
                   {"d": d, "i": k, "u": v},
                   scatter_along(d, k, v, axis, "add"), sums=2)
        n = raw.ints(3, 1, high=d.shape[0])
        w = raw.floats(3, *d.shape[1:])
        record(f"scatter_nd_rank{rank}",
               call("scatter_nd", **names, mode=Text("update"),
                    validate_indices=True), {"d": d, "i": n, "u": w},
               scatter_nd(d, n, w, "update"))
    along, u = raw.ints(3, 2, 2, high=4), raw.floats(3, 2, 2, low=0.5)
    pairs = torch.tensor([[0, 3], [2, 1], [0, 3]], dtype=torch.int32)
    v = raw.floats(3, 2, low=0.5)
    for mode in COMBINE:
        record(f"scatter_along_axis_{mode}",
               call("scatter_along_axis", **names, axis=1, mode=Text(mode)),
               {"d": data, "i": along, "u": u},
               scatter_along(data, along, u, 1, mode), sums=2)
        record(f"scatter_nd_{mode}",
               call("scatter_nd", **names, mode=Text(mode)),
               {"d": data, "i": pairs, "u": v},
               scatter_nd(data, pairs, v, mode), sums=2)
    down = raw.ints(2, 4, 2, high=3)
    more = raw.floats(2, 4, 2)
    record("scatter_along_axis_default", call("scatter_along_axis", **names),
           {"d": data, "i": down, "u": more},
           scatter_along(data, down, more, 0, "add"), sums=3)
    record("scatter_nd_default", call("scatter_nd", **names),
           {"d": data, "i": pairs, "u": v},
           scatter_nd(data, pairs, v, "add"), sums=3)
    d, u = raw.ints(3, 4), raw.ints(3, 2, low=1)
    j = torch.tensor([1, 1], dtype=torch.int32)
    for mode in ("update", "add", "sub", "mul", "max", "min"):
        record(f"scatter_{mode}_int", call("scatter", **names, axis=1,
                                           mode=Text(mode)),
               {"d": d, "i": j, "u": u}, scatter(d, j, u, 1, mode))
    record("scatter_fp32", call("scatter", **names, axis=-1,
                                mode=Text("update")),
           {"d": data, "i": torch.tensor([1], dtype=torch.int32),
            "u": data[..., :1].contiguous()},
           data[..., [0, 0]].contiguous(),
           types={"d": "fp32", "u": "fp32", "i": "uint16"},
           results=["fp32"])


def one_hots():
    raw = Raw("one_hots", 0.0625)
    numbers = lambda t, on=1.0, off=0.0: torch.where(
        t > 0, torch.tensor(on, dtype=torch.float64),
        torch.tensor(off, dtype=torch.float64))
    for rank in range(0, 5):
        shape = SHAPES[rank]
        i = raw.ints(*shape, high=6)
        whole = torch.nn.functional.one_hot(i.long(), 6)
        for axis in range(-rank - 1, rank + 1):
            record(f"one_hot_rank{rank}_{axis}",
                   call("one_hot", indices="i", one_hot_vector_size=6,
                        axis=axis, on_value=2.0, off_value=-0.5), {"i": i},
                   numbers(whole.movedim(-1, axis).contiguous(), 2.0, -0.5))
    i = torch.tensor([2, 0, 3], dtype=torch.int32)
    whole = torch.nn.functional.one_hot(i.long(), 4)
    record("one_hot_default", call("one_hot", indices="i",
                                   one_hot_vector_size=4), {"i": i},
           whole.to(torch.int32))
    record("one_hot_bool", call("one_hot", indices="i",
                                one_hot_vector_size=4, on_value=True,
                                off_value=False), {"i": i}, whole > 0)
    record("one_hot_outside",
           call("one_hot", indices="i", one_hot_vector_size=2,
                on_value="fp32(1)"), {"i": i}, numbers(
               torch.tensor([[0, 0], [1, 0], [0, 0]])), results=["fp32"])


def bands():
    raw = Raw("bands", 0.0625)
    def band(x, lower, upper):
        y = torch.zeros_like(x)
        for m, n in places(*x.shape[-2:]):
            if (lower < 0 or m - n <= lower) and (upper < 0 or n - m <= upper):
                y[..., m, n] = x[..., m, n]
        return y
    for rank in range(2, 6):
        x = raw.floats(*SHAPES[rank][:-2], 4, 5)
        for lower, upper in ((0, -1), (-1, 0), (1, 2), (0, 0), (-1, -1)):
            record(f"band_part_rank{rank}_{lower}_{upper}",
                   call("band_part", x="x", lower=lower, upper=upper),
                   {"x": x}, band(x, lower, upper))
    x = raw.floats(3, 4)
    record("band_part_default", call("band_part", x="x"), {"x": x}, x)
    x = torch.full((3, 3), float("inf"), dtype=torch.float64)
    record("band_part_infinite", call("band_part", x="x", upper=0),
           {"x": x}, band(x, -1, 0))
    i = raw.ints(3, 4, low=-9)
    record("band_part_int", call("band_part", x="x", lower=0), {"x": i},
           band(i, 0, -1))
    flags = raw.ints(3, 4, high=2) > 0
    record("band_part_bool", call("band_part", x="x", lower=1, upper=1),
           {"x": flags}, band(flags, 1, 1))


def non_zeros():
    one = torch.ones(1, dtype=torch.float64)
    for name, kind, array in (
            ("int", "int32", np.array([[0, 3, 0], [4, 0, 5]])),
            ("vector", "int32", np.array([0, 0, 7, 1])),
            ("float", "fp16", np.array([[[0.5], [0.0]], [[-1.0], [2.0]]])),
            ("bool", "bool", np.array([[True, False], [True, True]]))):
        shape = ", ".join(map(str, array.shape))
        body = ", ".join(str(v).lower() for v in array.flatten().tolist())
        record(f"non_zero_{name}",
               call("non_zero", x=f"tensor<{kind}, [{shape}]>([{body}])"),
               {"unused": one},
               torch.from_numpy(np.argwhere(array).astype(np.int32)))


def record_all():
    gathers()
    gathers_along()
    gathers_nd()
    scatters()
    one_hots()
    bands()
    non_zeros()
