#!/usr/bin/env python3
"""Records what PyTorch computes for every host op, in f64.

Writes host_ops.json beside this script: one case per op and attribute set,
values in logical layout ([B,S,D] row-major). Gradients come from autograd, not
from formulas. Run it again only to add cases; it needs torch (tested: 1.13).
"""
import json
import pathlib

import torch
import torch.nn.functional as F

torch.manual_seed(20)
torch.set_default_dtype(torch.float64)
B, S, D, V, O = 2, 5, 8, 11, 6
cases = []


def value(t):
    kind = "int32" if t.dtype == torch.int64 else "real"
    return {"type": kind, "shape": list(t.shape),
            "data": t.detach().reshape(-1).tolist()}


def case(op, operands, result, **attributes):
    cases.append({"op": op, "attributes": attributes,
                  "operands": [value(t) for t in operands],
                  "result": value(result)})


def grad(output, cotangent, x):
    return torch.autograd.grad(output, x, cotangent, retain_graph=True)[0]


def leaf(*shape, scale=1.0):
    return (torch.randn(*shape) * scale).requires_grad_()


x, y, dy, vector = leaf(B, S, D), leaf(B, S, D), leaf(B, S, D), leaf(D)
tokens, targets = torch.randint(V, (B, S)), torch.randint(V, (B, S))
tokens[0, 1] = tokens[0, 0]  # a row that gets two gradients
table, w, dscalar = leaf(V, D), leaf(O, D), torch.tensor(0.75)

e = F.embedding(tokens, table)
case("embedding", [tokens, table], e)
case("embedding_grad", [tokens, dy], grad(e, dy, table))

case("linear", [x, w], F.linear(x, w))
dyo = leaf(B, S, O)
case("matmul", [dyo, w], grad(F.linear(x, w), dyo, x), transpose_a=False)
case("matmul", [dyo, x], grad(F.linear(x, w), dyo, w), transpose_a=True)

for other in (y, vector):
    case("add", [x, other], x + other)
    case("sub", [x, other], x - other)
    case("mul", [x, other], x * other)
case("mul", [w, w], w * w)
case("scale", [x], x * -0.125, factor=-0.125)
case("sum_tokens", [x], x.sum((0, 1)))
case("max_magnitude", [x], x.abs().max())

wide = leaf(B, S, D, scale=20.0)  # far into both tails
for name, f in (("silu", F.silu), ("sigmoid", torch.sigmoid),
                ("tanh", torch.tanh), ("relu", F.relu)):
    case(name, [wide], f(wide))
case("relu_grad", [x, dy], grad(F.relu(x), dy, x))


def rms_norm(x, gain, eps):
    return gain * x * torch.rsqrt((x * x).mean(-1, keepdim=True) + eps)


for scale in (0.01, 1.0, 200.0):
    xs = leaf(B, S, D, scale=scale)
    n = rms_norm(xs, vector, 1e-5)
    case("rms_norm", [xs, vector], n, eps=1e-5)
    case("rms_norm_grad", [xs, vector, dy], grad(n, dy, xs), eps=1e-5)
    case("rms_norm_gain_grad", [xs, dy], grad(n, dy, vector), eps=1e-5)


