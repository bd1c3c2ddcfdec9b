#!/usr/bin/env python3
"""Each lint rule finds what it is for, and nothing in correct tests."""
import sys

from lint import lint

OK = """// RUN: anec-opt %s | FileCheck %s
// RUN: anec-opt %s -o %t
// CHECK-LABEL: func @checked
// CHECK-NEXT: add
"""
DIAGNOSTICS = """// RUN: anec-opt %s -verify-diagnostics
// expected-error@below {{CHECK is a word here}}
"""
CONTINUED = """// RUN: anec-opt %s \\
// RUN:   | FileCheck %s
// CHECK: a
"""
CASES = [
    ("test/a.mlir", OK, []),
    ("test/a.mlir", DIAGNOSTICS, []),
    ("test/a.mlir", CONTINUED, []),
    ("test/a.mlir", OK + "// CHECK add\n", ["check-without-colon"]),
    ("test/a.mlir", OK + "// CHECK-NEXT  add\n", ["check-without-colon"]),
    ("test/a.mlir", "// RUN: anec-opt %s -o %t\n// CHECK: a\n", ["run-without-filecheck"]),
    ("test/a.mlir", OK + "// RUN: anec-opt %s\n", ["run-without-filecheck"]),
    ("runtime/a.h", "// see /home" + "/me/notes\n", ["machine-path"]),
    ("runtime/a.h", "// see /usr/lib and some/work/item\n", []),
    ("runtime/a.h", "\n" * 801, ["too-long"]),
    ("runtime/a.h", "// CHECK is no directive here\n", []),
]


def main():
    failures = 0
    for path, text, expected in CASES:
        found = [line.rsplit("[", 1)[1].rstrip("]") for line in lint(path, text)]
        if found != expected:
            failures += 1
            print(f"expected {expected}, found {found} in:\n{text[:400]}")
    print(f"lint rules: {len(CASES)} cases, {failures} failures")
    return bool(failures)


if __name__ == "__main__":
    sys.exit(main())
