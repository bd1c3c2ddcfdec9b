"""Element-wise operators: ops.md, section 2."""
import torch
import torch.nn.functional as F

from recorder import SHAPES, Raw, Text, call, record

DOUBLE = torch.float64
SMALL = {"int8": (-128, 127), "uint8": (0, 255), "int16": (-32768, 32767),
         "uint16": (0, 65535)}


def doubles(*values):
    return torch.tensor(values, dtype=DOUBLE)


def arithmetic():
    raw = Raw("arithmetic")
    functions = {"add": torch.add, "sub": torch.sub, "mul": torch.mul,
                 "real_div": torch.div, "maximum": torch.maximum,
                 "minimum": torch.minimum,
                 "floor_div": lambda a, b: torch.floor(a / b),
                 "mod": lambda a, b: a - b * torch.floor(a / b)}
    x, y = raw.floats(2, 3, 1, 5), raw.floats(3, 4, 1)
    for name, f in functions.items():
        record(name, call(name, x="x", y="y"), {"x": x, "y": y}, f(x, y))
        record(f"{name}_fp32", call(name, x="x", y="fp32(0.5)"), {"x": x},
               f(x, doubles(0.5)), types={"x": "fp32"}, results=["fp32"])
    for rank, shape in SHAPES.items():
        x, y = raw.floats(*shape), raw.floats(*shape[1:])
        for name in ("add", "mul"):
            record(f"{name}_rank{rank}", call(name, x="x", y="y"),
                   {"x": x, "y": y}, functions[name](x, y))
    special = doubles(1.0, float("nan"), float("inf"), -float("inf"), -0.0)
    other = doubles(float("nan"), 1.0, 2.0, 2.0, 1.0)
    for name in ("maximum", "minimum", "add", "mul"):
        record(f"{name}_special", call(name, x="x", y="y"),
               {"x": special, "y": other}, functions[name](special, other))
    i = torch.tensor([7, -7, 5, 0, 100000, -3], dtype=torch.int32)
    j = torch.tensor([2, 2, -3, 4, 3, -3], dtype=torch.int32)
    integers = {"add": i + j, "sub": i - j, "mul": i * j,
                "real_div": torch.div(i, j, rounding_mode="trunc"),
                "floor_div": torch.div(i, j, rounding_mode="floor"),
                "mod": torch.remainder(i, j),
                "maximum": torch.maximum(i, j),
                "minimum": torch.minimum(i, j)}
    for name, expected in integers.items():
        record(f"{name}_int", call(name, x="x", y="y"), {"x": i, "y": j},
               expected)
    # The written type of a quotient of integers decides.
    for kind in ("fp16", "fp32"):
        record(f"real_div_int_{kind}", call("real_div", x="x", y="y"),
               {"x": i, "y": j}, i.to(DOUBLE) / j.to(DOUBLE), results=[kind])
    squares = torch.tensor([[2, -3], [4, 0]], dtype=torch.int32)
    record("pow_int", call("pow", x="x", y="int32(3)"), {"x": squares},
           squares ** 3)


def powers():
    raw = Raw("powers")
    base = raw.floats(2, 9, low=0.25, high=3)
    for exponent in (-0.5, 2.0, 0.75):
        record(f"pow_{exponent}", call("pow", x="x", y=exponent),
               {"x": base}, torch.pow(base, exponent))
    exponents = raw.floats(4, 1, 9)
    record("pow_broadcast", call("pow", x="x", y="y"),
           {"x": base, "y": exponents}, torch.pow(base, exponents))
    special = doubles(0.0, -2.0, -2.0, 4.0)
    by = doubles(-0.5, 3.0, 0.5, 0.0)
    record("pow_special", call("pow", x="x", y="y"),
           {"x": special, "y": by}, torch.pow(special, by))
    record("pow_fp32", call("pow", x="x", y="fp32(-0.5)"), {"x": base},
           torch.pow(base, -0.5), types={"x": "fp32"}, results=["fp32"])


