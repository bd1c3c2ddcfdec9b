#!/usr/bin/env python3
"""The bill of `anec --report` against a count of our own, made of the MIL
signatures and plan.json alone, and against the counters of a run.

What is counted is defined in the report's documentation; nothing here shares
code with the runtime."""
import json
import os
import re
import subprocess
import sys
import tempfile

from tools_under_test import ROOT, arguments, train

MODELS = os.path.join(ROOT, "models")
HALF = 2  # bytes of an element on a surface
SINGLE = 4  # of an element in a host buffer
LAYOUT = {"reshape", "transpose", "slice_by_size", "slice_by_index", "concat",
          "split", "squeeze", "expand_dims", "identity", "tile"}

# Model and flags; each strategy at least once, large models without a run.
BUNDLES = [
    ("tiny-llama", []),
    ("tiny-llama", ["--weights=baked"]),
    ("tiny-llama", ["--weights=delta"]),
    ("tiny-llama", ["--target=m4"]),
    ("tiny-llama", ["--target=m4", "--weights=param"]),
    ("tiny-llama-gqa", ["--target=m4", "--weights=param",
                        "--weights-for=layers.*.feed_forward.*=packed"]),
    ("tiny-llama", ["--recompute=full"]),
    ("tiny-llama", ["--offload=none"]),
    ("tiny-llama", ["--offload=final-norm,norm-bwd"]),
    ("tiny-llama", ["--offload=extras"]),
    ("tiny-llama", ["--proven-only=T1"]),
    ("tiny-llama", ["--active-vocab=288", "--offload=classifier"]),
    ("tiny-llama", ["--offload=max"]),
    ("tiny-llama", ["--offload=max", "--target=m4", "--weights=param"]),
    ("tiny-llama", ["--offload=dw", "--target=m4", "--weights=baked"]),
    ("tiny-llama", ["--offload=max,optimizer", "--target=m4", "--weights=param"]),
    ("tiny-llama-gqa", []),
    ("tiny-llama-gqa", ["--recompute=full"]),
    ("stories110m", []),
    ("stories110m", ["--offload=extras", "--active-vocab=9205"]),
    ("stories110m", ["--offload=extras", "--target=m4"]),
    ("stories110m", ["--target=m4"]),
    ("stories110m", ["--target=m4", "--weights=param"]),
    ("stories110m", ["--target=m4", "--weights=param", "--offload=max", "--active-vocab=9205"]),
    ("stories110m", ["--target=m4", "--weights=param", "--offload=max,optimizer",
                     "--active-vocab=9205"]),
]
RUNS = 16  # the first so many are trained too
UPDATES, ACCUMULATION = 2, 3


def dims(text):
    return [int(d) for d in re.findall(r"\d+", text)]


def product(sizes):
    result = 1
    for size in sizes:
        result *= size
    return result


class Kernel:
    """One MIL text: operators, signature bytes, products."""

    def __init__(self, text, tokens):
        signature = re.search(r"func main<\w+>\((.*?)\)\s*\{", text, re.S).group(1)
        shapes = {name: dims(shape) for shape, name in
                  re.findall(r"tensor<fp16, \[([^\]]*)\]> (\w+)", signature)}
        self.input_bytes = sum(product(shape) * HALF for shape in shapes.values())
        self.ops = self.layout_ops = 0
        self.products = []  # (rows, summed, flops)
        self.gradients = 0  # flops of sums over tokens
        flags = dict(re.findall(r"bool (\w+) = const\(\)\[.*?val = bool\((\w+)\)", text))
        for shape, name, op, args in re.findall(
                r"tensor<fp16, \[([^\]]*)\]> (\w+) = (\w+)\((.*?)\)\[", text):
            shapes[name] = dims(shape)
            if op == "const":
                continue
            self.ops += 1
            self.layout_ops += op in LAYOUT
            values = dict(re.findall(r"(\w+) = (\w+)", args))
            if op == "matmul":
                x = shapes[values["x"]]
                summed = x[-2] if flags[values["transpose_x"]] == "true" else x[-1]
                rows = shapes[name][-2]
            elif op == "conv":
                rows, summed = shapes[values["weight"]][:2]
            else:
                continue
            flops = 2 * product(shapes[name]) * summed
            self.products.append((rows, summed, flops))
            # Weights stand on the left of their products, heads in axis 1.
            if (op == "matmul" and flags[values["transpose_y"]] == "true"
                    and shapes[name][1] == 1 and summed == tokens):
                self.gradients += flops
        outputs = re.search(r"\}\s*->\s*\((.*?)\)", text, re.S).group(1)
        self.output_bytes = sum(product(shapes[name.strip()]) * HALF
                                for name in outputs.split(","))
        self.flops = sum(flops for _, _, flops in self.products)


