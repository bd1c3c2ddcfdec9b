#!/usr/bin/env python3
"""The first loss of stories110m is PyTorch's for the same weights and tokens.

The loss of PyTorch is recorded; --record computes it again from the initial
weights of ane-run (one update with a learning rate of almost 0).

The expected value is about ln(32000) + v / 2 = 10.53, where v = 768 * 0.02^2 =
0.307 is the variance of a logit: final activations of unit rms times a tied
classifier of standard deviation 0.02.
"""
import array
import os
import sys
import tempfile

import model_file
from tools_under_test import (ROOT, arguments, compile_model, has_torch, last_checkpoint,
                              read_recorded, train, write_recorded)

MODEL = os.path.join(ROOT, "models", "stories110m.ir")
VOCABULARY = 32000


def tolerance():
    """Asked for by the definition of done; fp16 storage costs about 1e-4."""
    return 0.005


def write_tokens(path, count):
    """Ids all over the vocabulary; Knuth's multiplier, so that no library's
    random numbers matter."""
    ids = [(i * 2654435761 % 2 ** 32) * VOCABULARY // 2 ** 32 for i in range(count)]
    with open(path, "wb") as file:
        data = array.array("H", ids)
        if sys.byteorder == "big":
            data.byteswap()
        data.tofile(file)
    return ids


def reference_loss(checkpoint, ids, config):
    import numpy
    import torch

    import safetensors_io
    from llama_reference import Llama
    weights = safetensors_io.read(os.path.join(checkpoint, "model.safetensors"))
    batch = numpy.array(ids).reshape(config["batch"], -1)
    with torch.no_grad():
        return Llama(weights, config).loss(batch[:, :-1], batch[:, 1:]).item()


def main():
    options = arguments(__doc__.split("\n")[0]).parse_args()
    if options.record and not has_torch():
        sys.exit("--record expects PyTorch: Debian's python3-torch and /usr/bin/python3")
    config = model_file.read(MODEL)
    with tempfile.TemporaryDirectory() as folder:
        bundle = compile_model(options.bin, MODEL, folder)
        # One sequence and its last target: every draw is the same sequence.
        tokens = os.path.join(folder, "tokens.bin")
        ids = write_tokens(tokens, config["sequence"] + 1)
        out = os.path.join(folder, "run")
        metrics = train(options.bin, bundle, out, "--data", tokens, "--no-compact",
                        "--steps", "1", "--lr", "1e-30", "--weight-decay", "0.0")
        if options.record:
            loss = reference_loss(last_checkpoint(out), ids * config["batch"], config)
            write_recorded("stories110m-first-loss", {"loss": loss})
        expected = read_recorded("stories110m-first-loss")["loss"]
    loss = metrics[0]["loss"]
    error = abs(loss - expected) / expected
    print(f"first loss: {loss:.5f}, PyTorch {expected:.5f}, difference {error:.2e}"
          f" of {tolerance():.0e}")
    return not error <= tolerance()


if __name__ == "__main__":
    sys.exit(main())