def rope(x, head, theta, style):
    """Rotation as complex multiplication, as llama2.c's model.py does it."""
    half = head // 2
    angle = torch.outer(torch.arange(S).double(),
                        theta ** (-torch.arange(half).double() * 2 / head))
    unit = torch.polar(torch.ones_like(angle), angle)[None, :, None, :]
    heads = x.reshape(B, S, D // head, head)
    if style == "interleaved":
        z = torch.view_as_complex(heads.reshape(B, S, -1, half, 2).contiguous())
        return torch.view_as_real(z * unit).reshape(B, S, D)
    z = torch.complex(heads[..., :half], heads[..., half:]) * unit
    return torch.cat([z.real, z.imag], -1).reshape(B, S, D)


for style in ("interleaved", "halves"):
    r = rope(x, 4, 10000.0, style)
    base = {"head_dim": 4, "theta": 10000.0, "style": style}
    case("rope", [x], r, inverse=False, **base)
    case("rope", [dy], grad(r, dy, x), inverse=True, **base)

p = torch.softmax(wide, -1)
case("softmax", [wide], p)
case("softmax_grad", [p, dy], grad(p, dy, wide))

logits = leaf(B, S, V, scale=5.0)
loss = F.cross_entropy(logits.reshape(-1, V), targets.reshape(-1))
case("cross_entropy", [logits, targets], loss)
case("cross_entropy_grad", [logits, targets, dscalar],
     grad(loss, dscalar, logits))
probabilities = torch.softmax(logits, -1)
case("log_loss", [probabilities, targets], loss)
case("log_loss_logits_grad", [probabilities, targets, dscalar],
     grad(loss, dscalar, logits))
case("target_weights", [targets, dscalar],
     F.one_hot(targets, V) * dscalar / targets.numel())
case("log_probability", [probabilities], torch.log_softmax(logits, -1))
mse = F.mse_loss(x, y)
case("mse", [x, y], mse)
case("mse_grad", [x, y, dscalar], grad(mse, dscalar, x))

# More tokens than one tile of the kernels (64), and not a multiple of it.
B, S, D, V = 2, 75, 4, 6
x, y, dy, vector = leaf(B, S, D), leaf(B, S, D), leaf(B, S, D), leaf(D)
n = rms_norm(x, vector, 1e-5)
case("rms_norm", [x, vector], n, eps=1e-5)
case("rms_norm_grad", [x, vector, dy], grad(n, dy, x), eps=1e-5)
case("rms_norm_gain_grad", [x, dy], grad(n, dy, vector), eps=1e-5)
p = torch.softmax(x, -1)
case("softmax", [x], p)
case("softmax_grad", [p, dy], grad(p, dy, x))
r = rope(x, 4, 10000.0, "interleaved")
case("rope", [x], r, inverse=False, head_dim=4, theta=10000.0,
     style="interleaved")
logits, targets = leaf(B, S, V, scale=5.0), torch.randint(V, (B, S))
loss = F.cross_entropy(logits.reshape(-1, V), targets.reshape(-1))
case("cross_entropy", [logits, targets], loss)
case("cross_entropy_grad", [logits, targets, dscalar],
     grad(loss, dscalar, logits))

# A gain with a zero, and more rows than one tile. What the sums hold before
# is dy^T n with n normalised and multiplied by the gain, or by 1 instead of 0.
rows = 70
x, dyo, w, gain = leaf(B, S, D), leaf(B, S, rows), leaf(rows, D), leaf(D)
with torch.no_grad():
    gain[2] = 0
factor = torch.where(gain == 0, torch.ones(D), gain).detach()
n = rms_norm(x, factor, 1e-5)
case("rms_norm_nonzero", [x, gain], n, eps=1e-5)
y = F.linear(rms_norm(x, gain, 1e-5), w)
derived_gain = {"weight": value(w), "gain": value(gain),
                "sum": value(torch.einsum("bso,bsi->oi", dyo, n)),
                "dweight": value(grad(y, dyo, w)),
                "dgain": value(grad(y, dyo, gain))}

# Layer norm, gelu, exp.
B, S, D = 2, 5, 8
x, dy, vector = leaf(B, S, D, scale=3.0), leaf(B, S, D), leaf(D)
case("gelu", [wide], 0.5 * wide * (1 + torch.tanh(
    (2 / torch.pi) ** 0.5 * (wide + 0.044715 * wide ** 3))))
case("exp", [x], x.exp())
case("layer_norm", [x, vector],
     F.layer_norm(x, [D], torch.zeros(D) + vector, None, 1e-5), eps=1e-5)
case("center", [x], x - x.mean(-1, keepdim=True))

# Shapes.
case("transpose", [x], x.transpose(1, 2))
case("reshape", [x], x.reshape(B, 4, 10), sequence=4)
case("slice", [x], x[:, 1:4], dim=1, begin=1, size=3)
case("slice", [x], x[:, :, 3:], dim=2, begin=3, size=5)
case("pad", [x], F.pad(x, (0, 0, 1, 2)), dim=1, begin=1, size=8)
case("pad", [x], F.pad(x, (2, 0)), dim=2, begin=2, size=10)
short, narrow = leaf(B, 2, D), leaf(B, S, 3)
case("concat", [x, short], torch.cat([x, short], 1), dim=1)
case("concat", [x, narrow], torch.cat([x, narrow], 2), dim=2)
case("reduce", [x], x.sum(1, keepdim=True), dim=1)
case("reduce", [x], x.sum(2, keepdim=True), dim=2)
case("expand", [x[:, :1]], x[:, :1].expand(B, 4, D), dim=1, size=4)
case("expand", [x[:, :, :1]], x[:, :, :1].expand(B, S, 3), dim=2, size=3)

# Images: [B, H * W, C] here, [B, C, H, W] there.
H, W, C = 4, 6, 3


def to_torch(x, height, width):
    return x.reshape(B, height, width, -1).permute(0, 3, 1, 2)


def from_torch(x):
    return x.permute(0, 2, 3, 1).reshape(B, -1, x.shape[1])


image = leaf(B, H * W, C)
for kernel, stride, pad in ((3, 1, 1), (3, 2, 1), (2, 2, 0), (1, 1, 0)):
    seen = F.unfold(to_torch(image, H, W), kernel, padding=pad, stride=stride)
    # unfold: [B, C * kernel^2, L]; here taps come before channels.
    seen = seen.reshape(B, C, kernel * kernel, -1).permute(0, 3, 2, 1)
    case("patches", [image], seen.reshape(B, -1, kernel * kernel * C),
         height=H, width=W, kernel=kernel, stride=stride)
with torch.no_grad():
    image[0, 0] = image[0, 1]  # the first of equal pixels gets the gradient
    image[0, 1] += 0.0
for kind, pool in (("max", F.max_pool2d), ("average", F.avg_pool2d)):
    y = from_torch(pool(to_torch(image, H, W), 2))
    case("pool", [image], y, kind=kind, height=H, width=W, window=2)
    cotangent = leaf(*y.shape)
    operands = [image, cotangent] if kind == "max" else [cotangent]
    case(kind + "_pool_grad", operands, grad(y, cotangent, image),
         height=H, width=W, window=2)

# The loss of a classifier whose logits are known by their largest only, and
# what each token of its mean weighs. At the end: random numbers have an order.
B, S, D, V = 2, 5, 8, 11
h, rows, targets = leaf(B, S, D), leaf(V, D), torch.randint(V, (B, S))
logits = F.linear(h, rows)
loss = F.cross_entropy(logits.reshape(-1, V), targets.reshape(-1))
case("peak_log_loss",
     [h, rows, targets, logits.amax(-1, keepdim=True),
      torch.softmax(logits, -1).amax(-1, keepdim=True)], loss)
tokens_of = torch.randn(B, S, 1, requires_grad=True)
case("token_weights", [dscalar], grad(tokens_of.mean(), dscalar, tokens_of))
case("scale_tokens", [h, tokens_of], h * tokens_of)

out = pathlib.Path(__file__).with_name("host_ops.json")
lines = ",\n".join(json.dumps(c) for c in cases)
out.write_text('{"source": "PyTorch %s, f64",\n"derived_gain": %s,\n'
               '"cases": [\n%s\n]}\n'
               % (torch.__version__, json.dumps(derived_gain), lines))
