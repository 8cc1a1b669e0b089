#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Checks what neither the compiler nor the formatter sees.

    tidy.py FOLDER [--static libeddy.a] [--shared libeddy.so] [--nm NM]

FOLDER is the top of the source tree. Prints one line per offence and returns
1 if there was any. Each rule is a function below, and each has a tree in
test_tidy.py that it must refuse.
"""
import argparse
import pathlib
import re
import subprocess
import sys

FUNCTION_LINES = 50
FILE_LINES = 500
LINE_COLUMNS = 100

FOLDERS = ("include", "src", "tests", "examples", "bench")
TEXTS = FOLDERS + ("cmake", "docs", "scripts", ".ci")
TEXT_SUFFIXES = {".c", ".h", ".cc", ".cpp", ".md", ".py", ".sh", ".cmake",
                 ".txt", ".json", ".in", ""}

SYSTEMS = re.compile(
    r"\b(__linux__|__linux|__gnu_linux__|__APPLE__|__MACH__|__FreeBSD__|"
    r"__NetBSD__|__OpenBSD__|__DragonFly__|__sun|_WIN32|__CYGWIN__|"
    r"__ANDROID__|__GLIBC__|__unix__|BSD)\b")
SYSTEMLESS = tuple(f"src/{part}/" for part in
                   ("core", "net", "work", "process"))

# The parts that stand on core; each may include itself and core.
UPPER = ("net", "work", "process", "dns", "fs")

# Words split so that this file does not offend.
MARKS = re.compile(r"\b(TO" r"DO|FIX" r"ME|XX" r"X)\b|^\s*#\s*if\s+0\b")
PLACES = re.compile(r"(?<![\w.$}])/(ho" r"me|Us" r"ers|ro" r"ot)/\w")
CALLS = re.compile(r"\b(abort|exit|_exit|_Exit|quick_exit|printf|fprintf|"
                   r"vprintf|vfprintf|dprintf|puts|fputs|putchar|perror)"
                   r"\s*\(")
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', re.MULTILINE)


# --- reading -----------------------------------------------------------------

class Source:
    """A C file: its text, and its code with comments and strings blanked."""

    def __init__(self, root, path):
        self.path = path
        self.name = path.relative_to(root).as_posix()
        self.text = path.read_text(encoding="utf-8")
        self.code = blank(self.text)
        self.includes = [
            (line_of(self.text, m.start(1)), m.group(1), m.group(2))
            for m in INCLUDE.finditer(blank(self.text, strings=False))]


BLANKED = re.compile(
    r"//[^\n]*|/\*.*?\*/|\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*'",
    re.DOTALL)


def blank(text, strings=True):
    """Comments, and strings, as blanks: lines and columns stay the same."""
    def cover(match):
        if match.group()[0] in "\"'" and not strings:
            return match.group()
        return re.sub(r"[^\n]", " ", match.group())
    return BLANKED.sub(cover, text)


def line_of(text, offset):
    return text.count("\n", 0, offset) + 1


def sources_in(root):
    for folder in FOLDERS:
        for path in sorted((root / folder).rglob("*")):
            if path.suffix in (".c", ".h", ".cc", ".cpp") and path.is_file():
                yield Source(root, path)


def texts_in(root):
    paths = [p for p in root.glob("*") if p.is_file()]
    for folder in TEXTS:
        paths += (root / folder).rglob("*")
    for path in sorted(paths):
        if path.is_file() and path.suffix in TEXT_SUFFIXES \
                and "__pycache__" not in path.parts:
            yield path


# --- functions ---------------------------------------------------------------

def without_preprocessor(code):
    """Directives, with their continued lines, as blanks."""
    return re.sub(r"^[ \t]*#(?:[^\n]*\\\n)*[^\n]*",
                  lambda m: re.sub(r"[^\n]", " ", m.group()), code,
                  flags=re.MULTILINE)


def functions_in(code):
    """Yields (name, first line, last line) of each function's definition."""
    code = without_preprocessor(code)
    depth, begin, opened, name = 0, 0, None, None
    for match in re.finditer(r"[{};]", code):
        at, character = match.start(), match.group()
        if character == "{":
            head = code[begin:at]
            if depth == 0 and is_linkage(head):
                begin = at + 1
                continue
            if depth == 0:
                name, opened = function_name(head, begin)
            depth += 1
        elif character == "}":
            if depth == 1 and name:
                yield name, line_of(code, opened), line_of(code, at)
            depth = max(depth - 1, 0)
            name = name if depth else None
        if depth == 0:
            begin = at + 1


