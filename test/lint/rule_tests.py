#!/usr/bin/env python3
"""Every rule of the table has a test that breaks it and one that keeps it.

    rule_tests.py [FOLDER]  exit status 1 when a row of AneConstraints.def has none

A rule that is checked on programs has test/target/ID.test with breaks.mil and
keeps.mil, and expects exactly its own id. Rules of running devices are tested
with the devices.
"""
import os
import re
import sys

ROW = re.compile(r'ANE_CONSTRAINT\(\s*\w+,\s*"([^"]+)",\s*(Compile|Run|Both)')


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def rows(folder):
    return ROW.findall(read(os.path.join(folder, "runtime/target/AneConstraints.def")))


def program_test_problems(folder, rule):
    path = f"test/target/{rule}.test"
    full = os.path.join(folder, path)
    if not os.path.isfile(full):
        yield f"{path}: missing, rule '{rule}' has no test"
        return
    text = read(full)
    for part in ("breaks.mil", "keeps.mil"):
        if f"//--- {part}" not in text or f"RUN: anec check %t/{part}" not in text.replace(
                "RUN: not ", "RUN: "):
            yield f"{path}: expects {part} and a RUN line that checks it"
    if not re.search(rf"^CHECK: (error|note): .*\[{re.escape(rule)}\]$", text, re.M):
        yield f"{path}: expects a CHECK line that ends in [{rule}]"
    if not re.search(r"^CHECK: .*(breaks 1 rule of target .* in 1 place|1 note)\{\{\$\}\}$",
                     text, re.M):
        yield f"{path}: expects that nothing else is broken"
    if not re.search(r"^KEEPS: .*keeps the rules of target '[^']*'\{\{\$\}\}$", text, re.M):
        yield f"{path}: expects that keeps.mil keeps every rule"


def problems(folder):
    table = rows(folder)
    if not table:
        yield "runtime/target/AneConstraints.def: no rows found"
    ids = {rule for rule, _ in table}
    for rule, phase in table:
        if phase != "Run":
            yield from program_test_problems(folder, rule)
    for name in sorted(os.listdir(os.path.join(folder, "test/target"))):
        if name.endswith(".test") and name[:-5] not in ids:
            yield f"test/target/{name}: no rule of this id"


def main():
    here = os.path.dirname(os.path.abspath(__file__))
    folder = sys.argv[1] if len(sys.argv) > 1 else os.path.join(here, "..", "..")
    found = list(problems(folder))
    print("\n".join(found + [f"rule-tests: {len(rows(folder))} rules, {len(found)} problems"]))
    return bool(found)


if __name__ == "__main__":
    sys.exit(main())
