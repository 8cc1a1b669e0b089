# SPDX-License-Identifier: MIT
"""The regression guard: what an operation costs in instructions and in system
calls, counted, not timed. Each workload runs in two sizes, and the difference
is of the operations alone: starting up drops out. The counts are held against
bench/micro/expected.json, and are of one compiler: by another's they cannot
be judged (exit status 77)."""
import json
import re
import shutil
import subprocess
import sys
import tempfile

from . import results

# Program, workload, arguments in two sizes, operations between the two.
MICROS = (
    ("eddy", "async_pending", "10000", "20000", 10000),
    ("eddy", "async_self", "2000", "4000", 2000),
    ("eddy", "async_many_local", "1000/1000", "1000/2000", 1000),
    ("micro", "task_post", "2000", "4000", 2000),
    ("eddy", "timers_start", "5000", "10000", 5000),
    ("eddy", "timers_stop", "5000", "10000", 5000),
    ("eddy", "timers_churn", "1000/10000", "1000/20000", 10000),
    ("eddy", "timers_churn_const", "1000/10000", "1000/20000", 10000),
    ("eddy", "timers_fire", "5000/50", "10000/50", 5000),
    ("eddy", "fd_chain", "100/1/1000", "100/1/2000", 1000),
    ("eddy", "fd_chain", "100/100/2000", "100/100/4000", 2000),
    ("eddy", "fd_chain_timer", "100/100/2000", "100/100/4000", 2000),
    ("eddy", "io_churn", "10000", "20000", 10000),
    ("eddy", "io_churn_poll", "1000", "2000", 1000),
    ("eddy", "io_toggle", "1000", "2000", 1000),
    ("eddy", "loop_spin", "2000", "4000", 2000),
    ("micro", "tcp_echo_alone", "10/500", "10/1000", 500),
    ("micro", "tcp_accept", "50", "100", 50),
)

ALLOWED = 1.03   # times what is expected
SLACK = 0.005    # operations: less than this is no change at all
LIMIT_S = 120


def run_program(command):
    done = subprocess.run(command, capture_output=True, text=True,
                          timeout=LIMIT_S)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(map(str, command))}: "
                           f"{done.stderr.strip()}")
    return done.stderr


def instructions(command):
    text = run_program(["valgrind", "--tool=callgrind",
                        "--callgrind-out-file=/dev/null", *command])
    return int(re.search(r"Collected : (\d+)", text).group(1))


def system_calls(command):
    with tempfile.NamedTemporaryFile("r") as table:
        run_program(["strace", "-f", "-c", "-o", table.name, *command])
        total = re.search(r"^\s*100[.,]00\s+\S+\s+(?:\S+\s+)?(\d+)\s+.*total$",
                          table.read(), re.M)
    return int(total.group(1))


COUNTERS = {"instructions": instructions, "system calls": system_calls}


def count(build, micro):
    program, workload, small, large, operations = micro
    path = build / "bench" / f"bench-{program}"
    return {what: round((counter([path, workload, large]) -
                         counter([path, workload, small])) / operations, 2)
            for what, counter in COUNTERS.items()}


def is_more(value, expected):
    return value > expected * ALLOWED + SLACK


def verdict(name, found, expected):
    """Prints a line a count; whether all are as they should be."""
    good = True
    for what, value in found.items():
        was = expected.get(what)
        more = was is None or is_more(value, was)
        less = was is not None and is_more(was, value)
        note = "" if was is None else f"{value / was - 1:+.1%}" if was else ""
        word = ("NEW" if was is None else "FAIL" if more
                else "less" if less else "pass")
        print(f"{word:4} {name:34} {what:12} {value:9.2f}  "
              f"expected {'nothing' if was is None else was}  {note}")
        good = good and not more
    return good


def judge(found, expected):
    good = [verdict(name, counts, expected.get(name, {}))
            for name, counts in found.items()]
    if all(good):
        return 0
    print("A count that is meant to grow is written by scripts/bench --guard "
          "--update,\nin a commit that says why.")
    return 1


def run(args, top):
    path = top / "bench" / "micro" / "expected.json"
    for tool in ("valgrind", "strace"):
        if not shutil.which(tool):
            sys.stderr.write(f"bench: there is no {tool}\n")
            return 77
    compiler = results.first_line(["cc", "--version"])
    written = json.loads(path.read_text()) if path.exists() else {}
    if not args.update and written.get("compiler") != compiler:
        sys.stderr.write(f"bench: the counts are of {written.get('compiler')}"
                         f", this is {compiler}: not judged\n")
        return 77
    found = {f"{m[1]} {m[3]}": count(args.build, m) for m in MICROS
             if args.only.search(m[1])}
    if not args.update:
        return judge(found, written["counts"])
    counts = {**(written.get("counts", {}) if args.only.pattern else {}),
              **found}
    path.write_text(json.dumps({"compiler": compiler, "counts": counts},
                               indent=1) + "\n")
    return 0
