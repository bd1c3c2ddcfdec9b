#!/usr/bin/env python3
"""Writes the bundled stories from stories.grammar.

    models/make_stories.py --out models            the committed files
    models/make_stories.py --seed 7 --stories 20 --out /tmp/other

Every story is a pure function of (seed, index), and no library's random
numbers are used, so the same call gives the same bytes everywhere. Story i
belongs to the validation file when i % 20 == 19. Stories end with a line
<|endoftext|>.

The grammar is a text file of sections:

    [name]                      a rule: one alternative a line
    [name: a; b=text; c]        a list of records with these fields; `=text`
                                is the same for all entries of the section;
                                entries are lines, or parts divided by ` / `
    # comment

and inside alternatives:

    (x|y|z)      one of these, may nest and may be empty
    <rule>       an alternative of a rule or an entry of a list, drawn anew
    {list}       an entry of a list, the same one in the whole story;
    {list.a}     one of its fields; {list2} is another entry of that list

Sentences and quotes are capitalised (not after `_`) and "a" becomes "an"
afterwards; `~` is a line break.
"""
import argparse
import os
import re
import sys

SEPARATOR = "<|endoftext|>"
STORIES = 2300
SEED = 1


class Random:
    """splitmix64, Steele, Lea and Flood, OOPSLA 2014."""

    def __init__(self, seed, index):
        self.state = (seed * 0x9E3779B97F4A7C15 + index * 0xD1B54A32D192ED03)
        self.next()

    def next(self):
        mask = (1 << 64) - 1
        self.state = (self.state + 0x9E3779B97F4A7C15) & mask
        z = self.state
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & mask
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & mask
        return z ^ (z >> 31)

    def choice(self, items):
        return items[(self.next() >> 33) % len(items)]


class Grammar:
    def __init__(self, path):
        self.rules = {}  # name -> [text]
        self.lists = {}  # name -> [{field: text}], the first field is the name
        with open(path, encoding="utf-8") as file:
            self.parse(path, file)

    def parse(self, path, file):
        add = None
        for number, line in enumerate(file, 1):
            line = line.rstrip("\n")
            if not line.strip() or line.startswith("#"):
                continue
            header = re.fullmatch(r"\[([\w.]+)(?::(.*))?\]", line)
            if header:
                add = self.section(header[1], header[2])
            elif add is None:
                sys.exit(f"{path}:{number}: text before the first [section]")
            elif not add(line.strip()):
                sys.exit(f"{path}:{number}: expects as many values as fields")

    def section(self, name, fields):
        """A function that adds one line; false when it does not fit."""
        if fields is None:
            alternatives = self.rules.setdefault(name, [])
            return lambda line: alternatives.append(line) or True
        fields = [field.strip() for field in fields.split(";")]
        varying = [field for field in fields if "=" not in field]
        fixed = dict(field.split("=", 1) for field in fields if "=" in field)
        entries = self.lists.setdefault(name, [])

        def add(line):
            for entry in line.split(" / "):
                values = [value.strip() for value in entry.split(";")]
                if len(values) != len(varying):
                    return False
                entries.append({**dict(zip(varying, values)), **fixed})
            return True

        return add


class Story:
    """One expansion of the grammar and what it has bound so far."""

    def __init__(self, grammar, random):
        self.grammar = grammar
        self.random = random
        self.bound = {}

    def rule(self, name):
        if name in self.grammar.lists:
            entry = self.random.choice(self.grammar.lists[name])
            return next(iter(entry.values()))
        return self.expand(self.random.choice(self.grammar.rules[name]))

    def variable(self, reference):
        name, _, field = reference.partition(".")
        if name not in self.bound:
            stem = name.rstrip("23456789")
            used = [e for n, e in self.bound.items()
                    if n.rstrip("23456789") == stem]
            self.bound[name] = self.random.choice(
                [e for e in self.grammar.lists[stem] if e not in used])
        entry = self.bound[name]
        return entry[field] if field else next(iter(entry.values()))

    def expand(self, text):
        """Replaces from the left, so that nothing is drawn for parts of a
        choice that are dropped."""
        while True:
            first = re.search(r"\(|<([\w.]+)>|\{([\w.]+)\}", text)
            if not first:
                return text
            if first[0] == "(":
                new, end = self.choose(text, first.start())
            else:
                new = self.rule(first[1]) if first[1] else self.variable(first[2])
                end = first.end()
            text = text[:first.start()] + new + text[end:]

    def choose(self, text, start):
        """One part of the choice that opens at `start`, and where it ends."""
        depth, parts, part = 0, [], start + 1
        for i in range(start, len(text)):
            depth += {"(": 1, ")": -1}.get(text[i], 0)
            if depth == 0 or (text[i] == "|" and depth == 1):
                parts.append(text[part:i])
                part = i + 1
            if depth == 0:
                return self.random.choice(parts), i + 1
        sys.exit(f"a parenthesis is not closed: {text}")


def polish(text):
    text = re.sub(r" +", " ", text.replace("~", "\n"))
    text = re.sub(r" ?\n ?", "\n", re.sub(r" (?=[,.!?])", "", text))
    text = re.sub(r"\b([Aa]) (?=[aeiou])", r"\1n ", text)
    text = re.sub(r"xs\b", "xes", text)
    return re.sub(r'(^"?|[.!?] "?|[,:] "|\n"?)([a-z])',
                  lambda m: m[1] + m[2].upper(), text).replace("_", "").strip()


def make_story(grammar, seed, index):
    return polish(Story(grammar, Random(seed, index)).rule("story"))


def main():
    here = os.path.dirname(os.path.abspath(__file__))
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--out", required=True, help="folder of the two files")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--stories", type=int, default=STORIES)
    arguments = parser.parse_args()
    grammar = Grammar(os.path.join(here, "stories.grammar"))
    names = ["stories-train.txt", "stories-val.txt"]
    texts = {name: [] for name in names}
    for index in range(arguments.stories):
        story = make_story(grammar, arguments.seed, index)
        texts[names[index % 20 == 19]].append(f"{story}\n{SEPARATOR}\n")
    for name in names:
        with open(os.path.join(arguments.out, name), "w", encoding="utf-8",
                  newline="\n") as file:
            file.writelines(texts[name])


if __name__ == "__main__":
    main()
