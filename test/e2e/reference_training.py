"""Trains llama_reference with PyTorch's AdamW, in the data order and with the
schedule that runtime/train documents (SequenceOrder.h, Schedule.h)."""
import math
import os
import sys

import numpy
import torch

from llama_reference import Llama

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "runtime",
                                "train", "reference"))
from sequence_order import draw_position  # noqa: E402

BEGIN_OF_TEXT = 256


def byte_tokens(path):
    """Documents.h with the byte tokenizer: begin-of-text, then the bytes."""
    with open(path, "rb") as file:
        documents = file.read().split(b"<|endoftext|>\n")
    ids = []
    for document in documents:
        if document.strip():
            ids += [BEGIN_OF_TEXT, *document.strip()]
    return numpy.array(ids, dtype=numpy.int64)


def micro_step(tokens, config, seed, number):
    """Inputs and targets [B, S] of micro-step `number`, counted from 0."""
    batch, sequence = config["batch"], config["sequence"]
    rows = []
    for row in range(batch):
        begin = draw_position(seed, number * batch + row, len(tokens) - sequence)
        rows.append(tokens[begin:begin + sequence + 1])
    rows = numpy.stack(rows)
    return rows[:, :-1], rows[:, 1:]


def learning_rate(update, flags):
    steps, warmup = flags["steps"], flags["warmup"]
    if update < warmup:
        return flags["lr"] * (update + 1) / warmup
    low = flags["lr"] * flags["min_lr_frac"]
    progress = (update - warmup) / (steps - warmup)
    return low + (flags["lr"] - low) / 2 * (1 + math.cos(math.pi * progress))


def gradients(weights, config, tokens, seed):
    """Loss and gradients {name: array} of the first micro-step."""
    model = Llama(weights, config)
    loss = model.loss(*micro_step(tokens, config, seed, 0))
    loss.backward()
    return loss.item(), {name: p.grad.numpy() for name, p in model.parameters.items()}


def train(weights, config, tokens, flags):
    """One {loss, grad_norm} per update; `flags` are those of ane-run train."""
    return train_model(Llama(weights, config),
                       lambda number: micro_step(tokens, config, flags["seed"], number), flags)


def train_model(model, batch_of, flags):
    """The same of any model with parameters and a loss of batch_of(number)."""
    parameters = list(model.parameters.values())
    optimizer = torch.optim.AdamW(
        [{"params": [p for p in parameters if p.dim() > 1],
          "weight_decay": flags["weight_decay"]},
         {"params": [p for p in parameters if p.dim() == 1], "weight_decay": 0.0}],
        betas=(flags["beta1"], flags["beta2"]), eps=1e-8)
    curve = []
    for update in range(flags["steps"]):
        for group in optimizer.param_groups:
            group["lr"] = learning_rate(update, flags)
        optimizer.zero_grad()
        losses = []
        for i in range(flags["accum"]):
            loss = model.loss(*batch_of(update * flags["accum"] + i)) / flags["accum"]
            loss.backward()
            losses.append(loss.item())
        norm = torch.nn.utils.clip_grad_norm_(parameters, flags["clip"])
        optimizer.step()
        curve.append({"loss": sum(losses), "grad_norm": norm.item()})
    return curve
