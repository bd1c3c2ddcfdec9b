#!/usr/bin/env python3
"""Records what each MIL operator computes, with PyTorch and NumPy in float64.

Writes cases.json beside this file. Inputs are representable in fp16, so the
same case serves every storage type. Recorded with PyTorch 1.13 and NumPy 1.24.
"""
import json
import pathlib

import numpy as np
import torch
import torch.nn.functional as F

rng = np.random.default_rng(20260101)
cases = []


def data(*shape, low=-2.0, high=2.0):
    values = rng.uniform(low, high, size=shape)
    return torch.from_numpy(values.astype(np.float16).astype(np.float64))


def element(tensor):
    return {torch.float64: "fp16", torch.int32: "int32", torch.bool: "bool"}[
        tensor.dtype]


def mil_type(tensor):
    return f"tensor<{element(tensor)}, [{', '.join(map(str, tensor.shape))}]>"


def ints(*values):
    return f"tensor<int32, [{len(values)}]>([{', '.join(map(str, values))}])"


def numbers(tensor):
    # Twelve digits are enough for the tightest tolerance.
    return [float(f"{v:.12g}") for v in tensor.to(torch.float64).flatten()]


def record(name, op, inputs, expected, sums=1):
    """`sums`: largest number of terms in one result, for the tolerance."""
    results = expected if isinstance(expected, (list, tuple)) else [expected]
    cases.append({
        "name": name, "op": op, "sums": sums,
        "inputs": [{"name": n, "type": mil_type(t),
                    "values": t.to(torch.float64).flatten().tolist()}
                   for n, t in inputs.items()],
        "results": [{"type": mil_type(t),
                     "values": numbers(t)}
                    for t in results]})


def binary():
    x, y = data(2, 3, 1, 5), data(3, 4, 1)
    for name, f in {"add": torch.add, "sub": torch.sub, "mul": torch.mul,
                    "real_div": torch.div, "maximum": torch.maximum,
                    "minimum": torch.minimum,
                    "floor_div": lambda a, b: torch.floor(a / b),
                    "mod": torch.remainder}.items():
        record(name, f"{name}(x = x, y = y)", {"x": x, "y": y}, f(x, y))
    base = data(2, 9, low=0.25, high=3)
    for exponent in (-0.5, 2.0, 0.75):
        record(f"pow_{exponent}", f"pow(x = x, y = fp16({exponent}))",
               {"x": base}, torch.pow(base, exponent))
    a = torch.tensor([1.0, 2.0, 3.0, -1.0], dtype=torch.float64)
    b = torch.tensor([1.0, 3.0, 2.0, -2.0], dtype=torch.float64)
    for name, f in {"equal": torch.eq, "not_equal": torch.ne,
                    "greater": torch.gt, "greater_equal": torch.ge,
                    "less": torch.lt, "less_equal": torch.le}.items():
        record(name, f"{name}(x = x, y = y)", {"x": a, "y": b}, f(a, b))
    p = torch.tensor([True, True, False, False])
    q = torch.tensor([True, False, True, False])
    for name, f in {"logical_and": torch.logical_and,
                    "logical_or": torch.logical_or,
                    "logical_xor": torch.logical_xor}.items():
        record(name, f"{name}(x = x, y = y)", {"x": p, "y": q}, f(p, q))
    record("logical_not", "logical_not(x = x)", {"x": p}, torch.logical_not(p))
    i = torch.tensor([7, -7, 5, 0], dtype=torch.int32)
    j = torch.tensor([2, 2, -3, 4], dtype=torch.int32)
    record("floor_div_int", "floor_div(x = x, y = y)", {"x": i, "y": j},
           torch.floor_divide(i, j))
    record("mod_int", "mod(x = x, y = y)", {"x": i, "y": j},
           torch.remainder(i, j))
    record("mul_int", "mul(x = x, y = y)", {"x": i, "y": j}, i * j)
    x, y = data(2, 3), data(1, 3)
    c = torch.tensor([[True], [False]])
    record("select", "select(cond = c, a = x, b = y)",
           {"c": c, "x": x, "y": y}, torch.where(c, x, y))


