#!/usr/bin/env python3
"""The README's table of ops, read from the sources, so that it stays true.

    op_table.py            exit status 1 when the README says something else
    op_table.py --write    puts the table into the README

verified   test/dialect/NN/<op>-invalid.mlir shows what the op refuses
gradient   the op has a buildVJP
mil        compiler/Conversion lowers it, or a pass replaces it before
cpu        host: a host op of the runtime; device: its MIL on the CPU device
"""
import glob
import os
import re
import sys

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))
README = os.path.join(ROOT, "README.md")
BEGIN, END = "<!-- ops: test/lint/op_table.py --write -->\n", "<!-- end of ops -->"
COMPUTE = ("NN_ComputeOp", "NN_HostOp", "NN_DeviceOp", "NN_UnaryOp", "NN_BinaryOp", "NN_HeadOp",
           "NN_ShapeOp")


def read(*patterns):
    text = ""
    for pattern in patterns:
        for path in sorted(glob.glob(os.path.join(ROOT, pattern))):
            with open(path, encoding="utf-8") as file:
                text += file.read()
    return text


def rows():
    gradients = set(re.findall(r"(\w+)::buildVJP", read("dialect/NN/*.cpp")))
    lowered = set(re.findall(r"nn::(\w+Op)\b", read("compiler/Conversion/Lower*.cpp")))
    split = set(re.findall(r"\b(\w+Op)\b", read("compiler/Transforms/NNSplitCausalMask.cpp",
                                                 "compiler/Transforms/NNGroupHeads.cpp")))
    host = set(re.findall(r'\{"(\w+)", call', read("runtime/host/*Ops.cpp")))
    definition = re.compile(r'def NN_(\w+Op) : (NN_\w+)<"(\w+)"')
    for name, base, mnemonic in sorted(definition.findall(read("dialect/NN/*.td")),
                                       key=lambda found: found[2]):
        if base not in COMPUTE:
            continue
        verified = os.path.exists(os.path.join(ROOT, "test/dialect/NN", mnemonic + "-invalid.mlir"))
        device = "yes" if name in lowered else ""
        if not device and base == "NN_DeviceOp" and name in split:
            device = "split before"
        cpu = ["host"] * (mnemonic in host) + ["device"] * bool(device)
        yield [f"`{mnemonic}`", "yes" if verified else "", "yes" if name in gradients else "",
               device, ", ".join(cpu)]


def table():
    lines = ["| op | verified | gradient | mil | cpu |", "|---|---|---|---|---|"]
    lines += ["| " + " | ".join(row) + " |" for row in rows()]
    return BEGIN + re.sub(" +\\|", " |", "\n".join(lines)) + "\n" + END


def main():
    with open(README, encoding="utf-8") as file:
        text = file.read()
    begin, end = text.find(BEGIN), text.find(END)
    if begin < 0 or end < 0:
        sys.exit("README.md has no place for the table of ops")
    new = text[:begin] + table() + text[end + len(END):]
    if sys.argv[1:] == ["--write"]:
        with open(README, "w", encoding="utf-8") as file:
            file.write(new)
    elif new != text:
        sys.exit("README.md: the table of ops is not that of the sources; run"
                 " test/lint/op_table.py --write")
    print(f"op table: {table().count(chr(10)) - 3} ops")
    return 0


if __name__ == "__main__":
    sys.exit(main())
