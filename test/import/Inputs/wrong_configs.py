"""Gives `anec import` wrong files, one wrong field each, and compares messages.

    wrong_configs.py ANEC CONFIGS FOLDER
"""
import json
import os
import struct
import subprocess
import sys

ANEC, CONFIGS, FOLDER = sys.argv[1:]
GOOD = json.load(open(os.path.join(CONFIGS, "smollm-135m.json"), encoding="utf-8"))
SIZES = [64, 128, 2, 4, 2, 32, 256]


def with_fields(**fields):
    return json.dumps({**GOOD, **fields})


def without(name):
    return json.dumps({key: value for key, value in GOOD.items() if key != name})


def published(name):
    return open(os.path.join(CONFIGS, name), encoding="utf-8").read()


def header(index, value):
    sizes = list(SIZES)
    sizes[index] = value
    return struct.pack("<7i", *sizes)


CASES = [
    (published("qwen2-0.5b.json"), "'model_type' to be \"llama\", since other architectures have"
     " biases, norms or layers of their own, but got \"qwen2\""),
    (published("llama-3.2-1b.json"), "'rope_scaling' to be null or of rope_type \"default\", but"
     " got {\"factor\":32"),
    (without("model_type"), "'model_type' to be \"llama\", but got none"),
    (without("hidden_size"), "'hidden_size' to be an integer from 1 to 131072, but got none"),
    (with_fields(hidden_size=0), "'hidden_size' to be an integer from 1 to 131072, but got 0"),
    (with_fields(hidden_size=-576), "'hidden_size' to be an integer from 1 to 131072, but got -576"),
    (with_fields(hidden_size="576"), "'hidden_size' to be an integer from 1 to 131072, but got"
     " \"576\""),
    (with_fields(intermediate_size=0.5), "'intermediate_size' to be an integer from 1"),
    (with_fields(num_hidden_layers=5000), "'num_hidden_layers' to be an integer from 1 to 4096"),
    (with_fields(num_attention_heads=7), "'num_attention_heads' to be a divisor of hidden_size 576,"
     " but got 7"),
    (with_fields(num_key_value_heads=2), "key and value heads to divide 9 heads, but got 2"),
    (with_fields(head_dim=33), "an even size of heads, but got 33"),
    (with_fields(vocab_size=2 ** 40), "'vocab_size' to be an integer from 1 to 16777216"),
    (with_fields(max_position_embeddings=[2048]), "'max_position_embeddings' to be an integer"),
    (with_fields(rms_norm_eps=0), "'rms_norm_eps' to be a number above 0, but got 0"),
    (with_fields(rope_theta="big"), "'rope_theta' to be a number above 0, but got \"big\""),
    (with_fields(rope_parameters={"rope_type": "default", "rope_theta": -1}),
     "'rope_theta' to be a number above 0, but got -1"),
    (with_fields(tie_word_embeddings=1), "'tie_word_embeddings' to be true or false, but got 1"),
    (with_fields(hidden_act="gelu"), "'hidden_act' to be \"silu\", since its feed-forward is"
     " SwiGLU, but got \"gelu\""),
    (with_fields(attention_bias=True), "'attention_bias' to be false, since linear maps have no"
     " bias here, but got true"),
    (with_fields(mlp_bias=True), "'mlp_bias' to be false"),
    (with_fields(attention_dropout=0.1), "'attention_dropout' to be 0, since there is no dropout"),
    ("[1, 2]", "a JSON object, but got [1,2]"),
    ("{\"hidden_size\": }", "JSON or a llama2.c header: [1:17"),
    (b"", "JSON or a llama2.c header"),
    (header(0, 65), "n_heads to divide dim 65, but got 4"),
    (header(2, -1), "n_layers of llama2.c's header to be from 1 to 4096, but got -1"),
    (struct.pack("<7i", *SIZES)[:20], "a llama2.c header of 28 bytes, but got 20"),
    (struct.pack("<I8iB", 0x616b3432, 9, *SIZES, 1), "version 1 or 2 of llama2.c's format, but"
     " got 9"),
]


def main():
    failures = 0
    for number, (content, expected) in enumerate(CASES):
        path = os.path.join(FOLDER, str(number) + (".json" if isinstance(content, str) else ".bin"))
        with open(path, "wb") as file:
            file.write(content.encode() if isinstance(content, str) else content)
        out = os.path.join(FOLDER, f"{number}.ir")
        done = subprocess.run([ANEC, "import", path, "-o", out], stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True, check=False)
        lines = done.stderr.splitlines()
        if (done.returncode != 2 or len(lines) != 1 or expected not in lines[0]
                or path not in lines[0] or os.path.exists(out)):
            failures += 1
            print(f"case {number}: exit status {done.returncode}, expected '{expected}', got"
                  f" {lines}")
    if not failures:
        print(f"{len(CASES)} refused, each with one line, nothing written")
    return failures


if __name__ == "__main__":
    sys.exit(main())
