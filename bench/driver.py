#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Runs the benchmark programs, as scripts/bench asks:

    driver.py measure|http|guard|sizes|docs --build FOLDER [option...]

Results go into FOLDER/results.json, a part a kind; docs writes from there.
"""
import argparse
import pathlib
import re
import sys

from tools import guard, http, measure, report, sizes

TOP = pathlib.Path(__file__).resolve().parent.parent


def pattern(text):
    try:
        return re.compile(text)
    except re.error as error:
        raise argparse.ArgumentTypeError(f"not a pattern: {error}")


class OneLine(argparse.ArgumentParser):
    """A mistake is one line, and exit status 2."""
    def error(self, message):
        sys.stderr.write(f"bench: {message}; see scripts/bench --help\n")
        sys.exit(2)


def arguments():
    parser = OneLine()
    parser.add_argument("what", choices=("measure", "http", "guard", "sizes",
                                         "docs"))
    parser.add_argument("--build", type=pathlib.Path, required=True)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--rounds", type=int)
    parser.add_argument("--only", type=pattern, default=pattern(""))
    parser.add_argument("--update", action="store_true")
    return parser.parse_args()


def main():
    args = arguments()
    runs = {"measure": measure.run, "http": http.run, "guard": guard.run,
            "sizes": sizes.run, "docs": report.write_docs}
    return runs[args.what](args, TOP)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (RuntimeError, OSError) as error:
        sys.exit(f"bench: {error}")
    except KeyboardInterrupt:
        sys.exit(130)
