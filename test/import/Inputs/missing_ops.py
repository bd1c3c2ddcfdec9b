#!/usr/bin/env python3
"""Names the operators of the mil dialect that a test does not use.

    missing_ops.py MILOps.td TEST
"""
import re
import sys

with open(sys.argv[1], encoding="utf-8") as file:
    declared = set(re.findall(r'MIL_\w+<"(\w+)"', file.read()))
with open(sys.argv[2], encoding="utf-8") as file:
    used = set(re.findall(r"mil\.(\w+)", file.read()))
print(f"{len(declared)} operators, missing: {' '.join(sorted(declared - used)) or 'none'}")