def unary():
    x = data(3, 37, low=-4, high=4)
    positive = data(3, 7, low=0.25, high=4)
    plain = {
        "exp": torch.exp, "exp2": torch.exp2, "square": torch.square,
        "abs": torch.abs, "sign": torch.sign, "ceil": torch.ceil,
        "floor": torch.floor, "sin": torch.sin, "cos": torch.cos,
        "tanh": torch.tanh, "erf": torch.erf, "relu": torch.relu,
        "relu6": F.relu6, "silu": F.silu, "sigmoid": torch.sigmoid,
        "softplus": F.softplus, "softsign": F.softsign}
    for name, f in plain.items():
        record(name, f"{name}(x = x)", {"x": x}, f(x))
    halves = torch.tensor([-2.5, -1.5, -0.5, 0.5, 1.5, 2.5],
                          dtype=torch.float64)
    record("round", "round(x = x)", {"x": halves}, torch.round(halves))
    record("sqrt", "sqrt(x = x)", {"x": positive}, torch.sqrt(positive))
    record("log", "log(x = x)", {"x": positive}, torch.log(positive))
    record("rsqrt", "rsqrt(x = x)", {"x": positive}, torch.rsqrt(positive))
    record("rsqrt_epsilon", "rsqrt(x = x, epsilon = fp16(0.5))",
           {"x": positive}, torch.rsqrt(positive + 0.5))
    record("inverse", "inverse(x = x, epsilon = fp16(0.25))",
           {"x": positive}, 1 / (positive + 0.25))
    record("gelu", 'gelu(x = x, mode = string("EXACT"))', {"x": x}, F.gelu(x))
    record("gelu_tanh", 'gelu(x = x, mode = string("TANH_APPROXIMATION"))',
           {"x": x}, F.gelu(x, approximate="tanh"))
    record("gelu_sigmoid",
           'gelu(x = x, mode = string("SIGMOID_APPROXIMATION"))', {"x": x},
           x * torch.sigmoid(1.702 * x))
    record("clip", "clip(x = x, alpha = fp16(-1), beta = fp16(0.5))",
           {"x": x}, torch.clamp(x, -1, 0.5))
    record("leaky_relu", "leaky_relu(x = x, alpha = fp16(0.125))", {"x": x},
           F.leaky_relu(x, 0.125))
    record("elu", "elu(x = x, alpha = fp16(0.5))", {"x": x}, F.elu(x, 0.5))
    record("linear_activation",
           "linear_activation(x = x, alpha = fp16(2), beta = fp16(1))",
           {"x": x}, 2 * x + 1)
    record("cast_bool", 'cast(x = x, dtype = string("bool"))',
           {"x": halves.floor()}, halves.floor() != 0)
    record("cast_int", 'cast(x = x, dtype = string("int32"))', {"x": halves},
           halves.to(torch.int32))
    record("cast_float", 'cast(x = x, dtype = string("fp16"))',
           {"x": torch.tensor([1, -5, 2048], dtype=torch.int32)},
           torch.tensor([1.0, -5.0, 2048.0], dtype=torch.float64))
    record("identity", "identity(x = x)", {"x": halves}, halves)


