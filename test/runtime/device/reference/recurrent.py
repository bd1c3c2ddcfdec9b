"""lstm: ops.md, section 8, and the operator's definition."""
import torch

from recorder import Raw, Text, call, record

FUNCTIONS = {"sigmoid": torch.sigmoid, "tanh": torch.tanh,
             "relu": torch.relu, "linear": lambda v: v}


def run(x, h, c, w, gates="sigmoid", cell="tanh", output="tanh"):
    """One direction; weights are [input, forget, output, cell] gates."""
    r, g, a = FUNCTIONS[gates], FUNCTIONS[cell], FUNCTIONS[output]
    pi, pf, po = w.get("peephole", torch.zeros(3 * h.shape[1])).chunk(3)
    every = []
    for step in x:
        i, f, o, z = (step @ w["weight_ih"].T + h @ w["weight_hh"].T +
                      w.get("bias", 0)).chunk(4, 1)
        c_next = r(f + pf * c) * c + r(i + pi * c) * g(z)
        h = r(o + po * c_next) * a(c_next)
        c = c_next
        every.append(h)
    return torch.stack(every), h, c


def weights(raw, inputs, hidden, peephole=False):
    w = {"weight_ih": raw.floats(4 * hidden, inputs, low=-0.5, high=0.5),
         "weight_hh": raw.floats(4 * hidden, hidden, low=-0.5, high=0.5),
         "bias": raw.floats(4 * hidden, low=-0.5, high=0.5)}
    if peephole:
        w["peephole"] = raw.floats(3 * hidden, low=-0.5, high=0.5)
    return w


def test(name, tensors, expected, types=(), results=(), **arguments):
    names = {n: n for n in tensors}
    record(name, call("lstm", **names, **arguments), tensors,
           [t.contiguous() for t in expected], sums=64, types=types,
           results=results)


def one_way():
    raw = Raw("lstm")
    steps, batch, inputs, hidden = 4, 2, 3, 5
    x = raw.floats(steps, batch, inputs)
    start = {"initial_h": raw.floats(batch, hidden),
             "initial_c": raw.floats(batch, hidden)}
    h, c = start.values()
    for peephole in (False, True):
        w = weights(raw, inputs, hidden, peephole)
        y, last, state = run(x, h, c, w)
        name = f"lstm_peephole_{peephole}"
        every = {"x": x, **start, **w}
        test(f"{name}_sequence", every, [y, last, state],
             direction=Text("forward"), output_sequence=True)
        test(f"{name}_last", every, [y[-1:], last, state],
             output_sequence=False)
        y, last, state = run(torch.flip(x, [0]), h, c, w)
        test(f"{name}_reverse", every, [torch.flip(y, [0]), last, state],
             direction=Text("reverse"), output_sequence=True)
        test(f"{name}_reverse_last", every, [last[None], last, state],
             direction=Text("reverse"))
    w = weights(raw, inputs, hidden)
    del w["bias"]
    y, last, state = run(x, h, c, w)
    every = {"x": x, **start, **w}
    test("lstm_default", every, [last[None], last, state])
    test("lstm_fp32", every, [last[None], last, state],
         types={n: "fp32" for n in every}, results=["fp32"] * 3)
    test("lstm_mixed", every, [last[None], last, state],
         types={"weight_ih": "fp32", "weight_hh": "fp32"})
    for kind in FUNCTIONS:
        for place, name in (("recurrent_activation", "gates"),
                            ("cell_activation", "cell"),
                            ("activation", "output")):
            y, last, state = run(x, h, c, w, **{name: kind})
            test(f"lstm_{place}_{kind}", every, [y, last, state],
                 output_sequence=True, **{place: Text(kind)})


def by_torch():
    """PyTorch's own, whose gates are ordered input, forget, cell, output."""
    raw = Raw("lstm_torch")
    inputs, hidden = 3, 4
    module = torch.nn.LSTM(inputs, hidden, bidirectional=True).double()
    x = raw.floats(5, 2, inputs)
    h, c = raw.floats(2, 2, hidden), raw.floats(2, 2, hidden)
    forward = weights(raw, inputs, hidden)
    backward = weights(raw, inputs, hidden)
    def ordered(w):
        i, f, o, z = w.chunk(4)
        return torch.cat([i, f, z, o])
    with torch.no_grad():
        for suffix, w in (("", forward), ("_reverse", backward)):
            getattr(module, f"weight_ih_l0{suffix}").copy_(
                ordered(w["weight_ih"]))
            getattr(module, f"weight_hh_l0{suffix}").copy_(
                ordered(w["weight_hh"]))
            getattr(module, f"bias_ih_l0{suffix}").copy_(ordered(w["bias"]))
            getattr(module, f"bias_hh_l0{suffix}").zero_()
        y, (last, state) = module(x, (h, c))
    side = lambda pair: torch.cat([pair[0], pair[1]], 1)
    tensors = {"x": x, "initial_h": side(h), "initial_c": side(c), **forward,
               **{f"{n}_back": w for n, w in backward.items()}}
    both = {"direction": Text("bidirectional")}
    test("lstm_bidirectional", tensors, [y, side(last), side(state)],
         output_sequence=True, **both)
    test("lstm_bidirectional_last", tensors,
         [side(last)[None], side(last), side(state)], **both)
    forward["peephole"] = raw.floats(3 * hidden, low=-0.5, high=0.5)
    backward["peephole"] = raw.floats(3 * hidden, low=-0.5, high=0.5)
    ahead = run(x, h[0], c[0], forward)
    behind = run(torch.flip(x, [0]), h[1], c[1], backward)
    tensors.update({"peephole": forward["peephole"],
                    "peephole_back": backward["peephole"]})
    whole = torch.cat([ahead[0], torch.flip(behind[0], [0])], 2)
    test("lstm_bidirectional_peephole", tensors,
         [whole, side((ahead[1], behind[1])), side((ahead[2], behind[2]))],
         output_sequence=True, **both)


def record_all():
    one_way()
    by_torch()
