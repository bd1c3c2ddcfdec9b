#!/usr/bin/env python3
"""Records what each MIL operator computes, with PyTorch and NumPy in float64.

Writes cases/NAME.json, one file per group; --check compares with them instead.
Recorded with PyTorch 1.13 and NumPy 1.24.
"""
import json
import math
import pathlib
import sys

import constants
import elementwise
import images
import indexing
import movement
import products
import recorder
import recurrent
import reductions

FOLDER = pathlib.Path(__file__).with_name("cases")
GROUPS = (elementwise, reductions, products, movement, indexing, images,
          constants, recurrent)
# Other versions of the libraries add up in another order: the recorded twelve
# digits may differ in the last two.
AGREEMENT = 1e-10


def same(a, b):
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(same(a[k], b[k]) for k in a)
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, float) or isinstance(b, float):
        return math.isclose(a, b, rel_tol=AGREEMENT, abs_tol=AGREEMENT)
    return a == b


def check(path, lines):
    recorded = json.loads(path.read_text())
    made = [json.loads(line) for line in lines]
    if [c["name"] for c in made] != [c["name"] for c in recorded]:
        sys.exit(f"{path.name} has other cases")
    for case, other in zip(made, recorded):
        if not same(case, other):
            sys.exit(f"case '{case['name']}' is not what is recorded")
    print(f"{path.name}: {len(lines)} cases agree")


def main():
    seen = set()
    for group in GROUPS:
        recorder.CASES.clear()
        group.record_all()
        names = {case["name"] for case in recorder.CASES}
        if len(names) < len(recorder.CASES) or names & seen:
            sys.exit(f"two cases of {group.__name__} have one name")
        seen |= names
        lines = [json.dumps(case, separators=(",", ":"), allow_nan=False)
                 for case in recorder.CASES]
        path = FOLDER / f"{group.__name__}.json"
        if sys.argv[1:] == ["--check"]:
            check(path, lines)
        else:
            FOLDER.mkdir(exist_ok=True)
            path.write_text("[\n" + ",\n".join(lines) + "\n]\n")


if __name__ == "__main__":
    main()