class Count:
    """The bill of updates of so many micro-steps."""

    def __init__(self, folder, accumulation):
        with open(os.path.join(folder, "plan.json"), encoding="utf-8") as file:
            self.plan = json.load(file)
        with open(os.path.join(folder, "params.json"), encoding="utf-8") as file:
            self.parameters = {p["name"]: p for p in json.load(file)["parameters"]}
        self.kernels = {}
        tokens = self.plan["batch"] * self.plan["sequence"]
        for kernel in self.plan["kernels"]:
            with open(os.path.join(folder, kernel["file"]), encoding="utf-8") as file:
                self.kernels[kernel["name"]] = Kernel(file.read(), tokens)
        self.surfaces = {s["name"]: s for s in self.plan["surfaces"]}
        self.dispatches = {name: 0 for name in self.kernels}
        self.written = self.read = self.staged = self.loads = self.patches = 0
        self.host = self.dw = self.classifier = self.recomputed = 0
        self.seen = {}  # ranges read since they were written
        self.vocabulary_surfaces = set()
        self.accumulation = accumulation
        self.walk("stage", self.stage)
        self.walk("train_step", self.step)
        adding = "accumulate_step" in self.plan["programs"]
        for _ in range(1, accumulation):
            self.walk("accumulate_step" if adding else "train_step", self.step)
        for last in ("finish_gradients", "update"):
            if last in self.plan["programs"]:
                self.walk(last, self.step)

    def walk(self, program, visit):
        for step in self.plan["programs"][program]["steps"]:
            if step["op"] != "for":
                visit(step, 0)
                continue
            rounds = range(step["count"])
            for i in reversed(rounds) if step["reverse"] else rounds:
                for inner in step["steps"]:
                    visit(inner, i)

    def shape(self, value):
        if "buffer" in value:
            shape = next(b for b in self.plan["buffers"] if b["name"] == value["buffer"])["shape"]
        else:
            shape = self.parameters[value.get("parameter") or value["gradient"]]["shape"]
            if self.is_vocabulary(value) and "active_rows" in self.plan:
                shape = [self.plan["active_rows"], *shape[1:]]
        open_size = self.plan.get("active_rows", self.plan["vocabulary"])
        return [open_size if size == "vocabulary" else size for size in shape]

    def is_vocabulary(self, value):
        """Whether the rows of a parameter are tokens, all or the active ones."""
        if "parameter" not in value:
            return False
        parameter = self.parameters[value["parameter"]]
        return parameter["vocabulary_rows"] or (
            len(parameter["shape"]) == 2 and parameter["shape"][0] == self.plan["vocabulary"])

    @staticmethod
    def index(ref, i):
        index = ref.get("index", 0)
        return i + int(index[2:] or 0) if isinstance(index, str) else index

    def region(self, ref):
        return next(r for r in self.surfaces[ref["surface"]]["regions"]
                    if r["name"] == ref["region"])

    def touch(self, ref, i, writes):
        region = self.region(ref)
        size = region["rows"] * region["columns"] * HALF
        surface = self.seen.setdefault((ref["surface"], self.index(ref, i)), set())
        if writes:
            self.written += size
            surface.discard(ref["region"])
        elif ref["region"] not in surface:
            self.read += size
            surface.add(ref["region"])

    def stage(self, step, _):
        if step["op"] == "load":
            self.patches += step["delta"]
            self.loads += not step["delta"]
        else:
            value = step
            if step["op"] == "stage":
                self.staged += product(self.shape(step)) * HALF
            else:  # written once, and updated by the device
                value = step["value"]
            if self.is_vocabulary(value):
                self.vocabulary_surfaces.add(step["to"]["surface"])

    def step(self, step, i):
        op = step["op"]
        if op in ("read", "copy"):
            self.touch(step["from"], i, writes=False)
        if op in ("write", "copy"):
            self.touch(step["to"], i, writes=True)
        if op == "dispatch":
            self.dispatch(step, i)
        if op == "host" and step["name"] in ("linear", "matmul"):
            self.host_product(step)

    def dispatch(self, step, i):
        self.dispatches[step["kernel"]] += 1
        for output in step["outputs"]:
            self.seen.pop((output["surface"], self.index(output, i)), None)
        description = next(k for k in self.plan["kernels"] if k["name"] == step["kernel"])
        self.recomputed += description["recomputed_flops"]
        kernel = self.kernels[step["kernel"]]
        self.dw += kernel.gradients
        if any(ref["surface"] in self.vocabulary_surfaces for ref in step["inputs"]):
            size = self.plan.get("active_rows", self.plan["vocabulary"])
            self.classifier += sum(flops for rows, summed, flops in kernel.products
                                   if size in (rows, summed)) - kernel.gradients

    def host_product(self, step):
        x, weight = (self.shape(value) for value in step["operands"])
        if len(weight) == 3:
            self.dw += 2 * product(x) * weight[2]
            self.host += 2 * product(x) * weight[2]
            return
        flops = 2 * product(weight) * x[0] * x[1]
        self.host += flops
        if any(self.is_vocabulary(value) for value in step["operands"]):
            self.classifier += flops

    def mean(self, total):
        """Of an update, what a micro-step has."""
        return total / self.accumulation

    def bill(self):
        kernels, mean = self.kernels.items(), self.mean
        ops = sum(k.ops for _, k in kernels)
        layout = sum(k.layout_ops for _, k in kernels)
        return {
            "kernels": [{"name": name, "ops": k.ops, "layout_ops": k.layout_ops,
                         "input_bytes": k.input_bytes, "output_bytes": k.output_bytes,
                         "dispatches": mean(self.dispatches[name])} for name, k in kernels],
            "accumulation": self.accumulation,
            "compiles": sum(k["instances"] for k in self.plan["kernels"]),
            "compiles_per_update": self.loads,
            "reloads_per_update": self.patches,
            "dispatches_per_micro_step": mean(sum(self.dispatches.values())),
            "surface_bytes_per_micro_step": {
                "host_written": mean(self.written), "host_read": mean(self.read),
                "device": mean(sum(self.dispatches[name] * (k.input_bytes + k.output_bytes)
                                   for name, k in kernels))},
            "staging_bytes_per_update": self.staged,
            "resident_surface_bytes": sum(
                s["channels"] * s["width"] * s["count"] * HALF for s in self.surfaces.values()),
            "resident_host_bytes": sum(
                product(self.shape({"buffer": b["name"]})) * b["count"] * SINGLE
                for b in self.plan["buffers"]),
            "layout_ops": layout,
            "layout_op_share": layout / ops,
            "flops_per_micro_step": {
                "device": mean(sum(self.dispatches[name] * k.flops for name, k in kernels)),
                "host": mean(self.host), "dw": mean(self.dw),
                "classifier": mean(self.classifier), "recomputed": mean(self.recomputed)},
            "parameters": sum(product(p["shape"]) * p["count"]
                              for p in self.parameters.values()),
        }


