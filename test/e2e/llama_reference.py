"""llama2.c's architecture in PyTorch, from a checkpoint's tensors.

RMSNorm, rotary embedding of interleaved pairs, causal attention with grouped
key-value heads, SwiGLU, no biases, classifier tied to the embedding, mean
cross-entropy. Source: karpathy/llama2.c model.py, and Touvron et al.,
arXiv:2307.09288. Runs with Debian's PyTorch 1.13.
"""
import torch
import torch.nn.functional as F


def rms_norm(x, gain, eps):
    return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + eps) * gain


def rope(x, theta):
    """x: [B, S, heads, head_dim]; channels 2i and 2i+1 are rotated."""
    sequence, head_dim = x.shape[1], x.shape[3]
    frequency = theta ** (-torch.arange(0, head_dim, 2, dtype=torch.float64) / head_dim)
    angle = torch.outer(torch.arange(sequence, dtype=torch.float64), frequency)
    cos = angle.cos().to(x.dtype)[None, :, None, :]
    sin = angle.sin().to(x.dtype)[None, :, None, :]
    even, odd = x[..., 0::2], x[..., 1::2]
    turned = torch.stack((even * cos - odd * sin, even * sin + odd * cos), dim=-1)
    return turned.flatten(-2)


class Llama:
    def __init__(self, tensors, config, dtype=torch.float32):
        """`tensors` are arrays by checkpoint name; `config` is model_file's."""
        self.config = config
        self.parameters = {name: torch.tensor(array, dtype=dtype, requires_grad=True)
                           for name, array in tensors.items()}
        self.layers = sum(name.endswith(".attention.wq.weight") for name in tensors)

    def attention(self, x, layer):
        batch, sequence, dim = x.shape
        heads, kv_heads = self.config["heads"], self.config["kv_heads"]
        head_dim = dim // heads

        def project(name, count):
            weight = self.parameters[f"layers.{layer}.attention.{name}.weight"]
            return F.linear(x, weight).view(batch, sequence, count, head_dim)

        q = rope(project("wq", heads), self.config["theta"]).transpose(1, 2)
        k = rope(project("wk", kv_heads), self.config["theta"]).transpose(1, 2)
        v = project("wv", kv_heads).transpose(1, 2)
        k = k.repeat_interleave(heads // kv_heads, dim=1)
        v = v.repeat_interleave(heads // kv_heads, dim=1)
        scores = q @ k.transpose(2, 3) / head_dim ** 0.5
        future = torch.ones(sequence, sequence, dtype=torch.bool).triu(1)
        weights = F.softmax(scores.masked_fill(future, float("-inf")), dim=-1)
        y = (weights @ v).transpose(1, 2).reshape(batch, sequence, dim)
        return F.linear(y, self.parameters[f"layers.{layer}.attention.wo.weight"])

    def feed_forward(self, x, layer):
        w1, w2, w3 = (self.parameters[f"layers.{layer}.feed_forward.w{i}.weight"]
                      for i in (1, 2, 3))
        return F.linear(F.silu(F.linear(x, w1)) * F.linear(x, w3), w2)

    def loss(self, tokens, targets):
        """Mean over all tokens; both are integer arrays [B, S]."""
        tokens, targets = torch.as_tensor(tokens).long(), torch.as_tensor(targets).long()
        eps, table = self.config["eps"], self.parameters["tok_embeddings.weight"]
        x = F.embedding(tokens, table)
        for layer in range(self.layers):
            gain = self.parameters[f"layers.{layer}.attention_norm.weight"]
            x = x + self.attention(rms_norm(x, gain, eps), layer)
            gain = self.parameters[f"layers.{layer}.ffn_norm.weight"]
            x = x + self.feed_forward(rms_norm(x, gain, eps), layer)
        x = rms_norm(x, self.parameters["norm.weight"], eps)
        logits = F.linear(x, table)
        return F.cross_entropy(logits.flatten(0, 1), targets.flatten())
