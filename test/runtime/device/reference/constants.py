"""Constants, compressed constants and quantisation: ops.md, section 1."""
import numpy as np
import torch

from recorder import Raw, Text, attributes, call, record, typed

ONE = {"unused": torch.ones(1, dtype=torch.float64)}


def tensor(kind, array):
    array = np.asarray(array)
    shape = ", ".join(map(str, array.shape))
    body = ", ".join(str(v).lower() for v in array.flatten().tolist())
    return f"tensor<{kind}, [{shape}]>([{body}])"


def plain():
    cases = {"fp16": [[1.5, -2.0]], "fp32": [0.25, 3.0], "int32": [1, -7],
             "int8": [-128, 127], "uint8": [0, 255], "int16": [-32768, 9],
             "uint16": [65535, 0], "uint32": [7, 2147483647],
             "int4": [-8, 7], "uint4": [15, 0], "uint1": [1, 0],
             "uint2": [3, 1], "uint3": [7, 2], "uint6": [63, 1],
             "int64": [-2147483648, 5], "uint64": [3, 2147483647],
             "bf16": [1.5, -256.0], "fp64": [0.5, 1024.0]}
    for kind, values in cases.items():
        array = np.array(values)
        floats = kind.startswith(("fp", "bf"))
        record(f"const_{kind}", f"const()[val = {tensor(kind, array)}]", ONE,
               torch.tensor(values, dtype=torch.float64 if floats
                            else torch.int32), results=[kind])
    record("const_bool", "const()[val = tensor<bool, [2]>([true, false])]",
           ONE, torch.tensor([True, False]))
    record("const_scalar", "const()[val = fp16(0x1p-3)]", ONE,
           torch.tensor(0.125, dtype=torch.float64))
    special = "const()[val = tensor<fp16, [3]>([inf, -inf, nan])]"
    record("const_special", special, ONE, torch.tensor(
        [float("inf"), -float("inf"), float("nan")], dtype=torch.float64))


def affine():
    for kind, values in (("int8", [[-128, 3], [0, 127], [5, -9]]),
                         ("uint8", [[0, 3], [255, 127], [5, 9]])):
        data = np.array(values, dtype=np.float64)
        scale, zero = np.array([0.5, 0.25, 2.0]), np.array([1, 2, 3])
        vectors = dict(quantized_data=tensor(kind, values),
                       scale=tensor("fp16", scale),
                       zero_point=tensor(kind, zero))
        expected = torch.from_numpy(scale[:, None] * (data - zero[:, None]))
        for axis in (0, -2):
            record(f"constexpr_affine_dequantize_{kind}_{axis}",
                   attributes("constexpr_affine_dequantize", axis=axis,
                              **vectors), ONE, expected, opset="ios16")
        record(f"constexpr_affine_dequantize_{kind}_scalar",
               attributes("constexpr_affine_dequantize", axis=0,
                          quantized_data=tensor(kind, values),
                          scale="fp32(0.5)", zero_point=f"{kind}(3)"), ONE,
               torch.from_numpy(0.5 * (data - 3)), results=["fp32"],
               opset="ios16")
    record("constexpr_affine_dequantize_float_zero",
           attributes("constexpr_affine_dequantize", axis=1,
                      quantized_data=tensor("int8", [[4, 6]]),
                      scale=tensor("fp16", [0.5, 2.0]),
                      zero_point="fp32(1.5)"), ONE,
           torch.tensor([[1.25, 9.0]], dtype=torch.float64))
    record("constexpr_affine_dequantize_no_axis",
           attributes("constexpr_affine_dequantize",
                      quantized_data=tensor("int8", [4, 6]),
                      scale="fp16(0.5)", zero_point="int8(2)"), ONE,
           torch.tensor([1.0, 2.0], dtype=torch.float64))


def bits(values, width):
    """Least significant bit first."""
    flat = [int(v) >> b & 1 for v in np.asarray(values).flatten()
            for b in range(width)]
    return np.packbits(np.array(flat, dtype=np.uint8), bitorder="little")


