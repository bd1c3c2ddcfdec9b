"""Reductions, orders and normalisations: ops.md, sections 3 and 4."""
import numpy as np
import torch
import torch.nn.functional as F

from recorder import SHAPES, Raw, call, record
from recorder import Text

REDUCTIONS = {
    "sum": torch.sum, "mean": torch.mean, "max": torch.amax,
    "min": torch.amin,
    "prod": lambda x, dim, keepdim: torch.from_numpy(np.asarray(
        np.prod(x.numpy(), axis=dim, keepdims=keepdim))),
    "sum_square": lambda x, **k: torch.sum(x * x, **k),
    "l1_norm": lambda x, **k: torch.sum(x.abs(), **k),
    "l2_norm": lambda x, **k: torch.sqrt(torch.sum(x * x, **k)),
    "log_sum": lambda x, **k: torch.log(torch.sum(x, **k)),
    "log_sum_exp": torch.logsumexp}


def data_for(raw, name, *shape):
    # Logarithms of positive sums, products near 1.
    if name in ("log_sum", "prod"):
        return raw.floats(*shape, low=0.75, high=1.3125)
    return raw.floats(*shape)


def reductions():
    raw = Raw("reductions")
    for name, f in REDUCTIONS.items():
        op = f"reduce_{name}"
        x = data_for(raw, name, 2, 4, 2, 9)
        for axes in ((1,), (-1,), (1, 2), (0, -1), (0, 1, 2, 3)):
            for keep in (True, False):
                record(f"{op}_{axes}_{keep}",
                       call(op, x="x", axes=list(axes), keep_dims=keep),
                       {"x": x}, f(x, dim=axes, keepdim=keep),
                       sums=x.numel())
        for rank in range(1, 6):
            x = data_for(raw, name, *SHAPES[rank])
            every = tuple(range(rank))
            record(f"{op}_rank{rank}_all", call(op, x="x"), {"x": x},
                   f(x, dim=every, keepdim=False), sums=x.numel())
            record(f"{op}_rank{rank}", call(op, x="x", axes=[rank - 1]),
                   {"x": x}, f(x, dim=(rank - 1,), keepdim=False), sums=5)
        record(f"{op}_fp32", call(op, x="x", axes=[-2]), {"x": x},
               f(x, dim=(-2,), keepdim=False), sums=5, types={"x": "fp32"},
               results=["fp32"])
    i = raw.ints(3, 4, low=-5, high=5)
    for name in ("sum", "max", "min", "prod", "sum_square", "l1_norm"):
        record(f"reduce_{name}_int", call(f"reduce_{name}", x="x", axes=[1]),
               {"x": i}, REDUCTIONS[name](i, dim=(1,), keepdim=False))
    # 4096 * 8 * 8 does not fit fp16, its root does.
    large = torch.full((2, 4096), 8.0, dtype=torch.float64)
    record("reduce_l2_norm_large", call("reduce_l2_norm", x="x", axes=[1]),
           {"x": large}, torch.full((2,), 512.0, dtype=torch.float64))


def arguments():
    raw = Raw("arguments")
    for name, f in {"argmax": torch.argmax, "argmin": torch.argmin}.items():
        op = f"reduce_{name}"
        for rank in range(1, 6):
            x = raw.distinct(*SHAPES[rank])
            record(f"{op}_rank{rank}", call(op, x="x"), {"x": x}, f(x, -1))
            record(f"{op}_rank{rank}_first",
                   call(op, x="x", axis=-rank, keep_dims=True), {"x": x},
                   f(x, 0, keepdim=True))
        x = raw.distinct(2, 4, 3)
        record(f"{op}_uint16", call(op, x="x", axis=1, keep_dims=False,
                                    output_dtype=Text("uint16")),
               {"x": x}, f(x, 1), results=["uint16"])
        i = torch.tensor([[3, 9, 1], [4, -2, 7]], dtype=torch.int32)
        record(f"{op}_int", call(op, x="x", axis=1), {"x": i}, f(i, 1))
        ties = torch.tensor([1.0, 2.0, 2.0, 1.0], dtype=torch.float64)
        numpy = {"argmax": np.argmax, "argmin": np.argmin}[name]
        record(f"{op}_ties", call(op, x="x", axis=0), {"x": ties},
               torch.tensor(int(numpy(ties.numpy())), dtype=torch.int32))


def softmax():
    raw = Raw("softmax")
    for rank in range(1, 6):
        x = raw.floats(*SHAPES[rank], low=-4, high=4)
        for axis in range(-rank, rank):
            record(f"softmax_rank{rank}_{axis}",
                   call("softmax", x="x", axis=axis), {"x": x},
                   torch.softmax(x, axis), sums=5)
    x = raw.floats(2, 4, 2, 19)
    record("softmax_default", call("softmax", x="x"), {"x": x},
           torch.softmax(x, -1), sums=19)
    record("softmax_fp32", call("softmax", x="x", axis=1), {"x": x},
           torch.softmax(x, 1), sums=4, types={"x": "fp32"},
           results=["fp32"])
    masked = raw.floats(1, 2, 4, 4)
    hidden = torch.triu(torch.ones(4, 4), 1) > 0
    for name, value in (("masked", -65504.0), ("infinite", -np.inf)):
        scores = masked.masked_fill(hidden, value)
        record(f"softmax_{name}", call("softmax", x="x", axis=-1),
               {"x": scores}, torch.softmax(scores, -1), sums=4)
    empty = torch.full((1, 3), -np.inf, dtype=torch.float64)
    record("softmax_all_masked", call("softmax", x="x", axis=-1),
           {"x": empty}, torch.softmax(empty, -1))
    large = torch.tensor([60000.0, 59968.0, -60000.0], dtype=torch.float64)
    record("softmax_large", call("softmax", x="x", axis=0), {"x": large},
           torch.softmax(large, 0))


