#!/usr/bin/env python3
"""`ane-run info --self-test --bundle` and `ane-run probe` on every device that there
is here: the CPU device, simulated ones, and the ane device over the stand-in. The
file that a user would attach to a report has what it says it has, and which rules
held follows from the table of the profile. Nothing here runs on an ANE."""
import json
import os
import re
import subprocess
import sys
import tempfile

from tools_under_test import ROOT, arguments, run

MODEL = os.path.join(ROOT, "models", "tiny-llama.ir")
BUNDLES = {
    "packed": [],
    "baked": ["--weights=baked"],
    "extras": ["--offload=extras", "--active-vocab=256"],
    "param": ["--weights=param", "--target=m4"],
}
STATUSES = {"good", "wrong", "refused"}
# Their forms have two or three inputs or outputs, which a limit above that keeps.
COUNTS = {"multi-in-order": 3, "multi-out-order": 2}
RULE = re.compile(r"^([a-z0-9-]+): .* \((off|noted|refused)(?:, (\d+) .*)?\)$", re.M)
PROBES = ("weight-reload", "qos-sweep", "dispatch-latency", "peak-conv-chain", "sram-sweep",
          "min-surface", "multi-input-order")


class Test:
    def __init__(self, tools, library, folder):
        self.tools, self.library, self.folder, self.failures = tools, library, folder, 0

    def inside(self, name):
        return os.path.join(self.folder, name)

    def ane_run(self, *words, faults=None):
        """Status, what was printed, and what went wrong in the stand-in's eyes."""
        books = self.inside("books.json")
        if os.path.exists(books):
            os.remove(books)
        environment = dict(os.environ, ANEC_ANE_LIBRARY=self.library, TMPDIR=self.folder,
                           ANEC_STANDIN=json.dumps(faults or {}), ANEC_STANDIN_REPORT=books)
        done = subprocess.run([os.path.join(self.tools, "ane-run"), *words], env=environment,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              check=False)
        complaints = []
        if os.path.exists(books):
            with open(books, encoding="utf-8") as file:
                found = json.load(file)
            complaints = found["violations"] + [f"left: {name}" for name in found["alive"]]
        return done.returncode, done.stdout, complaints

    def say(self, name, problems):
        self.failures += bool(problems)
        print(f"{name}: {'; '.join(problems) if problems else 'good'}", flush=True)

    def rules(self, target):
        """Each rule's level and number in a profile, as anec prints the table."""
        text = run([os.path.join(self.tools, "anec"), "check", "--rules", f"--target={target}"])
        return {rule: (level, int(value) if value else None)
                for rule, level, value in RULE.findall(text)}

    def self_test(self, device, bundle, faults=None, flags=()):
        out = self.inside(f"{device}-{bundle}.json".replace(":", "-"))
        if os.path.exists(out):
            os.remove(out)
        status, text, complaints = self.ane_run(
            "info", "--self-test", "--device", device, "--bundle", self.inside(bundle), "--out",
            out, *flags, faults=faults)
        if not os.path.exists(out):
            return status, None, [f"no file; {text}"]
        with open(out, encoding="utf-8") as file:
            return status, json.load(file), complaints

    def check_report(self, device, bundle):
        name = f"self-test of {bundle} on {device}"
        status, found, problems = self.self_test(device, bundle)
        if found is None:
            return self.say(name, problems)
        problems += schema_problems(found)
        with open(os.path.join(self.inside(bundle), "plan.json"), encoding="utf-8") as file:
            plan = json.load(file)
        kernels = [kernel["name"] for kernel in plan["kernels"]]
        if [kernel["name"] for kernel in found["bundle"]["kernels"]] != kernels:
            problems.append(f"kernels {found['bundle']['kernels']}, expected {kernels}")
        bad = [entry for entry in found["bundle"]["kernels"] if entry["status"] != "good"]
        if status != 0 or bad or found["failures"] != 0:
            problems.append(f"status {status}, {found['failures']} failures, {bad}")
        if found["machine"]["device"] != device or (device == "ane") != (
                "engine" in found["machine"]):
            problems.append(f"machine {found['machine']}")
        known = self.rules("strict")
        problems += [f"there is no rule '{rule}'" for rule in found["rules"] if rule not in known]
        problems += self.verdict_problems(device, found)
        return self.say(name, problems)

    def verdict_problems(self, device, found):
        """A form that breaks a rule fails exactly where the profile has the rule: the
        CPU, and the stand-in over it, have none."""
        breaking = {form["rule"] for form in found["forms"] if not form["keeps_rule"]}
        if len(breaking) < 15:
            yield f"only {sorted(breaking)} are broken"
        profile = self.rules(device[4:]) if device.startswith("sim:") else {}
        for rule, verdict in found["rules"].items():
            level, value = profile.get(rule, ("off", None))
            expected = rule not in breaking or (
                level == "refused" and not (rule in COUNTS and value >= COUNTS[rule]))
            if verdict["held"] != expected:
                yield f"rule {rule} is {level}, but held: {verdict['held']}"

    def check_failures(self):
        """A kernel that fails, or computes something else, is found and named."""
        status, found, problems = self.self_test(
            "sim:m4", "packed", flags=["--fault", "silent-zeros,kernel=layer_bwd"])
        kernels = {entry["name"]: entry for entry in found["bundle"]["kernels"]}
        if status != 1 or found["failures"] != 1 or kernels["layer_fwd"]["status"] != "good" or (
                "only zeros" not in kernels["layer_bwd"].get("message", "")):
            problems.append(f"status {status}, {kernels}")
        self.say("a kernel that returns zeros", problems)
        status, found, problems = self.self_test("ane", "packed", faults={"attributes": "stride"})
        messages = {entry.get("message", "")[-60:] for entry in found["bundle"]["kernels"]}
        if status != 1 or found["failures"] < 30 or not all(
                "io-strides-query" in message for message in messages):
            problems.append(f"status {status}, {found['failures']} failures, {messages}")
        self.say("an engine with other strides", problems)
        status, found, problems = self.self_test("ane", "baked", faults={"uniformSizes": True})
        if status != 0:
            problems.append(f"status {status}")
        self.say("an engine that wants equal sizes", problems)

    def check_refusals(self):
        for name, status, words in (
                ("no such bundle", 2, ["info", "--self-test", "--bundle", self.inside("none"),
                                       "--out", self.inside("none.json")]),
                ("a file that is there", 2, ["info", "--self-test", "--out",
                                             self.inside("cpu-packed.json")]),
                ("no such device", 2, ["info", "--self-test", "--device", "gpu", "--out",
                                       self.inside("none.json")]),
                ("no such probe", 2, ["probe", "speed"])):
            found, text, _ = self.ane_run(*words)
            problems = []
            if found != status or text.count("\n") != 1 or os.path.exists(
                    self.inside("none.json")):
                problems.append(f"exit status {found}: {text!r}")
            if name == "no such probe" and not all(probe in text for probe in PROBES):
                problems.append(f"expected the names of all probes in {text!r}")
            self.say(name, problems)

    def check_probes(self, device):
        for probe in PROBES:
            status, text, problems = self.ane_run("probe", probe, "--quick", "--device", device)
            if status != 0 or not text.startswith(probe + ": ") or text.count("\n") < 2:
                problems.append(f"exit status {status}: {text!r}")
            self.say(f"probe {probe} on {device}", problems)