def tables():
    raw = Raw("tables")
    for width in (1, 2, 4, 6, 8):
        lut = raw.floats(2 ** width)
        index = raw.rng.integers(0, 2 ** width, (3, 5))
        record(f"constexpr_lut_to_dense_packed_{width}",
               attributes("constexpr_lut_to_dense",
                          indices=typed("uint8", bits(index, width)),
                          lut=tensor("fp16", lut.numpy()),
                          shape=typed("uint32", [3, 5])), ONE,
               torch.from_numpy(lut.numpy()[index]), opset="ios16")
    record("constexpr_lut_to_dense_packed_int8",
           attributes("constexpr_lut_to_dense",
                      indices=typed("uint8", bits([1, 0, 1], 1)),
                      lut=typed("int8", [-5, 9]),
                      shape=typed("uint32", [3])), ONE,
           torch.tensor([9, -5, 9], dtype=torch.int32), results=["int8"])
    for width in (1, 2, 3, 4, 6, 8):
        index = raw.rng.integers(0, 2 ** width, (4, 6))
        lut = raw.floats(2, 3, 2 ** width, 1)
        expected = np.zeros((4, 6))
        for r in range(4):
            for c in range(6):
                expected[r, c] = lut[r // 2, c // 2, index[r, c], 0]
        record(f"constexpr_lut_to_dense_grouped_{width}",
               call("constexpr_lut_to_dense",
                    indices=tensor(f"uint{width}", index), lut="t"),
               {"t": lut}, torch.from_numpy(expected))
    index = raw.rng.integers(0, 4, (2, 3, 2))
    for axis in (0, 1, 2, -1):
        lut = raw.floats(2, 1, 1, 4, 3)
        moved = np.zeros((2, 3, 2, 3))
        for place in np.ndindex(2, 3, 2):
            moved[place] = lut[place[0], 0, 0, index[place]]
        spread = np.moveaxis(moved, -1, axis % 3 + 1)
        shape = [2, 3, 2]
        shape[axis] *= 3
        record(f"constexpr_lut_to_dense_vectors_{axis}",
               call("constexpr_lut_to_dense", indices=tensor("uint2", index),
                    lut="t", vector_axis=axis), {"t": lut},
               torch.from_numpy(spread.reshape(shape).copy()))


def sparse():
    raw = Raw("sparse")
    mask = raw.rng.integers(0, 2, (3, 7))
    count = int(mask.sum())
    dense = np.zeros((3, 7))
    data = raw.floats(count)
    dense[mask != 0] = data.numpy()
    record("constexpr_sparse_to_dense_packed",
           attributes("constexpr_sparse_to_dense",
                      nonzero_data=tensor("fp16", data.numpy()),
                      mask=typed("uint8", bits(mask, 1)),
                      shape=typed("uint32", [3, 7])), ONE,
           torch.from_numpy(dense), opset="ios16")
    record("constexpr_sparse_to_dense",
           call("constexpr_sparse_to_dense", nonzero_data="d",
                mask=tensor("uint1", mask)), {"d": data},
           torch.from_numpy(dense))
    for kind, values in (("int4", [-8, 7]), ("uint8", [200, 1])):
        record(f"constexpr_sparse_to_dense_{kind}",
               call("constexpr_sparse_to_dense",
                    nonzero_data=typed(kind, values),
                    mask=tensor("uint1", [[0, 1], [1, 0]])), ONE,
               torch.tensor([[0, values[0]], [values[1], 0]],
                            dtype=torch.int32), results=[kind])
    record("constexpr_cast",
           attributes("constexpr_cast",
                      source_val=tensor("fp16", [[0.5, -3.0]]),
                      output_dtype=Text("fp32")), ONE,
           torch.tensor([[0.5, -3.0]], dtype=torch.float64),
           results=["fp32"], opset="ios16")


def blocks():
    raw = Raw("blocks")
    for kind, low, high in (("int4", -8, 8), ("uint4", 0, 16),
                            ("int8", -128, 128), ("uint8", 0, 256)):
        data = raw.rng.integers(low, high, (4, 6))
        offset = raw.rng.integers(low, high, (2, 3))
        scale = raw.floats(2, 3, low=0.5)
        grow = lambda a: np.repeat(np.repeat(a, 2, 0), 2, 1)
        record(f"constexpr_blockwise_shift_scale_{kind}",
               call("constexpr_blockwise_shift_scale",
                    data=tensor(kind, data), scale="s",
                    offset=tensor(kind, offset)), {"s": scale},
               torch.from_numpy(grow(scale.numpy()) *
                                (data - grow(offset))))
    data, scale = raw.floats(2, 3, 4), raw.floats(1, 3, 2, low=0.5)
    grown = scale.numpy().repeat(2, 0).repeat(2, 2)
    record("constexpr_blockwise_shift_scale_float",
           call("constexpr_blockwise_shift_scale", data="d", scale="s"),
           {"d": data, "s": scale}, torch.from_numpy(grown * data.numpy()))
    record("constexpr_blockwise_shift_scale_fp32",
           call("constexpr_blockwise_shift_scale",
                data=tensor("int8", [[1, 2]]),
                scale=tensor("fp32", [[0.5]])), ONE,
           torch.tensor([[0.5, 1.0]], dtype=torch.float64),
           results=["fp32"])


def quantization():
    x = torch.tensor([[-3.0, 0.25, 0.75, 1.5, 90.0],
                      [1.5, 2.5, -2.5, 300.0, -300.0]], dtype=torch.float64)
    scale = torch.tensor([0.5, 1.0], dtype=torch.float64)
    for kind, zero, low, high in (("int8", [1, -2], -128, 127),
                                  ("uint8", [1, 2], 0, 255)):
        shift = torch.tensor(zero, dtype=torch.float64)[:, None]
        every = dict(input="x", scale="s", zero_point=typed(kind, zero))
        expected = torch.clamp(torch.round(x / scale[:, None]) + shift, low,
                               high)
        for axis in (0, -2):
            record(f"quantize_{kind}_{axis}",
                   call("quantize", **every, axis=axis,
                        output_dtype=Text(kind)), {"x": x, "s": scale},
                   expected.to(torch.int32), results=[kind], opset="ios17")
            record(f"dequantize_{kind}_{axis}",
                   call("dequantize", **every, axis=axis),
                   {"x": expected.to(torch.int32), "s": scale},
                   (expected - shift) * scale[:, None], types={"x": kind},
                   opset="ios17")
        record(f"quantize_{kind}_scalar",
               call("quantize", input="x", scale="fp16(0.5)",
                    output_dtype=Text(kind)), {"x": x},
               torch.clamp(torch.round(x / 0.5), low, high).to(torch.int32),
               results=[kind])
        record(f"dequantize_{kind}_scalar",
               call("dequantize", input="x", scale="fp32(0.5)"),
               {"x": expected.to(torch.int32)}, expected * 0.5,
               types={"x": kind}, results=["fp32"])
    record("quantize_fp32",
           call("quantize", input="x", scale="fp32(0.5)",
                zero_point="uint8(128)", output_dtype=Text("uint8")),
           {"x": x}, torch.clamp(torch.round(x / 0.5) + 128, 0,
                                 255).to(torch.int32),
           types={"x": "fp32"}, results=["uint8"])


def record_all():
    plain()
    affine()
    tables()
    sparse()
    blocks()
    quantization()
