#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Checks that docs/guarantees.md names only what exists.

    guarantees.py FOLDER

FOLDER is the top of the source tree. Every promise there is one sentence, and
under it stand the tests, parts of the soak and gates that hold it. Prints one
line per offence and returns 1 if there was any; test_guarantees.py feeds it
trees that it must refuse.
"""
import pathlib
import re
import sys

PAGE = "docs/guarantees.md"
END = "# What is not promised"

CASES = re.compile(r"`([\w-]+)/(\w+): ([\w ,]+)`")
SOAK = re.compile(r"`soak/(\w+)`")
GATE = re.compile(r"gate `([\w-]+)`")
TEST = re.compile(r"test `([\w-]+)`")


class Promise:
    def __init__(self, line, text):
        self.line = line
        self.text = text
        self.holders = []  # (line, text)


def promises_in(lines):
    """Items of one level are promises, those below hold them. A line that
    begins deeper continues the one before."""
    promises = []
    for number, line in enumerate(lines, 1):
        if line.startswith("- "):
            promises.append(Promise(number, line[2:]))
        elif line.startswith("  - ") and promises:
            promises[-1].holders.append([number, line[4:]])
        elif line.startswith("    ") and promises and promises[-1].holders:
            promises[-1].holders[-1][1] += " " + line.strip()
        elif line.startswith("  ") and promises:
            promises[-1].text += " " + line.strip()
    return promises


# --- what there is -----------------------------------------------------------

class Tree:
    def __init__(self, root):
        self.root = root

    def read(self, name):
        path = self.root / name
        return path.read_text(encoding="utf-8") if path.is_file() else ""

    def case_problem(self, folder, noun, case):
        name = f"tests/{folder}/test_{noun}.c"
        text = self.read(name)
        if not text:
            return f"there is no {name}"
        if f"eddy_test({folder}/test_{noun}.c" not in \
                self.read("tests/CMakeLists.txt"):
            return f"{name} is not registered"
        registered = (rf'\.name = "{case}"|'
                      rf"\b(?:\w+_TEST|cmocka_unit_test\w*)\(\s*{case}\b")
        if not re.search(registered, text):
            return f"{name} runs no {case}"
        return None

    def soak_problem(self, noun):
        name = f"tests/soak/{noun}.c"
        if not (self.root / name).is_file():
            return f"there is no {name}"
        if not re.search(rf"^\s+{noun}\.c\b",
                         self.read("tests/soak/CMakeLists.txt"), re.MULTILINE):
            return f"{name} is not built"
        return None

    def gate_problem(self, name):
        text = self.read(".ci/run")
        listed = re.search(rf'^    "{name} ', text, re.MULTILINE)
        defined = re.search(rf"^gate_{name}\(\)", text, re.MULTILINE)
        return None if listed and defined else f".ci/run has no gate {name}"

    def test_problem(self, name):
        found = re.search(rf"add_test\(NAME {name}\s",
                          self.read("cmake/tree-tests.cmake"))
        return None if found else f"there is no test {name} of the tree"


# --- rules -------------------------------------------------------------------

def holder_problems(tree, text):
    for folder, noun, cases in CASES.findall(text):
        for case in cases.split(","):
            yield tree.case_problem(folder, noun, case.strip())
    for noun in SOAK.findall(text):
        yield tree.soak_problem(noun)
    for name in GATE.findall(text):
        yield tree.gate_problem(name)
    for name in TEST.findall(text):
        yield tree.test_problem(name)
    rest = text
    for kind in (CASES, SOAK, GATE, TEST):
        rest = kind.sub("", rest)
    if rest.strip(" ,"):
        yield f"is neither test, part of the soak nor gate: {rest.strip()}"


def promise_problems(tree, promise):
    if not promise.text.endswith(".") or ". " in promise.text:
        yield promise.line, "a promise is one sentence"
    if not promise.holders:
        yield promise.line, "nothing holds this promise"
    for line, text in promise.holders:
        for problem in holder_problems(tree, text):
            if problem:
                yield line, problem


def check(root):
    """Returns the offences as lines of text, and how many promises there
    are."""
    tree = Tree(root)
    above, end, below = tree.read(PAGE).partition(END)
    promises = promises_in(above.splitlines())
    problems = [problem for promise in promises
                for problem in promise_problems(tree, promise)]
    for name in GATE.findall(below):
        if tree.gate_problem(name):
            problems.append((0, tree.gate_problem(name)))
    if not promises or not end:
        problems.append((0, "holds no promises, or not their end"))
    return [f"{PAGE}:{line}: {what}" for line, what in problems], len(promises)


def main():
    if len(sys.argv) != 2:
        print("guarantees.py: wants one argument, the top of the tree",
              file=sys.stderr)
        return 2
    offences, count = check(pathlib.Path(sys.argv[1]))
    for offence in offences:
        print(offence)
    print(f"guarantees: {count} promises, {len(offences)} offences")
    return 1 if offences else 0


if __name__ == "__main__":
    sys.exit(main())