def entry_problems(place, entry):
    """One kernel's outcome."""
    if entry.get("status") not in STATUSES or not entry.get("name"):
        yield f"{place}: {entry}"
    elif entry["status"] == "refused":
        if not entry.get("message") or "\n" in entry["message"]:
            yield f"{place}: expected a message of one line in {entry}"
    elif not entry["ms"] >= 0 or not entry["tolerance"] > 0 or not (
            entry["error"] is None or entry["error"] >= 0):
        yield f"{place}: {entry}"
    elif (entry["status"] == "good") != (
            entry["error"] is not None and entry["error"] <= entry["tolerance"]):
        yield f"{place}: status and error disagree in {entry}"


def schema_problems(found):
    members = {"bundle", "forms", "rules", "operators_without_form", "failures", "machine",
               "notes"}
    if set(found) != members:
        yield f"members {sorted(found)}, expected {sorted(members)}"
        return
    if set(found["bundle"]) != {"model", "digest", "kernels"} or not re.fullmatch(
            "[0-9a-f]{64}", found["bundle"]["digest"]):
        yield f"bundle {found['bundle']}"
    for entry in found["bundle"]["kernels"]:
        yield from entry_problems("kernel", entry)
    names = [form["name"] for form in found["forms"]]
    if len(names) < 45 or len(set(names)) != len(names):
        yield f"forms {names}"
    for form in found["forms"]:
        yield from entry_problems("form", form)
        if not isinstance(form["keeps_rule"], bool) or (
                form["rule"] is not None and form["name"] not in
                found["rules"][form["rule"]]["forms"]):
            yield f"form {form} is not among those of its rule"
    for rule, verdict in found["rules"].items():
        if set(verdict) != {"held", "forms"} or not verdict["forms"] or not set(
                verdict["forms"]) <= set(names):
            yield f"rule {rule}: {verdict}"
    if found["operators_without_form"]:
        yield f"no small kernel for {found['operators_without_form']}, which the bundle has"
    if not {"device", "system", "release", "architecture", "threads", "bundle_format"} <= set(
            found["machine"]):
        yield f"machine {found['machine']}"
    if re.search(r"/home|/Users|/tmp", json.dumps(found)):
        yield "a path of this machine is in the file"


def main():
    parser = arguments(__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--library", required=True, help="the stand-in")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        test = Test(options.bin, options.library, folder)
        for name, flags in BUNDLES.items():
            run([os.path.join(options.bin, "anec"), MODEL, "-o", test.inside(name), *flags])
        for device in ("cpu", "sim:m4", "sim:strict", "ane"):
            for bundle in BUNDLES:
                if not (device == "sim:strict" and bundle == "param"):
                    test.check_report(device, bundle)
        test.check_failures()
        test.check_refusals()
        for device in ("sim:m4", "ane"):
            test.check_probes(device)
        return bool(test.failures)


if __name__ == "__main__":
    sys.exit(main())