def unread(plan):
    """Results of kernels, and host values, that no program ever reads. A kernel
    that several programs share returns what any of them needs."""
    surfaces = {s["name"]: s for s in plan["surfaces"]}
    made, used = set(), set()

    def steps_of(program):
        steps, pending = [], [program["steps"]]
        while pending:
            for step in pending.pop():
                steps.append(step)
                pending.append(step.get("steps", []))
        return steps

    # What stays on the device until the update ends, and from one to the next.
    kept = set()
    for last in ("finish_gradients", "update"):
        for step in steps_of(plan["programs"].get(last, {"steps": []})):
            if "from" in step:
                kept.add((step["from"]["surface"], step["from"]["region"]))
            kept.update((s["surface"], r["name"]) for s in step.get("inputs", [])
                        for r in surfaces[s["surface"]]["regions"])
    for name, program in plan["programs"].items():
        steps, reads = steps_of(program), kept | {output["buffer"] for output in program["outputs"]}
        for step in steps:
            reads.update((s["surface"], r["name"]) for s in step.get("inputs", [])
                         for r in surfaces[s["surface"]]["regions"])
            if "from" in step:
                reads.add((step["from"]["surface"], step["from"]["region"]))
            reads.update(value.get("buffer") for value in step.get("operands", []))
            if step["op"] == "write":
                reads.add(step["value"].get("buffer"))
        for step in steps:
            results = [(step["kernel"], k, s["surface"], r["name"])
                       for k, s in enumerate(step.get("outputs", []))
                       for r in surfaces[s["surface"]]["regions"]]
            for kernel, k, surface, region in results:
                made.add((kernel, k, region))
                if (surface, region) in reads:
                    used.add((kernel, k, region))
            values = [*step.get("results", []), *([step["value"]] if step["op"] == "read" else [])]
            for buffer in {value.get("buffer") for value in values} - {None}:
                made.add((name, buffer))
                if buffer in reads:
                    used.add((name, buffer))
    return sorted(" ".join(map(str, each)) for each in made - used)