def reductions():
    x = data(2, 4, 2, 19)
    for axes in ((1,), (3,), (1, 2), (0, 3), (0, 1, 2, 3)):
        for name, f in {"sum": torch.sum, "mean": torch.mean,
                        "max": torch.amax, "min": torch.amin}.items():
            keep = axes != (1, 2)
            record(f"reduce_{name}_{axes}",
                   f"reduce_{name}(x = x, axes = {ints(*axes)}, keep_dims = "
                   f"bool({str(keep).lower()}))", {"x": x},
                   f(x, dim=axes, keepdim=keep), sums=x.numel())
    along = f"axes = {ints(1)}, keep_dims = bool(true))"
    kept = {"dim": 1, "keepdim": True}
    record("reduce_prod", f"reduce_prod(x = x, {along}", {"x": x},
           torch.prod(x, **kept), sums=5)
    record("reduce_sum_square", f"reduce_sum_square(x = x, {along}", {"x": x},
           torch.sum(x * x, **kept), sums=5)
    record("reduce_l1_norm", f"reduce_l1_norm(x = x, {along}", {"x": x},
           torch.sum(x.abs(), **kept), sums=5)
    record("reduce_l2_norm", f"reduce_l2_norm(x = x, {along}", {"x": x},
           torch.sqrt(torch.sum(x * x, **kept)), sums=5)
    record("reduce_log_sum_exp", f"reduce_log_sum_exp(x = x, {along}",
           {"x": x}, torch.logsumexp(x, **kept), sums=5)
    record("reduce_argmax", "reduce_argmax(x = x, axis = int32(3), keep_dims "
           "= bool(false))", {"x": x}, torch.argmax(x, 3).to(torch.int32))
    record("reduce_argmin", "reduce_argmin(x = x, axis = int32(1), keep_dims "
           "= bool(true))", {"x": x},
           torch.argmin(x, 1, keepdim=True).to(torch.int32))
    for axis in (1, 3, -2):
        record(f"softmax_{axis}", f"softmax(x = x, axis = int32({axis}))",
               {"x": x}, torch.softmax(x, axis), sums=19)
    masked = data(1, 2, 4, 4)
    masked[..., torch.triu(torch.ones(4, 4), 1) > 0] = -np.inf
    inputs = data(1, 2, 4, 4)
    record("softmax_masked", "softmax(x = x, axis = int32(-1))",
           {"x": torch.where(torch.isinf(masked), torch.tensor(-65504.0,
            dtype=torch.float64), inputs)},
           torch.softmax(torch.where(torch.isinf(masked), masked, inputs), -1),
           sums=4)
    record("cumsum", "cumsum(x = x, axis = int32(3))", {"x": x},
           torch.cumsum(x, 3), sums=19)
    gamma, beta = data(2, 19), data(2, 19)
    record("layer_norm", f"layer_norm(x = x, axes = {ints(2, 3)}, gamma = g, "
           "beta = b, epsilon = fp16(0.0009765625))",
           {"x": x, "g": gamma, "b": beta},
           F.layer_norm(x, (2, 19), gamma, beta, 0.0009765625), sums=38)
    values, indices = torch.topk(x, 4, 3)
    record("topk", "topk(x = x, k = int32(4), axis = int32(3))", {"x": x},
           [values, indices.to(torch.int32)])


