#!/usr/bin/env python3
"""Each lint rule finds what it is for, and nothing in correct tests."""
import os
import sys
import tempfile

from lint import lint
from rule_tests import run_test_problems

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


# Rules of running devices want an expectation that breaks them and one that keeps them.
RULES = [("a-rule", "Run"), ("b-rule", "Both"), ("c-rule", "Compile")]
SHOWN = "  EXPECT_EQ(f(), 1); // keeps a-rule\n  EXPECT_EQ(\n    f(),\n    2); // breaks a-rule\n"
RULE_CASES = [
    (SHOWN + SHOWN.replace("a-rule", "b-rule"), []),
    (SHOWN, ["no test that breaks rule 'b-rule'", "no test that keeps rule 'b-rule'"]),
    (SHOWN + "\n" * 9 + "// breaks b-rule\n  EXPECT_TRUE(f()); // keeps b-rule, breaks c-rule\n",
     ["'breaks b-rule' is behind no expectation", "no test that breaks rule 'b-rule'"]),
]


def rule_failures():
    failures = 0
    for text, expected in RULE_CASES:
        with tempfile.TemporaryDirectory() as folder:
            tests = os.path.join(folder, "test/runtime/device")
            os.makedirs(tests)
            with open(os.path.join(tests, "ATest.cpp"), "w", encoding="utf-8") as file:
                file.write(text)
            found = [line.partition(": ")[2] for line in run_test_problems(folder, RULES)]
        if found != expected:
            failures += 1
            print(f"expected {expected}, found {found} in:\n{text}")
    return failures


def main():
    failures = rule_failures()
    for path, text, expected in CASES:
        found = [line.rsplit("[", 1)[1].rstrip("]") for line in lint(path, text)]
        if found != expected:
            failures += 1
            print(f"expected {expected}, found {found} in:\n{text[:400]}")
    print(f"lint rules: {len(CASES) + len(RULE_CASES)} cases, {failures} failures")
    return bool(failures)


if __name__ == "__main__":
    sys.exit(main())
