#!/usr/bin/env python3
"""Where a training step spends its time on the CPU device, as text.

    profile.py BUNDLE [--bin build/bin] [ane-run flags...]

Runs `ane-run bench` under Linux `perf`, leaves the start-up out, and prints the
share of samples in each kind of code: products (inner kernel, packing, storing),
rows, threads without work, and the rest. Needs perf and permission to sample."""
import argparse
import os
import re
import subprocess
import sys
import tempfile

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))
# Start-up of the largest model here, left out of the samples.
STARTUP_MS = 6000

# The first pattern that a symbol matches names its kind.
KINDS = [
    ("product: inner kernel", r"tileOfRows|tileFunction|namespace\)::tile<"),
    ("product: packing and widening",
     r"pack(Float|Double|Copying|Transposing|Halves|Piece|Widened|Alone|From|Group|Steps)"
     r"|gemm_detail.*::pack<|copyRows|packA"
     r"|usedTerms|areZero|[Ff]inite|\bwiden\b|PackedMatrix"),
    ("product: storing and blocks",
     r"storeElements|finishRows|gemm_detail.*::finish$|Product<|addTo<"),
    ("rows: element-wise, softmax, sums",
     r"unaryRow|binaryRow|ternaryRow|namespace\)::row<|RowGroup|RowProgram|foldRow"
     r"|(sum|max)Of<|narrow|loadRow|storeRow|softmax|Reducer|cpu.*::repeat<"
     r"|half(Magnitudes|Sums)|addHalves|foldMagnitudes"),
    ("host operations",
     r"rmsNorm|inverseRms|crossEntropy|embedding|adam|Columns|silu|columnsOf"
     r"|scaled<|products<|scaleRow|readRows"),
    ("threads without work", r"ThreadPool"),
    ("kernel: pages, scheduling, copies",
     r"^_?_?(raw|clear_page|do_|handle|finish_task|mem|copy|page|exc_|asm_|"
     r"sysvec|irq|native|pte|folio|get_page|rcu|charge|lru|error_entry)"),
]


def kind_of(symbol):
    for name, pattern in KINDS:
        if re.search(pattern, symbol):
            return name
    return "rest"


def record(command, data):
    """What the command printed."""
    perf = ["perf", "record", "-q", "-F", "1500", "-e", "cpu-clock", "-D",
            str(STARTUP_MS), "-o", data]
    done = subprocess.run(perf + ["--"] + command, check=True, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    return done.stdout


def samples(data):
    """(share in per cent, symbol) of every symbol."""
    report = subprocess.run(
        ["perf", "report", "-i", data, "--no-children", "--stdio", "-F",
         "overhead,sym"], check=True, text=True, stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL).stdout
    for line in report.splitlines():
        found = re.match(r"\s*([\d.]+)%\s+\[[.k]\]\s+(.*)", line)
        if found:
            yield float(found[1]), found[2].strip()


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("bundle")
    parser.add_argument("--bin", default=os.path.join(ROOT, "build", "bin"))
    options, flags = parser.parse_known_args()
    command = [os.path.join(options.bin, "ane-run"), "bench", options.bundle, "--steps",
               "20"] + flags
    with tempfile.TemporaryDirectory() as folder:
        data = os.path.join(folder, "perf.data")
        printed = record(command, data)
        rows = list(samples(data))
    shares = {}
    for share, symbol in rows:
        shares[kind_of(symbol)] = shares.get(kind_of(symbol), 0) + share
    total = sum(shares.values())
    print(" ".join(["ane-run bench", os.path.basename(options.bundle)] + flags) + "\n")
    print(printed)
    print("samples of all threads, start-up left out")
    for name in [name for name, _ in KINDS] + ["rest"]:
        print("  %-36s %5.1f %%" % (name, 100 * shares.get(name, 0) / total))
    print("\nthe twenty hottest symbols")
    for share, symbol in rows[:20]:
        print("  %5.1f %%  %s" % (100 * share / total, symbol[:60]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