def is_linkage(head):
    """extern "C" (whose string is blank by now)."""
    return re.fullmatch(r"\s*extern\s*", head) is not None


def function_name(head, begin):
    """Name and place, if what stands before a brace declares a function."""
    match = re.search(r"(\w+)\s*\(", head)
    if not match or "=" in head or not head.rstrip().endswith(")"):
        return None, None
    return match.group(1), begin + match.start()


# --- rules: each takes the tree and yields (where, what) ----------------------

def rule_lengths(tree):
    for source in tree.sources:
        lines = source.text.splitlines()
        if len(lines) > FILE_LINES:
            yield source.name, f"{len(lines)} lines; {FILE_LINES} are allowed"
        for name, first, last in functions_in(source.code):
            length = last - first + 1
            if length > FUNCTION_LINES:
                yield (f"{source.name}:{first}", f"{name} has {length} lines; "
                       f"{FUNCTION_LINES} are allowed")
        for number, line in enumerate(lines, 1):
            if len(line) > LINE_COLUMNS:
                yield (f"{source.name}:{number}", f"{len(line)} columns; "
                       f"{LINE_COLUMNS} are allowed")


def rule_systems(tree):
    for source in tree.sources:
        if not source.name.startswith(SYSTEMLESS):
            continue
        for match in re.finditer(r"^\s*#\s*(?:el)?if\w*\b(?:[^\n]*\\\n)*[^\n]*",
                                 source.code, re.MULTILINE):
            system = SYSTEMS.search(match.group())
            if system:
                line = line_of(source.code, match.start() + system.start())
                yield (f"{source.name}:{line}", f"asks for the system by "
                       f"{system.group()}; make it a file that CMake picks")


def rule_marks(tree):
    for source in tree.sources:
        for number, line in enumerate(source.text.splitlines(), 1):
            match = MARKS.search(line)
            if match:
                yield (f"{source.name}:{number}",
                       f"left-over mark: {match.group().strip()}")


def rule_calls(tree):
    for source in tree.sources:
        if not source.name.startswith("src/") or is_probe(source):
            continue
        for match in CALLS.finditer(source.code):
            yield (f"{source.name}:{line_of(source.code, match.start())}",
                   f"a library does not call {match.group(1)}")


def is_probe(source):
    return source.name.endswith("/probe.c")


def rule_includes(tree):
    for source in tree.sources:
        for number, kind, name in source.includes:
            problem = include_problem(tree, source.name, kind, name)
            if problem:
                yield f"{source.name}:{number}", problem


def include_problem(tree, where, kind, name):
    if name.endswith(".c"):
        return f"includes {name}: a source file is no header"
    if name == "eddy.h" or name.startswith("eddy/"):
        if kind == '"':
            return f'"{name}" is public: write <{name}>'
        if where.startswith("src/") and name == "eddy.h":
            return "includes all of eddy: name the headers it needs"
        if not (tree.root / "include" / name).exists():
            return f"includes <{name}>, which is not there"
        return None
    if kind == "<":
        return f"<{name}> is private: write it in quotes" \
            if (tree.root / "src" / name).is_file() else None
    return arrow_problem(where, name)