def comparisons():
    raw = Raw("comparisons")
    a = doubles(1, 2, 3, -1, float("nan"), float("inf"))
    b = doubles(1, 3, 2, -2, float("nan"), float("inf"))
    i, j = raw.ints(2, 3, high=3), raw.ints(4, 1, 3, high=3)
    for name, f in {"equal": torch.eq, "not_equal": torch.ne,
                    "greater": torch.gt, "greater_equal": torch.ge,
                    "less": torch.lt, "less_equal": torch.le}.items():
        record(name, call(name, x="x", y="y"), {"x": a, "y": b}, f(a, b))
        record(f"{name}_int", call(name, x="x", y="y"), {"x": i, "y": j},
               f(i, j))
        record(f"{name}_fp32", call(name, x="x", y="fp32(1)"), {"x": a},
               f(a, doubles(1)), types={"x": "fp32"})
    p = torch.tensor([[True, True, False, False]])
    q = torch.tensor([[True], [False]])
    for name, f in {"logical_and": torch.logical_and,
                    "logical_or": torch.logical_or,
                    "logical_xor": torch.logical_xor}.items():
        record(name, call(name, x="x", y="y"), {"x": p, "y": q}, f(p, q))
    record("logical_not", call("logical_not", x="x"), {"x": p}, ~p)


def selections():
    raw = Raw("selections")
    x, y = raw.floats(2, 3), raw.floats(1, 3)
    c = torch.tensor([[[True], [False]], [[False], [True]]])
    record("select", call("select", cond="c", a="x", b="y"),
           {"c": c, "x": x, "y": y}, torch.where(c, x, y))
    record("select_fp32", call("select", cond="c", a="x", b="fp32(2)"),
           {"c": c, "x": x}, torch.where(c, x, doubles(2)),
           types={"x": "fp32"}, results=["fp32"])
    flags = torch.tensor([True, False, True])
    bad = doubles(float("nan"), float("inf"), 1.0)
    good = doubles(5.0, 6.0, float("nan"))
    record("select_does_not_leak", call("select", cond="c", a="x", b="y"),
           {"c": ~flags, "x": bad, "y": good},
           doubles(5.0, float("inf"), float("nan")))
    i, j = raw.ints(3), raw.ints(3)
    for kind in ("int32", "int8", "uint16"):
        record(f"select_{kind}", call("select", cond="c", a="x", b="y"),
               {"c": flags, "x": i, "y": j}, torch.where(flags, i, j),
               types={"x": kind, "y": kind}, results=[kind])
    record("select_bool", call("select", cond="c", a="x", b="y"),
           {"c": flags, "x": ~flags, "y": flags},
           torch.where(flags, ~flags, flags))


def functions():
    raw = Raw("functions")
    x = raw.floats(3, 37, low=-4, high=4)
    wide = torch.cat([x.flatten(), doubles(0.0, 30.0, -30.0, 11.0, -11.0)])
    positive = raw.floats(3, 7, low=0.25, high=4)
    plain = {
        "exp": torch.exp, "exp2": torch.exp2, "square": torch.square,
        "abs": torch.abs, "sign": torch.sign, "ceil": torch.ceil,
        "floor": torch.floor, "sin": torch.sin, "cos": torch.cos,
        "tanh": torch.tanh, "erf": torch.erf, "relu": torch.relu,
        "relu6": F.relu6, "silu": F.silu, "sigmoid": torch.sigmoid,
        "softplus": lambda v: torch.log1p(torch.exp(-v.abs())) +
        torch.relu(v), "softsign": F.softsign}
    for name, f in plain.items():
        data = x if name.startswith("exp") else wide
        record(name, call(name, x="x"), {"x": data}, f(data))
        record(f"{name}_fp32", call(name, x="x"), {"x": data[:4]},
               f(data[:4]), types={"x": "fp32"}, results=["fp32"])
    for rank, shape in SHAPES.items():
        data = raw.floats(*shape)
        record(f"relu_rank{rank}", call("relu", x="x"), {"x": data},
               torch.relu(data))
    inside = raw.floats(2, 9, low=-1.25, high=1.25)
    record("tan", call("tan", x="x"), {"x": inside}, torch.tan(inside))
    halves = doubles(-2.5, -1.5, -0.5, 0.5, 1.5, 2.5, 1.25, -7.0)
    record("round", call("round", x="x"), {"x": halves}, torch.round(halves))
    record("sqrt", call("sqrt", x="x"), {"x": positive}, torch.sqrt(positive))
    special = doubles(float("inf"), -float("inf"), float("nan"), 0.0)
    for name in ("exp", "tanh", "sigmoid", "relu", "abs", "sqrt"):
        f = plain.get(name, torch.sqrt)
        record(f"{name}_special", call(name, x="x"), {"x": special},
               f(special))
    for name, f in {"log": torch.log, "rsqrt": torch.rsqrt,
                    "inverse": lambda v: 1 / v}.items():
        default = 1e-4 if name == "inverse" else 0.0
        record(name, call(name, x="x"), {"x": positive},
               f(positive + default))
        record(f"{name}_epsilon", call(name, x="x", epsilon=0.25),
               {"x": positive}, f(positive + 0.25))
        record(f"{name}_mixed", call(name, x="x", epsilon="fp32(0.25)"),
               {"x": positive}, f(positive + 0.25))