def compare(name, expected, found):
    problems = [f"{key}: {found.get(key)}, expected {value}"
                for key, value in expected.items() if found.get(key) != value]
    print(f"{name}: {'; '.join(problems) if problems else 'equal'}")
    return len(problems)


def counters(tools, bundle, out):
    """The counters of a run, in the words of the bill. The bill knows the whole
    vocabulary only, or the rows that a bundle was compiled for."""
    with open(os.path.join(bundle, "plan.json"), encoding="utf-8") as file:
        fixed = "active_rows" in json.load(file)
    train(tools, bundle, out, "--data", os.path.join(MODELS, "stories-val.txt"), "--steps",
          str(UPDATES), "--accum", str(ACCUMULATION), *([] if fixed else ["--no-compact"]))
    with open(os.path.join(out, "report.json"), encoding="utf-8") as file:
        report = json.load(file)
    return {key: report[key] for key in
            ("dispatches", "compiles", "reloads", "surface_bytes", "staging_bytes", "flops")}


def expected_counters(bill):
    steps = UPDATES * ACCUMULATION
    total = lambda mean: round(steps * mean, 6)  # of means that are no whole numbers
    return {
        "dispatches": total(bill["dispatches_per_micro_step"]),
        # Baked programs are compiled before the first update and after each.
        "compiles": bill["compiles"] + UPDATES * bill["compiles_per_update"],
        "reloads": UPDATES * bill["reloads_per_update"],
        "surface_bytes": {key: total(value)
                          for key, value in bill["surface_bytes_per_micro_step"].items()},
        "staging_bytes": UPDATES * bill["staging_bytes_per_update"],
        "flops": {key: total(bill["flops_per_micro_step"][key]) for key in ("device", "host")},
    }


def main():
    tools = arguments(__doc__.split("\n")[0]).parse_args().bin
    failures = 0
    with tempfile.TemporaryDirectory() as folder:
        for number, (model, flags) in enumerate(BUNDLES):
            bundle = os.path.join(folder, str(number))
            name = " ".join([model, *flags])
            text = subprocess.run(
                [os.path.join(tools, "anec"), os.path.join(MODELS, model + ".ir"), *flags,
                 f"--accum={ACCUMULATION}", "--report=json", "-o", bundle], check=True, stdout=subprocess.PIPE).stdout
            bill = json.loads(text)
            count = Count(bundle, ACCUMULATION)
            failures += compare(f"{name}, plan", count.bill(), bill)
            if ignored := unread(count.plan):
                print(f"{name}: nobody reads {', '.join(ignored)}")
                failures += 1
            if number < RUNS:
                failures += compare(f"{name}, run", expected_counters(bill),
                                    counters(tools, bundle, os.path.join(folder, f"r{number}")))
    return bool(failures)


if __name__ == "__main__":
    sys.exit(main())
