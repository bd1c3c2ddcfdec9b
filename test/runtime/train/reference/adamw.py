#!/usr/bin/env python3
"""Records ten updates of torch.optim.AdamW on three weights, with and without
weight decay, in adamw.json. Needs torch (tested: 1.13)."""
import json
import pathlib

import torch

torch.manual_seed(3)
STEPS, RATE = 10, 0.01
gradients = torch.randn(STEPS, 3).tolist()
start = [0.5, -2.0, 1e-3]
cases = []
for decay in (0.1, 0.0):
    weight = torch.nn.Parameter(torch.tensor(start, dtype=torch.float32))
    optimizer = torch.optim.AdamW([weight], lr=RATE, betas=(0.9, 0.95),
                                  eps=1e-8, weight_decay=decay)
    weights = []
    for gradient in gradients:
        weight.grad = torch.tensor(gradient)
        optimizer.step()
        weights.append(weight.detach().tolist())
    cases.append({"decay": decay, "weights": weights})
out = pathlib.Path(__file__).with_name("adamw.json")
out.write_text(json.dumps({"source": "PyTorch " + torch.__version__,
                           "rate": RATE, "start": start,
                           "gradients": gradients, "cases": cases}, indent=1))
