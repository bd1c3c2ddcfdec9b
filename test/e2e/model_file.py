"""The few numbers of a llama model file that its weights do not tell."""
import re


def read(path):
    """{batch, sequence, heads, kv_heads, eps, theta} of models/*.ir."""
    with open(path, encoding="utf-8") as file:
        text = file.read()

    def number(pattern, convert=float):
        found = set(re.findall(pattern, text))
        if len(found) != 1:
            raise SystemExit(f"{path}: expects one value of '{pattern}', found {found}")
        return convert(found.pop())

    tokens = re.search(r"tensor<(\d+)x(\d+)xi32>", text)
    return {
        "batch": int(tokens[1]),
        "sequence": int(tokens[2]),
        "heads": number(r"\bheads = (\d+)", int),
        "kv_heads": number(r"\bkv_heads = (\d+)", int),
        "eps": number(r"eps = ([0-9.eE+-]+)"),
        "theta": number(r"theta = ([0-9.eE+-]+)"),
    }