def arrow_problem(where, name):
    """Whether an include in quotes goes up or sideways."""
    folders = where.split("/")
    part = name.split("/")[0]
    if folders[0] == "include":
        return f'"{name}": a public header includes public ones alone'
    if folders[0] != "src":
        return None
    if folders[1].startswith("backend-"):
        return None if "/" not in name else \
            f'"{name}": a backend includes <eddy/…>, the system and its own'
    if "/" not in name:
        return f'"{name}": write the path from src/'
    if part == folders[1] or (part == "core" and folders[1] in UPPER):
        return None
    return f'"{name}": includes point down, and {part} is not below ' \
           f"{folders[1]}"


def rule_cycles(tree):
    """No header includes itself by way of others."""
    edges = {}
    for source in tree.sources:
        if source.name.endswith(".h"):
            edges[source.name] = [
                file for _, kind, name in source.includes
                for file in [header_file(tree, source.name, kind, name)]
                if file]
    finished = set()
    for start in sorted(edges):
        yield from find_cycle(edges, start, [], finished)


def header_file(tree, where, kind, name):
    beside = where.rpartition("/")[0]
    places = ["include"] if kind == "<" else ["src", "tests", beside]
    for place in places:
        if (tree.root / place / name).is_file():
            return f"{place}/{name}"
    return None


def find_cycle(edges, header, path, finished):
    if header in path:
        yield header, "includes itself: " + " > ".join(
            path[path.index(header):] + [header])
        return
    if header in finished:
        return
    for other in edges.get(header, []):
        yield from find_cycle(edges, other, path + [header], finished)
    finished.add(header)


def rule_places(tree):
    """No path of the machine that a file was written on."""
    here = str(tree.root.resolve())
    if here.count("/") < 2:
        here = None  # right below the root a name is no place: "/eddy"
    for path in tree.texts:
        name = path.relative_to(tree.root).as_posix()
        try:
            lines = path.read_text(encoding="utf-8").splitlines()
        except UnicodeDecodeError:
            continue
        for number, line in enumerate(lines, 1):
            match = PLACES.search(line)
            if match or (here and here in line):
                yield f"{name}:{number}", "names a place of one machine"


def rule_symbols(tree):
    """The shared library exports eddy_…, and the static one adds eddy__…"""
    for library, options, allowed in (
            (tree.options.shared, ["-D"], r"eddy_[a-z0-9]\w*"),
            (tree.options.static, ["-g"], r"eddy__?[a-z0-9]\w*")):
        if not library:
            continue
        names = symbols_of(tree.options.nm, library, options)
        if not names:
            yield library, "exports nothing at all"
        for name in names:
            if not re.fullmatch(allowed, name):
                yield library, f"exports {name}"


def symbols_of(nm, library, options):
    apple = sys.platform == "darwin"  # no -D, and an underscore before each
    options = ["-g"] if apple else options
    output = subprocess.run(
        [nm, *options, "--defined-only", library], check=True,
        stdout=subprocess.PIPE, universal_newlines=True).stdout
    names = [line.split()[-1] for line in output.splitlines()
             if len(line.split()) == 3]
    return sorted({n[1:] if apple else n for n in names})


RULES = (rule_lengths, rule_systems, rule_marks, rule_calls, rule_includes,
         rule_cycles, rule_places, rule_symbols)


# --- running -----------------------------------------------------------------

class Tree:
    def __init__(self, root, options):
        self.root = root
        self.options = options
        self.sources = list(sources_in(root))
        self.texts = list(texts_in(root))


def check(arguments):
    """Returns the offences as lines of text."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--static")
    parser.add_argument("--shared")
    parser.add_argument("--nm", default="nm")
    options = parser.parse_args(arguments)
    tree = Tree(options.folder, options)
    offences = [f"{where}: {what}" for rule in RULES
                for where, what in rule(tree)]
    if not tree.sources:
        offences.append(f"{options.folder}: holds no source at all")
    return offences, len(tree.sources)


def main():
    offences, count = check(sys.argv[1:])
    for offence in offences:
        print(offence)
    print(f"tidy: {count} files, {len(offences)} offences")
    return 1 if offences else 0


if __name__ == "__main__":
    sys.exit(main())