def products():
    x, y = data(2, 1, 5, 7), data(3, 7, 4)
    record("matmul", "matmul(x = x, y = y)", {"x": x, "y": y}, x @ y, sums=7)
    record("matmul_transposed",
           "matmul(x = x, y = y, transpose_x = bool(true), transpose_y = "
           "bool(true))",
           {"x": x.transpose(2, 3).contiguous(),
            "y": y.transpose(1, 2).contiguous()}, x @ y, sums=7)
    record("matmul_vector", "matmul(x = x, y = y)",
           {"x": x[0, 0, 0].clone(), "y": y}, x[0, 0, 0] @ y, sums=7)
    wide, tall = data(1, 2, 40, 33), data(1, 2, 33, 50)
    record("matmul_blocks", "matmul(x = x, y = y)", {"x": wide, "y": tall},
           wide @ tall, sums=33)
    w, b = data(6, 7), data(6)
    record("linear", "linear(x = x, weight = w, bias = b)",
           {"x": x, "w": w, "b": b}, F.linear(x, w, b), sums=8)
    image, filters = data(2, 6, 1, 9), data(8, 6, 1, 1)
    record("conv_pointwise", "conv(x = x, weight = w)",
           {"x": image, "w": filters}, F.conv2d(image, filters), sums=6)
    grouped, bias = data(8, 3, 1, 1), data(8)
    record("conv_groups_bias",
           "conv(x = x, weight = w, bias = b, groups = int32(2))",
           {"x": image, "w": grouped, "b": bias},
           F.conv2d(image, grouped, bias, groups=2), sums=4)
    picture, kernel = data(2, 4, 7, 8), data(6, 2, 3, 2)
    record("conv_general",
           "conv(x = x, weight = w, strides = " + ints(2, 1) +
           ', pad_type = string("custom"), pad = ' + ints(1, 1, 2, 2) +
           ", dilations = " + ints(1, 2) + ", groups = int32(2))",
           {"x": picture, "w": kernel},
           F.conv2d(picture, kernel, stride=(2, 1), padding=(1, 2),
                    dilation=(1, 2), groups=2), sums=12)
    line, taps = data(1, 3, 10), data(2, 3, 4)
    record("conv_one_dimension", "conv(x = x, weight = w)",
           {"x": line, "w": taps}, F.conv1d(line, taps), sums=12)
    q, k, v = data(1, 2, 5, 8), data(1, 2, 6, 8), data(1, 2, 6, 3)
    mask = data(1, 1, 5, 6)
    scores = q @ k.transpose(2, 3) / np.sqrt(8) + mask
    record("attention", "scaled_dot_product_attention(query = q, key = k, "
           "value = v, attn_mask = m)", {"q": q, "k": k, "v": v, "m": mask},
           torch.softmax(scores, -1) @ v, sums=14)


def movement():
    x = data(2, 3, 4, 5)
    record("reshape", f"reshape(x = x, shape = {ints(4, -1, 3)})", {"x": x},
           x.reshape(4, -1, 3))
    record("transpose", f"transpose(x = x, perm = {ints(0, 3, 1, -2)})",
           {"x": x}, x.permute(0, 3, 1, 2).contiguous())
    record("expand_dims", f"expand_dims(x = x, axes = {ints(0, -1)})",
           {"x": x}, x.reshape(1, 2, 3, 4, 5, 1))
    thin = data(1, 3, 1, 2)
    record("squeeze", f"squeeze(x = x, axes = {ints(0, 2)})", {"x": thin},
           thin.reshape(3, 2))
    record("slice_by_size", f"slice_by_size(x = x, begin = {ints(0, 1, -2, 0)}"
           f", size = {ints(-1, 2, 1, 4)})", {"x": x},
           x[:, 1:3, -2:-1, :4].contiguous())
    record("slice_by_index", "slice_by_index(x = x, begin = " +
           ints(1, 0, -1, 4) + ", end = " + ints(2, 2, 0, 0) + ", stride = " +
           ints(1, 1, -1, -2) + ", begin_mask = tensor<bool, [4]>([false, "
           "true, false, false]), end_mask = tensor<bool, [4]>([false, false, "
           "true, false]), squeeze_mask = tensor<bool, [4]>([true, false, "
           "false, false]))", {"x": x},
           torch.from_numpy(x.numpy()[1, :2, -1::-1, 4:0:-2].copy()))
    y = data(2, 1, 4, 5)
    for axis, other in ((1, y), (3, data(2, 3, 4, 2))):
        record(f"concat_{axis}",
               f"concat(values = (x, y, x), axis = int32({axis}))",
               {"x": x, "y": other}, torch.cat([x, other, x], axis))
    record("concat_interleave", "concat(values = (x, y), axis = int32(1), "
           "interleave = bool(true))", {"x": x, "y": -x},
           torch.stack([x, -x], 2).reshape(2, 6, 4, 5))
    record("stack", "stack(values = (x, y), axis = int32(1))",
           {"x": x, "y": -x}, torch.stack([x, -x], 1))
    record("split", f"split(x = x, axis = int32(3), split_sizes = "
           f"{ints(1, 4)})", {"x": x},
           [part.contiguous() for part in torch.split(x, [1, 4], 3)])
    record("tile", f"tile(x = x, reps = {ints(1, 2, 1, 3)})", {"x": x},
           x.repeat(1, 2, 1, 3))
    record("reverse", f"reverse(x = x, axes = {ints(1, 3)})", {"x": x},
           torch.flip(x, (1, 3)))
    record("pad_constant", f"pad(x = x, pad = {ints(1, 0, 2, 1)}, mode = "
           'string("constant"), constant_val = fp16(1.5))', {"x": x},
           F.pad(x, (2, 1, 1, 0), value=1.5))
    record("pad_reflect", f"pad(x = x, pad = {ints(1, 2, 2, 1)}, mode = "
           'string("reflect"))', {"x": x}, F.pad(x, (2, 1, 1, 2), "reflect"))
    record("pad_replicate", f"pad(x = x, pad = {ints(1, 2, 2, 1)}, mode = "
           'string("replicate"))', {"x": x},
           F.pad(x, (2, 1, 1, 2), "replicate"))
    indices = torch.tensor([[2, 0], [1, -1]], dtype=torch.int32)
    record("gather", "gather(x = x, indices = i, axis = int32(1))",
           {"x": x, "i": indices},
           torch.from_numpy(np.take(x.numpy(), indices.numpy(), axis=1)))
    along = torch.tensor(rng.integers(0, 5, (2, 3, 4, 2)), dtype=torch.int32)
    record("gather_along_axis",
           "gather_along_axis(x = x, indices = i, axis = int32(3))",
           {"x": x, "i": along}, torch.gather(x, 3, along.to(torch.int64)))


