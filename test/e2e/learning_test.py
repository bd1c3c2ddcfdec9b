#!/usr/bin/env python3
"""tiny-llama learns from the bundled stories: validation loss falls below half
of its start, and generation prints text."""
import os
import re
import sys
import tempfile

from tools_under_test import ROOT, arguments, compile_model, run, train

MODELS = os.path.join(ROOT, "models")
UPDATES = 80


def main():
    tools = arguments(__doc__.split("\n")[0]).parse_args().bin
    with tempfile.TemporaryDirectory() as folder:
        bundle = compile_model(tools, os.path.join(MODELS, "tiny-llama.ir"), folder)
        out = os.path.join(folder, "run")
        metrics = train(tools, bundle, out, "--data", os.path.join(MODELS, "stories-train.txt"),
                        "--val", os.path.join(MODELS, "stories-val.txt"), "--steps", str(UPDATES),
                        "--val-every", str(UPDATES), "--lr", "2e-3")
        text = run([os.path.join(tools, "ane-run"), "generate", bundle, "--checkpoint", out,
                    "--prompt", "Once upon a time", "--tokens", "60", "--seed", "1"])
    # The untrained model is close to uniform, so its first loss is the start.
    start, end = metrics[0]["loss"], metrics[-1]["val_loss"]
    print(f"validation loss {start:.3f} -> {end:.3f} after {UPDATES} updates")
    print(text.strip())
    # Untrained, every byte is as likely: about one in four would be.
    letters = len(re.findall(r"[A-Za-z ,.!?\"']", text)) / max(1, len(text))
    print(f"{letters:.0%} letters and punctuation, at least 90 % expected")
    return not (end < start / 2 and text.startswith("Once upon a time") and letters >= 0.9)


if __name__ == "__main__":
    sys.exit(main())
