#!/usr/bin/env python3
"""Reads the repository for mistakes that no compiler reports.

    lint.py [FOLDER]        exit status 1 when a rule is broken

Rules: see RULES below; each says what is wrong and how to put it right.
"""
import os
import re
import subprocess
import sys

LIT_TESTS = (".mlir", ".ir", ".mil", ".test")
CODE = (".cpp", ".h", ".td", ".def", ".py", ".mlir", ".ir", ".mil", ".cmake", ".md",
        ".txt", ".json", ".sh")
MAX_LINES = 800
GENERATED = ("models/stories-train.txt", "models/stories-val.txt")
# Folders that exist on one machine only.
MACHINE_PATH = re.compile(r"(?:^|[^\w.])/(?:home|work|farm|root|Users)/\w")
DIRECTIVE = re.compile(r"(?://|#|;)\s*(CHECK(?:-(?:NEXT|SAME|DAG|NOT|EMPTY|LABEL|COUNT-\d+))?)"
                       r"(?:\s|$)")
FILE_CHECK = re.compile(r"(?://|#|;)\s*[A-Z][A-Z0-9_-]*-?CHECK[\w-]*:|(?://|#|;)\s*CHECK[\w-]*:")


def check_without_colon(path, lines):
    """FileCheck reads `CHECK foo` as a comment; write `CHECK: foo`."""
    if not path.startswith("test/") or not path.endswith(LIT_TESTS):
        return
    for number, line in enumerate(lines, 1):
        found = DIRECTIVE.search(line)
        if found:
            yield number, f"'{found[1]}' without a colon checks nothing"


def run_lines(lines):
    """Joined RUN lines as (number, command)."""
    command, first = "", 0
    for number, line in enumerate(lines, 1):
        found = re.search(r"RUN:\s*(.*)", line)
        if not found:
            continue
        first = first if command else number
        command += " " + found[1].rstrip("\\")
        if not found[1].endswith("\\"):
            yield first, command.strip()
            command = ""


def run_without_filecheck(path, lines):
    """A test with CHECK lines must give some output to FileCheck."""
    if not path.startswith("test/") or not path.endswith(LIT_TESTS):
        return
    commands = list(run_lines(lines))
    if not commands or not any(FILE_CHECK.search(line) for line in lines):
        return
    if not any("FileCheck" in command for _, command in commands):
        yield commands[0][0], "CHECK lines, but no RUN line calls FileCheck"
    for number, command in commands:
        pipes_nowhere = not re.search(r"FileCheck|-verify-diagnostics|\bdiff\b|\bcmp\b|"
                                      r"-o\s|>|\bnot\b|\brm\b|\bmkdir\b|split-file", command)
        if pipes_nowhere:
            yield number, "its output is neither checked nor kept"


def machine_path(path, lines):
    """A path of one machine; derive it from the repository or a flag."""
    for number, line in enumerate(lines, 1):
        found = MACHINE_PATH.search(line)
        if found:
            yield number, f"path of one machine: '{found[0].strip()}...'"


def too_long(path, lines):
    """Files stay below 800 lines; split by idea."""
    if len(lines) > MAX_LINES and path not in GENERATED:
        yield len(lines), f"{len(lines)} lines, at most {MAX_LINES}"


RULES = [check_without_colon, run_without_filecheck, machine_path, too_long]


def tracked_files(folder):
    listed = subprocess.run(["git", "-C", folder, "ls-files", "-co", "--exclude-standard"],
                            capture_output=True, text=True, check=False)
    if listed.returncode == 0:
        return listed.stdout.splitlines()
    return [os.path.relpath(os.path.join(where, name), folder)
            for where, _, names in os.walk(folder) for name in names]


def lint(path, text):
    lines = text.splitlines()
    for rule in RULES:
        for number, message in rule(path, lines):
            yield f"{path}:{number}: {message} [{rule.__name__.replace('_', '-')}]"


def main():
    here = os.path.dirname(os.path.abspath(__file__))
    folder = sys.argv[1] if len(sys.argv) > 1 else os.path.join(here, "..", "..")
    findings, files = [], 0
    for path in tracked_files(folder):
        full = os.path.join(folder, path)
        is_code = path.endswith(CODE) or os.path.basename(path) in ("check", "setup", "run")
        if not is_code or not os.path.isfile(full):
            continue
        files += 1
        with open(full, encoding="utf-8", errors="replace") as file:
            findings += lint(path, file.read())
    print("\n".join(findings + [f"lint: {files} files, {len(findings)} findings"]))
    return bool(findings)


if __name__ == "__main__":
    sys.exit(main())