def quantization():
    x = torch.tensor([[-3.0, 0.4, 0.5], [1.5, 2.5, 90.0]],
                     dtype=torch.float64)
    scale = torch.tensor([0.5, 1.0], dtype=torch.float64)
    zero = torch.tensor([1, -2], dtype=torch.int32)
    quantized = torch.clamp(torch.round(x / scale[:, None]) + zero[:, None],
                            -128, 127)
    record("dequantize", "dequantize(input = x, scale = s, zero_point = z, "
           "axis = int32(0))",
           {"x": quantized.to(torch.int32), "s": scale, "z": zero},
           (quantized - zero[:, None]) * scale[:, None])
    blocks = data(4, 6).round()
    scales, offsets = data(2, 3, low=0.5), data(2, 3).round()
    grow = lambda t: t.repeat_interleave(2, 0).repeat_interleave(2, 1)
    record("constexpr_blockwise_shift_scale",
           "constexpr_blockwise_shift_scale(data = x, scale = s, offset = o)",
           {"x": blocks, "s": scales, "o": offsets},
           grow(scales) * (blocks - grow(offsets)))


def windows():
    x = data(2, 3, 7, 9)
    sizes = f"kernel_sizes = {ints(3, 2)}, strides = {ints(2, 2)}"
    custom = f', pad_type = string("custom"), pad = {ints(1, 1, 1, 1)}'
    record("max_pool", f"max_pool(x = x, {sizes}{custom})", {"x": x},
           F.max_pool2d(x, (3, 2), (2, 2), (1, 1)))
    record("avg_pool", f"avg_pool(x = x, {sizes}{custom})", {"x": x},
           F.avg_pool2d(x, (3, 2), (2, 2), (1, 1)), sums=6)
    record("avg_pool_exclude", f"avg_pool(x = x, {sizes}{custom}, "
           "exclude_padding_from_average = bool(true))", {"x": x},
           F.avg_pool2d(x, (3, 2), (2, 2), (1, 1), count_include_pad=False),
           sums=6)
    record("avg_pool_ceil", f"avg_pool(x = x, {sizes}, ceil_mode = bool(true))",
           {"x": x}, F.avg_pool2d(x, (3, 2), (2, 2), ceil_mode=True), sums=6)
    record("l2_pool", f"l2_pool(x = x, {sizes})", {"x": x},
           torch.sqrt(F.avg_pool2d(x * x, (3, 2), (2, 2)) * 6), sums=6)
    mean, variance = data(3), data(3, low=0.5, high=2)
    gamma, beta = data(3), data(3)
    record("batch_norm", "batch_norm(x = x, mean = m, variance = v, gamma = g,"
           " beta = b, epsilon = fp16(0.0009765625))",
           {"x": x, "m": mean, "v": variance, "g": gamma, "b": beta},
           F.batch_norm(x, mean, variance, gamma, beta, eps=0.0009765625),
           sums=4)
    record("batch_norm_plain", "batch_norm(x = x, mean = m, variance = v)",
           {"x": x, "m": mean, "v": variance},
           F.batch_norm(x, mean, variance, eps=1e-5), sums=4)


