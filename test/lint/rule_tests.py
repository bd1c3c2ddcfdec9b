#!/usr/bin/env python3
"""Every rule of the table has a test that breaks it and one that keeps it.

    rule_tests.py [FOLDER]  exit status 1 when a row of AneConstraints.def has none

A rule that is checked on programs has test/target/ID.test with breaks.mil and
keeps.mil, and expects exactly its own id. A rule of running devices, also one
that is checked on programs too, is shown by the devices' tests: by an expectation
with the words "breaks ID" behind it, in a comment, and one with "keeps ID".
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


# What ends an expectation, and in how many lines before a label it begins.
EXPECTATION = re.compile(r"\b(EXPECT|ASSERT)_[A-Z]+\(|\bexpect\(")
NEAR = 6
LABEL = re.compile(r"\b(breaks|keeps) ([a-z0-9-]+)")
DEVICE_TESTS = ("test/runtime/device", "test/conformance")


def labels(folder):
    """(breaks or keeps, rule, place, whether it is behind an expectation)."""
    for tests in DEVICE_TESTS:
        for path, _, names in sorted(os.walk(os.path.join(folder, tests))):
            for name in sorted(name for name in names if name.endswith(".cpp")):
                lines = read(os.path.join(path, name)).split("\n")
                for i, line in enumerate(lines):
                    comment = line.partition("//")[2]
                    near = "\n".join(lines[max(0, i - NEAR):i + 1])
                    for kind, rule in LABEL.findall(comment):
                        yield kind, rule, f"{tests}/.../{name}:{i + 1}", bool(
                            EXPECTATION.search(near))


def run_test_problems(folder, table):
    ids = {rule for rule, _ in table}
    shown = set()
    for kind, rule, place, is_expected in labels(folder):
        if rule in ids and not is_expected:
            yield f"{place}: '{kind} {rule}' is behind no expectation"
        elif rule in ids:
            shown.add((kind, rule))
    for rule, phase in table:
        for kind in ("breaks", "keeps"):
            if phase != "Compile" and (kind, rule) not in shown:
                yield f"test/runtime/device: no test that {kind} rule '{rule}'"


def problems(folder):
    table = rows(folder)
    if not table:
        yield "runtime/target/AneConstraints.def: no rows found"
    ids = {rule for rule, _ in table}
    for rule, phase in table:
        if phase != "Run":
            yield from program_test_problems(folder, rule)
    yield from run_test_problems(folder, table)
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
