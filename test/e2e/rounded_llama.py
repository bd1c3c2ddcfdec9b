"""llama_reference with `--host-precision bf16`: PyTorch rounds to bfloat16 what
weight gradients and the classifier multiply, and everything else stays f32.

The gain of a norm takes its gradient from those of the weights behind it, as
the host does (derive_gain_grad): it feels their rounding."""
import torch
import torch.nn.functional as F

from llama_reference import Llama, rms_norm, rope


def rounded(x):
    return x.to(torch.bfloat16).to(torch.float32)


class RoundedGradient(torch.autograd.Function):
    """y = weight * x with a full dx, and dweight = rounded(dy) * rounded(x)."""

    @staticmethod
    def forward(context, x, weight):
        context.save_for_backward(x, weight)
        return x @ weight.t()

    @staticmethod
    def backward(context, dy):
        x, weight = context.saved_tensors
        dweight = rounded(dy).flatten(0, 1).t() @ rounded(x).flatten(0, 1)
        return dy @ weight, dweight


class GainedGradient(torch.autograd.Function):
    """The same for y = weight * (gain * x), with the gradient of the gain."""

    @staticmethod
    def forward(context, x, gain, weight):
        context.save_for_backward(x, gain, weight)
        return (x * gain) @ weight.t()

    @staticmethod
    def backward(context, dy):
        x, gain, weight = context.saved_tensors
        dweight = rounded(dy).flatten(0, 1).t() @ rounded(x * gain).flatten(0, 1)
        return dy @ weight * gain, (dweight * weight).sum(0) / gain, dweight


class Classifier(torch.autograd.Function):
    """All three products from rounded operands."""

    @staticmethod
    def forward(context, x, weight):
        x, weight = rounded(x), rounded(weight)
        context.save_for_backward(x, weight)
        return x @ weight.t()

    @staticmethod
    def backward(context, dy):
        x, weight = context.saved_tensors
        dy = rounded(dy)
        return dy @ weight, dy.flatten(0, 1).t() @ x.flatten(0, 1)


class RoundedLlama(Llama):
    def weight(self, layer, name):
        return self.parameters[f"layers.{layer}.{name}.weight"]

    def layer(self, x, layer):
        heads, kv_heads = self.config["heads"], self.config["kv_heads"]
        eps, theta = self.config["eps"], self.config["theta"]
        batch, sequence, dim = x.shape

        def project(normed, gain, name):
            return GainedGradient.apply(normed, gain, self.weight(layer, name))

        normed = rms_norm(x, 1, eps)
        gain = self.weight(layer, "attention_norm")
        q, k, v = (project(normed, gain, "attention." + name).view(batch, sequence, count, -1)
                   for name, count in (("wq", heads), ("wk", kv_heads), ("wv", kv_heads)))
        q, k, v = (y.transpose(1, 2) for y in (rope(q, theta), rope(k, theta), v))
        k, v = (y.repeat_interleave(heads // kv_heads, dim=1) for y in (k, v))
        scores = q @ k.transpose(2, 3) / (dim // heads) ** 0.5
        future = torch.ones(sequence, sequence, dtype=torch.bool).triu(1)
        y = F.softmax(scores.masked_fill(future, float("-inf")), dim=-1) @ v
        x = x + RoundedGradient.apply(y.transpose(1, 2).reshape(batch, sequence, dim),
                                      self.weight(layer, "attention.wo"))
        normed = rms_norm(x, 1, eps)
        gain = self.weight(layer, "ffn_norm")
        hidden = F.silu(project(normed, gain, "feed_forward.w1")) * \
            project(normed, gain, "feed_forward.w3")
        return x + RoundedGradient.apply(hidden, self.weight(layer, "feed_forward.w2"))

    def loss(self, tokens, targets):
        tokens, targets = torch.as_tensor(tokens).long(), torch.as_tensor(targets).long()
        table = self.parameters["tok_embeddings.weight"]
        x = F.embedding(tokens, table)
        for layer in range(self.layers):
            x = self.layer(x, layer)
        x = rms_norm(x, self.parameters["norm.weight"], self.config["eps"])
        logits = Classifier.apply(x, table)
        return F.cross_entropy(logits.flatten(0, 1), targets.flatten())
