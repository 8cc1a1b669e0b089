# SPDX-License-Identifier: MIT
"""Every workload on every library, in turn: a round runs each row once on each
library, one after the other, and the next round begins with another one. What
disturbs the machine for a while so disturbs all of them."""
import subprocess
import sys
import time

from . import plots, report, results

# Workload, its arguments, and those of --quick.
ROWS = (
    ("async_rtt", "20000", "2000"),
    ("async_rtt@same", "100000", "5000"),
    ("async_burst", "5000000", "500000"),
    ("async_pending", "10000000", "1000000"),
    ("async_many", "10000/2000", "10000/200"),
    ("async_many", "100000/300", "100000/30"),
    ("async_many_local", "10000/2000", "10000/200"),
    ("async_many_local", "100000/300", "100000/30"),
    ("async_self", "1000000", "50000"),
    ("timers_start", "1000000", "100000"),
    ("timers_stop", "1000000", "100000"),
    ("timers_churn", "100000/2000000", "100000/100000"),
    ("timers_churn_const", "100000/2000000", "100000/100000"),
    ("timers_fire", "1000000/1", "100000/1"),
    ("timers_fire", "1000000/1000", "100000/100"),
    ("fd_chain", "100/1/300000", "100/1/30000"),
    ("fd_chain", "100/100/300000", "100/100/30000"),
    ("fd_chain", "1000/1/300000", "1000/1/30000"),
    ("fd_chain", "1000/100/300000", "1000/100/30000"),
    ("fd_chain", "10000/100/300000", "5000/100/30000"),
    ("fd_chain_timer", "1000/100/300000", "1000/100/30000"),
    ("fd_chain_timer", "10000/100/300000", "5000/100/30000"),
    ("io_churn", "1000000", "100000"),
    ("io_churn_poll", "200000", "20000"),
    ("io_toggle", "100000", "10000"),
    ("loop_spin", "2000000", "100000"),
    ("tcp_echo@same", "1/50000", "1/3000"),
    ("tcp_echo", "50/200000", "50/5000"),
    ("tcp_echo@same", "50/200000", "50/5000"),
    ("tcp_echo", "1000/200000", "500/5000"),
    ("idle_conn_mem", "10000", "2000"),
    ("work_queue", "100000", "20000"),
    ("work_queue", "500000", "50000"),
    ("work_rtt", "30000", "1000"),
)

# Cost against number: by kind, the workload and its arguments behind N.
SIZES = (100, 1000, 10000, 100000, 1000000)
GROWTH = {
    "timers": ("timers_churn", lambda n: f"{n}/200000"),
    "asyncs": ("async_many_local", lambda n: f"{n}/{max(20, 200000 // n)}"),
    "descriptors": ("fd_chain_event", lambda n: f"{n}/100/50000"),
}

# Seconds that measuring may take, so that all stays within what is promised
# also on a busy machine; and the fewest rounds that are worth a median.
LIMITS = {"quick": 75, "full": 1100, "growth": 400}
ROUNDS, FEWEST, GROWTH_ROUNDS = 7, 3, 3
RUN_LIMIT = 120
OTHERS = 100  # descriptors that are none of the handles


class Bench:
    def __init__(self, build):
        self.build = build
        self.versions = results.versions(build)
        self.failed = {}

    def program(self, library):
        return self.build / "bench" / f"bench-{library}"

    def has(self, library, workload):
        lines = subprocess.run([self.program(library), "--list"], text=True,
                               capture_output=True, check=True).stdout
        return workload in [line.split()[0] for line in lines.splitlines()]

    def one(self, library, workload, numbers):
        """A value and its unit, or None: said once, and not tried again."""
        if (library, workload, numbers) in self.failed:
            return None
        try:
            run = subprocess.run([self.program(library), workload, numbers],
                                 capture_output=True, text=True,
                                 timeout=RUN_LIMIT)
            if run.returncode == 0:
                fields = run.stdout.split()
                return float(fields[2]), fields[3]
            why = run.stderr.strip()
        except subprocess.TimeoutExpired:
            why = f"not done after {RUN_LIMIT} s"
        self.failed[(library, workload, numbers)] = why
        sys.stderr.write(f"bench: {library} {workload} {numbers}: {why}\n")
        return None


def rotated(names, by):
    by %= len(names)
    return names[by:] + names[:by]


def collect(bench, rows, rounds, limit):
    """Rounds over all rows, until the time is up: then at the next row."""
    table = [{"workload": w, "args": a, "unit": "ns", "values":
              {name: [] for name in bench.versions
               if bench.has(name, w.split("@")[0])}} for w, a in rows]
    began = time.monotonic()
    for number in range(rounds):
        for row in table:
            if time.monotonic() - began > limit and number >= FEWEST:
                return table
            for name in rotated(list(row["values"]), number):
                found = bench.one(name, row["workload"], row["args"])
                if found:
                    row["values"][name].append(found[0])
                    row["unit"] = found[1]
        took = time.monotonic() - began
        say(f"round {number + 1} of {rounds}, {took:.0f} s")
    return table


def summed(table):
    for row in table:
        row["libraries"] = {name: results.summary(values)
                            for name, values in row.pop("values").items()
                            if values}
    return [row for row in table if row["libraries"]]


def say(text):
    if sys.stderr.isatty():
        sys.stderr.write(f"\r\033[K{text}")
        sys.stderr.flush()
    else:
        sys.stderr.write(f"   {text}\n")


def growth(bench, rounds):
    found = {}
    room = int(results.first_line([bench.program("eddy"), "--descriptors"]))
    for kind, (workload, numbers) in GROWTH.items():
        sizes = SIZES if kind != "descriptors" else [
            min(n, room - OTHERS) for n in SIZES if n < 10 * room]
        rows = [(workload, numbers(n)) for n in sizes]
        found[kind] = summed(collect(bench, rows, rounds,
                                     LIMITS["growth"] / len(GROWTH)))
    return found


def run(args, top):
    bench = Bench(args.build)
    mode = "quick" if args.quick else "full"
    rows = [(w, quick if args.quick else full) for w, full, quick in ROWS
            if args.only.search(f"{w} {full}")]
    if not rows:
        sys.stderr.write("bench: no row matches --only\n")
        return 2
    machine = results.machine()
    table = summed(collect(bench, rows, args.rounds or ROUNDS, LIMITS[mode]))
    parts = {"mode": mode, "rows": table, "versions": bench.versions,
             "machine": machine}
    if not args.only.pattern:
        say("growth:")
        parts["growth"] = growth(bench, 1 if args.quick else GROWTH_ROUNDS)
    say("")
    # What only some of the rows are of is no result to be published.
    if not args.only.pattern:
        results.store(args.build, "measure", parts)
        plots.draw(parts, args.build)
    sys.stdout.write(report.table(parts, report.Plain()))
    return 1 if any(lib == "eddy" for lib, _, _ in bench.failed) else 0