def rare():
    a, b = data(2, 3, 4, 5), data(2, 5, 4, 6)
    record("einsum_4", 'einsum(values = (a, b), equation = '
           'string("nchw,nwhu->nchu"))', {"a": a, "b": b},
           torch.einsum("nchw,nwhu->nchu", a, b), sums=5)
    record("einsum_3", 'einsum(values = (a, b), equation = '
           'string("chw,whr->chr"))', {"a": a[0].clone(), "b": b[0].clone()},
           torch.einsum("chw,whr->chr", a[0], b[0]), sums=5)
    update = data(2, 2, 4, 2)
    updated = a.clone()
    updated[:, 1:, :, ::3] = update
    record("slice_update", f"slice_update(x = a, update = u, begin = "
           f"{ints(0, 1, 0, 0)}, end = {ints(2, 3, 4, 5)}, stride = "
           f"{ints(1, 1, 1, 3)})", {"a": a, "u": update}, updated)
    one = torch.ones(1, dtype=torch.float64)
    steps = torch.tensor([2.0, 3.5, 5.0], dtype=torch.float64)
    record("range_1d", "range_1d(start = fp16(2), end = fp16(6.5), step = "
           "fp16(1.5))", {"unused": one}, steps)
    record("fill", f"fill(shape = {ints(2, 3)}, value = fp16(1.5))",
           {"unused": one}, torch.full((2, 3), 1.5, dtype=torch.float64))
    indices = torch.tensor([[1, 0], [3, 2]], dtype=torch.int32)
    record("gather_batched", "gather(x = a, indices = i, axis = int32(2), "
           "batch_dims = int32(1))", {"a": a, "i": indices},
           torch.stack([a[n][:, indices[n].long()] for n in range(2)]))
    # Two bits each, the least significant first: 3, 0, 2, 1 and 2, 2.
    packed = "tensor<uint8, [2]>([99, 10])"
    table = torch.tensor([10.0, 11.0, 12.0, 13.0], dtype=torch.float64)
    record("constexpr_lut_to_dense_packed",
           f"constexpr_lut_to_dense(indices = {packed}, lut = t, shape = "
           "tensor<uint32, [2]>([2, 3]))", {"t": table},
           torch.tensor([[13.0, 10, 12], [11, 12, 12]], dtype=torch.float64))
    tables = data(2, 1, 4, 1)
    places = torch.tensor([[0, 3, 1], [2, 2, 0]], dtype=torch.int32)
    record("constexpr_lut_to_dense_grouped",
           "constexpr_lut_to_dense(indices = i, lut = t)",
           {"i": places, "t": tables},
           torch.stack([tables[r, 0, places[r].long(), 0] for r in range(2)]))


def main():
    binary()
    unary()
    reductions()
    products()
    movement()
    quantization()
    windows()
    rare()
    lines = ",\n".join(json.dumps(case) for case in cases)
    path = pathlib.Path(__file__).with_name("cases.json")
    path.write_text("[\n" + lines + "\n]\n")


if __name__ == "__main__":
    main()