def activations():
    raw = Raw("activations")
    x = raw.floats(3, 37, low=-4, high=4)
    tests = {
        "gelu": ({}, F.gelu(x)),
        "gelu_exact": ({"mode": Text("EXACT")}, F.gelu(x)),
        "gelu_tanh": ({"mode": Text("TANH_APPROXIMATION")},
                      F.gelu(x, approximate="tanh")),
        "gelu_sigmoid": ({"mode": Text("SIGMOID_APPROXIMATION")},
                         x * torch.sigmoid(1.702 * x)),
        "clip": ({"alpha": -1.0, "beta": 0.5}, torch.clamp(x, -1, 0.5)),
        "clip_mixed": ({"alpha": "fp32(-1)", "beta": "fp32(0.5)"},
                       torch.clamp(x, -1, 0.5)),
        "leaky_relu": ({"alpha": 0.125}, F.leaky_relu(x, 0.125)),
        "elu": ({"alpha": 0.5}, F.elu(x, 0.5)),
        "sigmoid_hard": ({"alpha": 0.25, "beta": 0.5},
                         torch.clamp(0.25 * x + 0.5, 0, 1)),
        "linear_activation": ({"alpha": 2.0, "beta": 1.0}, 2 * x + 1),
        "scaled_tanh": ({"alpha": 1.5, "beta": 0.5},
                        1.5 * torch.tanh(0.5 * x)),
        "thresholded_relu": ({"alpha": 0.5},
                             torch.where(x >= 0.5, x, torch.zeros_like(x))),
        "threshold": ({"alpha": 0.5}, torch.clamp(x, min=0.5))}
    names = ("sigmoid_hard", "linear_activation", "scaled_tanh",
             "thresholded_relu", "leaky_relu")
    for name, (arguments, expected) in tests.items():
        op = name if name in names else name.split("_")[0]
        record(name, call(op, x="x", **arguments), {"x": x}, expected)
    record("clip_equal_before_ios17",
           call("clip", x="x", alpha=0.5, beta=0.5), {"x": x},
           torch.full_like(x, 0.5), opset="ios16")


def casts():
    halves = doubles(-2.5, -1.5, -0.5, 0.0, 0.5, 1.5, 2.5, 300.25)
    whole = torch.tensor([1, -5, 2048, 0], dtype=torch.int32)
    flags = torch.tensor([True, False])

    def cast(name, dtype, x, expected, source=None, opset="ios18"):
        kind = {"bool": None, "int32": None, "fp16": None}.get(dtype, dtype)
        record(name, call("cast", x="x", dtype=Text(dtype)), {"x": x},
               expected, types={"x": source} if source else {},
               results=[kind], opset=opset)

    cast("cast_bool", "bool", halves, halves != 0)
    cast("cast_bool_int", "bool", whole, whole != 0)
    cast("cast_int", "int32", halves, torch.trunc(halves).to(torch.int32))
    cast("cast_int_fp32", "int32", halves,
         torch.trunc(halves).to(torch.int32), "fp32")
    cast("cast_float", "fp16", whole, whole.to(DOUBLE))
    cast("cast_fp32", "fp32", whole, whole.to(DOUBLE))
    cast("cast_widen", "fp32", halves, halves)
    cast("cast_from_bool", "int32", flags, flags.to(torch.int32))
    cast("cast_from_bool_fp16", "fp16", flags, flags.to(DOUBLE))
    cast("cast_identity_bool", "bool", flags, flags)
    # Nearest even in every storage: these are fp16 numbers.
    cast("cast_narrow", "fp16", halves, halves, "fp32")
    for kind, (low, high) in SMALL.items():
        saturated = torch.clamp(torch.trunc(halves), low, high)
        cast(f"cast_{kind}", kind, halves, saturated.to(torch.int32),
             opset="ios17")
        inside = torch.tensor([low, 0, high], dtype=torch.int32)
        cast(f"cast_from_{kind}", "int32", inside, inside, kind)
        cast(f"cast_from_{kind}_fp32", "fp32", inside, inside.to(DOUBLE),
             kind)
        cast(f"cast_{kind}_to_{kind}", kind, inside, inside, kind)


def record_all():
    arithmetic()
    powers()
    comparisons()
    selections()
    functions()
    activations()
    casts()
