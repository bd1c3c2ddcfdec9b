#!/usr/bin/env python3
"""What anec and ane-run refuse: one clear line, the right exit status, and
nothing left half-written."""
import array
import os
import shutil
import subprocess
import sys
import tempfile

from tools_under_test import ROOT, arguments, compile_model

MODEL = """!x = tensor<2x32x64xf32>
!w = tensor<64x64xf32>
nn.model @toy {
  nn.func private @layer(%x: !x) -> !x {
    %w = nn.param "wq.weight" init(normal, 0.02) : !w
    %h = nn.linear %x, %w : !x, !w
    %y = nn.add %x, %h : !x, !x
    nn.return %y : !x
  }
  nn.func @loss(%x: !x {nn.role = "data"}, %t: !x {nn.role = "targets"}) -> tensor<f32> {
    %y = nn.repeat @layer, 2 (%x) {name = "layers"} : !x
    %l = nn.mse %y, %t : !x, !x
    nn.return %l : tensor<f32>
  }
}
"""
# What is replaced in MODEL by what, and what the message must contain.
BAD_MODELS = {
    "an op that does not exist":
        ("nn.add %x, %h : !x, !x", "nn.sum %x, %h : !x, !x", ["nn.sum"]),
    "shapes that do not fit":
        ("!w = tensor<64x64xf32>", "!w = tensor<64x32xf32>", ["32", "64", "linear"]),
    "a parameter of two shapes":
        ("    nn.return %y : !x\n  }\n  nn.func @loss",
         '    %v = nn.param "wq.weight" init(normal, 0.02) : tensor<64xf32>\n'
         "    %z = nn.mul %y, %v : !x, tensor<64xf32>\n"
         "    nn.return %z : !x\n  }\n  nn.func @loss", ["wq.weight"]),
    "a cycle of blocks":
        ("    %y = nn.add %x, %h : !x, !x\n",
         '    %y = nn.repeat @layer, 2 (%h) {name = "again"} : !x\n', ["layer"]),
    "a missing gradient rule":
        ("nn.add %x, %h : !x, !x", "nn.softmax_grad %x, %h : !x", ["softmax_grad"]),
    "text that is not a model": (MODEL, "this is not a model\n", [":1:"]),
}


class Checker:
    def __init__(self, tools):
        self.tools, self.cases, self.failures = tools, 0, 0

    def refuses(self, what, command, expected, status=2, absent=()):
        """`command` must fail with `status`, name `expected` and leave none of
        the paths `absent`."""
        self.cases += 1
        command = [os.path.join(self.tools, command[0]), *command[1:]]
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        problems = []
        if done.returncode != status:
            problems.append(f"exit status {done.returncode}, expected {status}")
        problems += [f"no '{text}' in the message" for text in expected if text not in done.stderr]
        if done.stderr.count("error:") > 1:
            problems.append("more than one error")
        problems += [f"left {path}" for path in absent if os.path.lexists(path)]
        if problems:
            self.failures += 1
            print(f"{what}: {'; '.join(problems)}\n  {' '.join(command)}\n{done.stderr}")


def check_models(checker, folder):
    path, out = os.path.join(folder, "model.ir"), os.path.join(folder, "out")
    for what, (old, new, expected) in BAD_MODELS.items():
        assert old in MODEL, what
        with open(path, "w", encoding="utf-8") as file:
            file.write(MODEL.replace(old, new))
        checker.refuses(what, ["anec", path, "-o", out], ["error:"] + expected, absent=[out])


def check_anec_usage(checker, folder):
    path, out = os.path.join(folder, "good.ir"), os.path.join(folder, "out")
    with open(path, "w", encoding="utf-8") as file:
        file.write(MODEL)
    checker.refuses("a model file that is missing", ["anec", path + "x", "-o", out],
                    ["good.irx"], absent=[out])
    checker.refuses("an unknown flag", ["anec", path, "-o", out, "--fast"], ["--fast"],
                    absent=[out])
    checker.refuses("an unknown strategy", ["anec", path, "-o", out, "--weights=boxed"],
                    ["boxed"], absent=[out])
    checker.refuses("an output below a file", ["anec", path, "-o", os.path.join(path, "out")],
                    ["good.ir"])
    theirs = os.path.join(folder, "theirs")
    os.mkdir(theirs)
    with open(os.path.join(theirs, "diary.txt"), "w", encoding="utf-8") as file:
        file.write("mine\n")
    checker.refuses("a folder of other files", ["anec", path, "-o", theirs], ["theirs"])
    if os.listdir(theirs) != ["diary.txt"]:
        checker.failures += 1
        print("a folder of other files was changed")


