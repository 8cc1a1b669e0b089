#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Holds src/ and examples/ to what three tools see without running anything:
clang-tidy (.clang-tidy), cppcheck (cppcheck.txt beside this file) and gcc's
-fanalyzer, none of which may have a finding.

    check.py BUILD-FOLDER…

The folders are configured with gcc; a source file is seen as the first of
them that compiles it does, and those that none compiles belong to other
systems. Each tool must also find the bug in planted.c, so that one that looks
at nothing does not pass. The findings go to stdout; the exit status is 1 if
there are any.

-fanalyzer has no list of what is known: it was run over every file with and
without asserts, at -O0 and at -O2, and all it saw was one pointer that only an
invariant keeps from being NULL, which an assert now states.
"""
import concurrent.futures
import json
import os
import pathlib
import shlex
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
PLANTED = HERE / "planted.c"
CHECKED = (ROOT / "src", ROOT / "examples")


# --- what is compiled, and how -----------------------------------------------

def entries_of(folders):
    """One entry of the compile databases for each file, and the planted one,
    compiled as the first of the others is."""
    entries = {}
    for folder in folders:
        database = pathlib.Path(folder) / "compile_commands.json"
        for entry in json.loads(database.read_text(encoding="utf-8")):
            path = pathlib.Path(entry["file"])
            if any(top in path.parents for top in CHECKED):
                entries.setdefault(entry["file"], entry)
    if not entries:
        sys.exit("check.py: no source file is compiled in " +
                 " ".join(folders))
    first = next(iter(entries.values()))
    entries[str(PLANTED)] = dict(first, file=str(PLANTED), command=first[
        "command"].replace(first["file"], str(PLANTED)))
    return list(entries.values())


# --- the tools: each gives what it says about a file, empty if nothing -------

def output_of(command, folder):
    done = subprocess.run(command, cwd=folder, text=True, check=False,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    return done.stdout if done.returncode != 0 else ""


def clang_tidy(entry, database):
    return output_of(["clang-tidy", "--quiet", "-p", database, entry["file"]],
                     entry["directory"])


def cppcheck(entry, database):
    """The system's headers are not given to it: it knows what they declare."""
    return output_of(
        ["cppcheck", f"--project={database}/compile_commands.json",
         f"--file-filter={entry['file']}", "--quiet", "--error-exitcode=1",
         "--enable=warning,style,performance,portability", "--inconclusive",
         "--inline-suppr", "--relative-paths=" + str(ROOT),
         f"--suppressions-list={HERE / 'cppcheck.txt'}"],
        entry["directory"])


def analyzer(entry, _):
    command = shlex.split(entry["command"])
    command[command.index("-o") + 1] = os.devnull
    return output_of([*command, "-fanalyzer", "-Werror"],
                     entry["directory"])


# --- running -----------------------------------------------------------------

def check(tool, entries, database, pool):
    """Whether the tool is content with all but what was planted."""
    findings = list(pool.map(lambda e: tool(e, database), entries))
    planted = findings.pop()
    for finding in findings:
        print(finding, end="")
    if not planted:
        print(f"{tool.__name__} does not see the bug in {PLANTED}")
    count = sum(finding != "" for finding in findings)
    print(f"{tool.__name__}: {len(findings)} files, {count} with findings")
    return count == 0 and planted != ""


def main(folders):
    if not folders or folders[0].startswith("-"):
        print("check.py: which build folders? check.py BUILD-FOLDER…",
              file=sys.stderr)
        return 2
    entries = entries_of(folders)
    with tempfile.TemporaryDirectory() as database, \
            concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        path = pathlib.Path(database) / "compile_commands.json"
        path.write_text(json.dumps(entries), encoding="utf-8")
        content = [check(tool, entries, database, pool)
                   for tool in (clang_tidy, cppcheck, analyzer)]
    return 0 if all(content) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
