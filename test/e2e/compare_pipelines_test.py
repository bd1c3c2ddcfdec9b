#!/usr/bin/env python3
"""tools/compare-pipelines: each pipeline is a row of numbers that agree with the bill, or says why it did not run."""
import json
import os
import subprocess
import sys

from tools_under_test import ROOT, arguments

MODEL = os.path.join(ROOT, "models", "tiny-llama.ir")
UPDATES, ACCUMULATION = 2, 2
FLAGS = {"static": ["--weights=baked", "--offload=none"], "dynamic": ["--weights=packed"],
         "param": ["--weights=param", "--target=m4"], "delta": ["--weights=delta", "--offload=none"]}


def compare(tools, *flags):
    return subprocess.run([sys.executable, os.path.join(ROOT, "tools", "compare-pipelines"), MODEL, "--bin", tools,
                           *flags], capture_output=True, text=True)


def expected(tools, flags):
    bill = json.loads(subprocess.run([os.path.join(tools, "anec"), MODEL, "--report=json", *flags], check=True,
                                     capture_output=True).stdout)
    return {"kernels": len(bill["kernels"]),
            "dispatches": UPDATES * ACCUMULATION * bill["dispatches_per_micro_step"],
            "compiles": bill["compiles"] + UPDATES * bill["compiles_per_update"],
            "reloads": UPDATES * bill["reloads_per_update"]}


def main():
    tools = arguments(__doc__.split("\n")[0]).parse_args().bin
    failures = 0
    done = compare(tools, "--updates", str(UPDATES), "--accum", str(ACCUMULATION), "--devices", "cpu,none", "--json")
    rows = {(row["pipeline"], row["device"]): row for row in json.loads(done.stdout)}
    for name, flags in FLAGS.items():
        row = rows[name, "cpu"]
        wrong = {key: (row.get(key), value) for key, value in expected(tools, flags).items() if row.get(key) != value}
        times = all(row.get(key, 0) > 0 for key in ("wall s", "compile s", "train s", "ms/step", "estimate ms", "loss"))
        print(f"{name}: {wrong or 'as the bill says'}, {'times' if times else 'no times'}")
        failures += bool(wrong) or not times
        # A device that there is not is a line of words.
        failures += "'none'" not in rows[name, "none"].get("refused", "")
    extras = [row for (name, _), row in rows.items() if name == "static+extras"]
    failures += not extras or not all("refused" in row or row["loss"] > 0 for row in extras)
    failures += done.returncode != 0

    for flags in (["--updates", "0"], ["--devices", "none"]):
        done = compare(tools, *flags)
        failures += done.returncode == 0
    print(f"{failures} failures")
    return bool(failures)


if __name__ == "__main__":
    sys.exit(main())
