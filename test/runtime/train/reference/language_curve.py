#!/usr/bin/env python3
"""Trains the model of TestBundle::language() with PyTorch and records start,
data and the loss and gradient norm of each update in language_curve.json.

The trainer must follow it: data order, accumulation, clipping, schedule and
weight decay are all in the curve. Needs torch (tested: 1.13).
"""
import json
import math
import pathlib

import torch
import torch.nn.functional as F

from sequence_order import draw_position

SEED, B, S, V, D = 5, 2, 4, 16, 6
STEPS, ACCUM, RATE, FLOOR, WARMUP, CLIP, DECAY = 20, 3, 0.05, 0.1, 4, 0.5, 0.1

torch.manual_seed(11)
data = (torch.arange(200) * 7 % 13 + torch.randint(0, 2, (200,))).tolist()
embedding = torch.nn.Parameter(torch.randn(V, D) * 0.3)
gain = torch.nn.Parameter(1 + 0.1 * torch.randn(D))
start = {"embedding": embedding.detach().reshape(-1).tolist(),
         "gain": gain.detach().tolist()}


def sequence(index):
    p = draw_position(SEED, index, len(data) - S)
    return data[p:p + S], data[p + 1:p + S + 1]


def loss_of(first):
    rows = [sequence(first + b) for b in range(B)]
    tokens = torch.tensor([r[0] for r in rows])
    targets = torch.tensor([r[1] for r in rows])
    x = F.embedding(tokens, embedding)
    h = gain * x * torch.rsqrt((x * x).mean(-1, keepdim=True) + 1e-5)
    return F.cross_entropy((h @ embedding.T).reshape(-1, V),
                           targets.reshape(-1))


def rate(update):
    if update < WARMUP:
        return RATE * (update + 1) / WARMUP
    low = RATE * FLOOR
    p = (update - WARMUP) / (STEPS - WARMUP)
    return low + (RATE - low) / 2 * (1 + math.cos(math.pi * p))


optimizer = torch.optim.AdamW(
    [{"params": [embedding], "weight_decay": DECAY},
     {"params": [gain], "weight_decay": 0.0}], betas=(0.9, 0.95), eps=1e-8)
updates = []
for update in range(STEPS):
    optimizer.zero_grad()
    total = 0.0
    for micro in range(ACCUM):
        loss = loss_of((update * ACCUM + micro) * B)
        (loss / ACCUM).backward()
        total += loss.item() / ACCUM
    norm = torch.nn.utils.clip_grad_norm_([embedding, gain], CLIP).item()
    for group in optimizer.param_groups:
        group["lr"] = rate(update)
    optimizer.step()
    updates.append({"loss": total, "grad_norm": norm, "lr": rate(update)})
out = pathlib.Path(__file__).with_name("language_curve.json")
out.write_text(json.dumps({"source": "PyTorch " + torch.__version__,
                           "data": data, "start": start, "updates": updates}))