def check_texts(checker, folder):
    """`anec check` on MIL: 1 for broken rules, 2 for what is not a program."""
    path = os.path.join(folder, "program.mil")
    for what, op, expected, status in [
            ("a program that breaks a rule", "neg(x = x)", "[op-neg]", 1),
            ("a program with a type error", "add(x = x)", ":3:2: error: 'add'", 2),
            ("a program that ends too soon", "add(x = x", "expected ',', found '['", 2)]:
        with open(path, "w", encoding="utf-8") as file:
            file.write('program(1.3)[buildInfo = dict<string, string>({{"coremlc-version", '
                       '"3505.4.1"}})]\n'
                       "{ func main<ios18>(tensor<fp16, [1, 64, 1, 512]> x) {\n"
                       f' tensor<fp16, [1, 64, 1, 512]> y = {op}[name = string("y")];\n'
                       " } -> (y); }\n")
        checker.refuses(what, ["anec", "check", path], [expected], status=status)
    checker.refuses("a program that is missing", ["anec", "check", path + "x"], ["program.milx"])


def edited(bundle, folder, name, edit):
    """A copy of the bundle in which edit(path) changed the file `name`."""
    copy = os.path.join(folder, "edited")
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(bundle, copy)
    edit(os.path.join(copy, name))
    return copy


def cut_in_half(path):
    os.truncate(path, os.path.getsize(path) // 2)


def first_file(bundle, extension):
    return min(os.path.relpath(os.path.join(where, name), bundle)
               for where, _, names in os.walk(bundle) for name in names
               if name.endswith(extension))


def check_bundles(checker, bundle, folder):
    run = os.path.join(folder, "run")
    data = os.path.join(ROOT, "models", "stories-val.txt")
    for what, name, edit in [
            ("a plan cut short", "plan.json", cut_in_half),
            ("a parameter table cut short", "params.json", cut_in_half),
            ("a kernel cut short", first_file(bundle, ".mil"), cut_in_half),
            ("a blob of the wrong size", first_file(bundle, ".bin"), cut_in_half),
            ("a kernel that is missing", first_file(bundle, ".mil"), os.remove)]:
        broken = edited(bundle, folder, name, edit)
        checker.refuses(what, ["ane-run", "train", broken, "--data", data, "--steps", "1",
                               "--out", run], [os.path.basename(name)], absent=[run])
    checker.refuses("a bundle that is missing",
                    ["ane-run", "train", bundle + "x", "--data", data, "--steps", "1",
                     "--out", run], ["bundlex"], absent=[run])


def write_ids(path, ids):
    with open(path, "wb") as file:
        array.array("H", ids).tofile(file)
    return path


def check_training(checker, bundle, folder):
    run, data = os.path.join(folder, "run"), os.path.join(ROOT, "models", "stories-val.txt")

    def train(what, expected, *flags, **options):
        options.setdefault("absent", [run])
        checker.refuses(what, ["ane-run", "train", bundle, "--steps", "1", *flags], expected,
                        **options)

    outside = write_ids(os.path.join(folder, "outside.bin"), [1, 2, 40000] * 500)
    train("token ids outside the vocabulary", ["outside.bin", "40000", "287"],
          "--data", outside, "--out", run)
    short = write_ids(os.path.join(folder, "short.bin"), [1, 2, 3])
    train("data shorter than one sequence", ["short.bin", "3", "129"],
          "--data", short, "--out", run)
    train("data that is missing", ["none.txt"], "--data", "none.txt", "--out", run)
    train("an unknown flag", ["--speed"], "--data", data, "--out", run, "--speed", "2")
    train("an impossible value", ["--accum"], "--data", data, "--out", run, "--accum", "0")
    train("a device that does not exist", ["tpu"], "--data", data, "--out", run,
          "--device", "tpu")
    train("a run below a file", ["short.bin"], "--data", data,
          "--out", os.path.join(short, "run"), status=1)
    os.mkdir(run)
    train("a run that exists", [run], "--data", data, "--out", run, absent=[])
    checker.refuses("a checkpoint that is missing",
                    ["ane-run", "generate", bundle, "--checkpoint", run, "--prompt", "a"], [run])


def main():
    options = arguments(__doc__.split("\n")[0]).parse_args()
    checker = Checker(options.bin)
    with tempfile.TemporaryDirectory() as folder:
        check_models(checker, folder)
        check_anec_usage(checker, folder)
        check_texts(checker, folder)
        bundle = compile_model(options.bin, os.path.join(ROOT, "models", "tiny-llama.ir"), folder)
        check_bundles(checker, bundle, folder)
        check_training(checker, bundle, folder)
    print(f"refusals: {checker.cases} cases, {checker.failures} failures")
    return bool(checker.failures)


if __name__ == "__main__":
    sys.exit(main())