def orders():
    raw = Raw("orders")
    for rank in range(1, 6):
        x = raw.floats(*SHAPES[rank])
        for axis in range(rank):
            record(f"cumsum_rank{rank}_{axis}",
                   call("cumsum", x="x", axis=axis), {"x": x},
                   torch.cumsum(x, axis), sums=5)
        d = raw.distinct(*SHAPES[rank])
        for axis in range(-rank, rank):
            record(f"argsort_rank{rank}_{axis}",
                   call("argsort", x="x", axis=axis), {"x": d},
                   torch.argsort(d, axis, descending=True))
            values, indices = torch.topk(d, 1 + d.shape[axis] // 2, axis)
            record(f"topk_rank{rank}_{axis}",
                   call("topk", x="x", k=values.shape[axis], axis=axis),
                   {"x": d}, [values, indices])
    x = raw.floats(2, 5, 3)
    flipped = torch.flip(torch.cumsum(torch.flip(x, [1]), 1), [1])
    shifted = F.pad(torch.cumsum(x, 1), (0, 0, 1, 0))[:, :5].contiguous()
    both = F.pad(flipped, (0, 0, 0, 1))[:, 1:].contiguous()
    record("cumsum_default", call("cumsum", x="x"), {"x": x},
           torch.cumsum(x, 0), sums=2)
    record("cumsum_last", call("cumsum", x="x", axis=-1), {"x": x},
           torch.cumsum(x, -1), sums=3)
    record("cumsum_reverse", call("cumsum", x="x", axis=1, reverse=True),
           {"x": x}, flipped, sums=5)
    record("cumsum_exclusive", call("cumsum", x="x", axis=1, exclusive=True),
           {"x": x}, shifted, sums=5)
    record("cumsum_both", call("cumsum", x="x", axis=1, exclusive=True,
                               reverse=True), {"x": x}, both, sums=5)
    i = raw.ints(3, 4, low=-9)
    record("cumsum_int", call("cumsum", x="x", axis=1), {"x": i},
           torch.cumsum(i, 1))

    d = raw.distinct(3, 7)
    record("argsort_default", call("argsort", x="x"), {"x": d},
           torch.argsort(d, -1, descending=True))
    record("argsort_ascending", call("argsort", x="x", axis=1,
                                     ascending=True), {"x": d},
           torch.argsort(d, -1))
    i = torch.tensor([5, -3, 9, 2], dtype=torch.int32)
    record("argsort_int", call("argsort", x="x", ascending=True), {"x": i},
           torch.argsort(i))


def topk():
    raw = Raw("topk")
    x = raw.distinct(3, 2, 7)
    values, indices = torch.topk(x, 4, -1)
    record("topk_k", call("topk", x="x", k=4), {"x": x}, [values, indices])
    largest, where = torch.topk(x, 1, -1)
    record("topk_default", call("topk", x="x"), {"x": x}, [largest, where])
    least, places = torch.topk(x, 2, 0, largest=False)
    record("topk_ascending", call("topk", x="x", k=2, axis=0, ascending=True),
           {"x": x}, [least, places])
    record("topk_sorted_values",
           call("topk", x="x", k=4, sort=True, return_indices=False),
           {"x": x}, values, opset="ios16")
    record("topk_uint16",
           call("topk", x="x", k=4, sort=True, return_indices=True,
                output_indices_dtype=Text("uint16")), {"x": x},
           [values, indices], results=[None, "uint16"], opset="ios17")
    everything = torch.sort(x, -1, descending=True)
    record("topk_all", call("topk", x="x", k=-1), {"x": x},
           [everything[0], everything[1]], opset="ios17")
    i = torch.tensor([[5, -3, 9, 2]], dtype=torch.int32)
    record("topk_int", call("topk", x="x", k=2), {"x": i},
           list(torch.topk(i, 2, -1)))
    record("topk_fp32", call("topk", x="x", k=4), {"x": x},
           [values, indices], types={"x": "fp32"}, results=["fp32"])


def layer_norms():
    raw = Raw("layer_norms")
    eps = 0.0009765625
    for rank in range(1, 6):
        x = raw.floats(*SHAPES[rank])
        record(f"layer_norm_rank{rank}_all", call("layer_norm", x="x"),
               {"x": x}, F.layer_norm(x, x.shape), sums=x.numel())
        record(f"layer_norm_rank{rank}",
               call("layer_norm", x="x", axes=[-1], epsilon=eps), {"x": x},
               F.layer_norm(x, x.shape[-1:], eps=eps), sums=8)
    x = raw.floats(2, 4, 2, 9)
    gamma, beta = raw.floats(2, 9), raw.floats(2, 9)
    every = {"x": x, "g": gamma, "b": beta}
    expected = F.layer_norm(x, (2, 9), gamma, beta, eps)
    record("layer_norm_gamma_beta",
           call("layer_norm", x="x", axes=[2, 3], gamma="g", beta="b",
                epsilon=eps), every, expected, sums=38)
    record("layer_norm_mixed",
           call("layer_norm", x="x", axes=[-2, -1], gamma="g", beta="b",
                epsilon=f"fp32({eps})"), every, expected, sums=38,
           types={"g": "fp32", "b": "fp32"})
    record("layer_norm_fp32",
           call("layer_norm", x="x", axes=[2, 3], gamma="g", beta="b",
                epsilon=f"fp32({eps})"), every, expected, sums=38,
           types={"x": "fp32", "g": "fp32", "b": "fp32"}, results=["fp32"])
    channel = raw.floats(4)
    moved = F.layer_norm(x.movedim(1, -1), (4,), channel, None, eps)
    record("layer_norm_channels",
           call("layer_norm", x="x", axes=[1], gamma="g", epsilon=eps),
           {"x": x, "g": channel}, moved.movedim(-1, 1).contiguous(), sums=8)
    centred = F.layer_norm(x, (2, 9), None, beta, eps)
    record("layer_norm_beta",
           call("layer_norm", x="x", axes=[2, 3], beta="b", epsilon=eps),
           {"x": x, "b": beta}, centred, sums=38)


def norms():
    raw = Raw("norms")
    eps = 0.0009765625
    for shape in ((2, 3, 7), (2, 3, 4, 5), (2, 3, 2, 4, 3)):
        x = raw.floats(*shape)
        channels = {n: raw.floats(3) for n in ("m", "g", "b")}
        channels["v"] = raw.floats(3, low=0.5, high=2)
        m, v, g, b = (channels[n] for n in "mvgb")
        count = x[0, 0].numel()
        record(f"batch_norm_rank{x.dim()}",
               call("batch_norm", x="x", mean="m", variance="v", gamma="g",
                    beta="b", epsilon=eps), {"x": x, **channels},
               F.batch_norm(x, m, v, g, b, eps=eps), sums=4)
        record(f"batch_norm_rank{x.dim()}_plain",
               call("batch_norm", x="x", mean="m", variance="v"),
               {"x": x, "m": m, "v": v}, F.batch_norm(x, m, v, eps=1e-5),
               sums=4)
        wide = {"m": "fp32", "v": "fp32", "g": "fp32", "b": "fp32"}
        record(f"batch_norm_rank{x.dim()}_mixed",
               call("batch_norm", x="x", mean="m", variance="v", gamma="g",
                    beta="b", epsilon=f"fp32({eps})"), {"x": x, **channels},
               F.batch_norm(x, m, v, g, b, eps=eps), sums=4, types=wide)
        if x.dim() == 5:
            continue
        record(f"instance_norm_rank{x.dim()}",
               call("instance_norm", x="x", gamma="g", beta="b",
                    epsilon=eps), {"x": x, "g": g, "b": b},
               F.instance_norm(x, weight=g, bias=b, eps=eps), sums=count)
        record(f"instance_norm_rank{x.dim()}_plain",
               call("instance_norm", x="x"), {"x": x},
               F.instance_norm(x), sums=count)
        record(f"instance_norm_rank{x.dim()}_mixed",
               call("instance_norm", x="x", gamma="g", beta="b"),
               {"x": x, "g": g, "b": b},
               F.instance_norm(x, weight=g, bias=b), sums=count,
               types={"g": "fp32", "b": "fp32"})
        many = raw.floats(*((2, 6) + shape[2:]), low=-8, high=8)
        for size in (1, 3, 5):
            record(f"local_response_norm_rank{x.dim()}_{size}",
                   call("local_response_norm", x="x", size=size, alpha=0.5,
                        beta=0.25, k=2.0), {"x": many},
                   F.local_response_norm(many, size, 0.5, 0.25, 2.0),
                   sums=size)
        record(f"local_response_norm_rank{x.dim()}_plain",
               call("local_response_norm", x="x", size=3), {"x": many},
               F.local_response_norm(many, 3), sums=3)
    for rank in range(3, 6):
        x = raw.floats(*SHAPES[rank])
        squares = torch.sum(x * x, (-3, -2, -1), keepdim=True)
        record(f"l2_norm_rank{rank}", call("l2_norm", x="x"), {"x": x},
               x / torch.sqrt(squares + 1e-6), sums=24)
        record(f"l2_norm_rank{rank}_epsilon",
               call("l2_norm", x="x", epsilon=0.5), {"x": x},
               x / torch.sqrt(squares + 0.5), sums=24)


def record_all():
    reductions()
    arguments()
    softmax()
    orders()
    topk()
    layer_norms()
    norms()
