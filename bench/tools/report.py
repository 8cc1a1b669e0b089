# SPDX-License-Identifier: MIT
"""The table, in a terminal or in docs/benchmarks.md."""
import shutil
import sys

from . import plots, results

HEAD = ("workload", *results.LIBRARIES, "to best peer", "to floor")


def best_peer(row):
    """Its name, or None."""
    peers = [name for name in results.PEERS if name in row["libraries"]]
    return min(peers, key=lambda name: row["libraries"][name]["median"],
               default=None)


def ratio(row, other):
    """Ratio of medians, with a mark where the spread is wider than what it
    says: '?'. Below 1, eddy is faster, or smaller."""
    libraries = row["libraries"]
    if other not in libraries or "eddy" not in libraries:
        return ""
    mine, its = libraries["eddy"], libraries[other]
    if not its["median"]:
        return ""
    value = mine["median"] / its["median"]
    wide = max(mine["spread"], its["spread"]) > abs(value - 1)
    return f"{value:.2f}{' ?' if wide else ''}"


def figure(value):
    return f"{value:,.0f}" if value >= 1000 else f"{value:.3g}"


def cells(row):
    name = f"{row['workload']} {row['args']}"
    if row["unit"] != "ns":
        name += f" ({row['unit']})"
    medians = [figure(row["libraries"][n]["median"])
               if n in row["libraries"] else "" for n in results.LIBRARIES]
    peer = best_peer(row)
    to_peer = f"{ratio(row, peer)} {peer}" if peer else ""
    return [name, *medians, to_peer, ratio(row, "floor")]


class Plain:
    """For a terminal: aligned."""
    def lines(self, head, rows):
        widths = [max(len(r[i]) for r in [head, *rows])
                  for i in range(len(head))]
        for row in [head, *rows]:
            yield "  ".join([row[0].ljust(widths[0])] +
                            [cell.rjust(width) for cell, width
                             in zip(row[1:], widths[1:])])


class Markdown:
    def lines(self, head, rows):
        yield f"| {' | '.join(head)} |"
        yield "|---|" + "--:|" * (len(head) - 1)
        for row in rows:
            yield f"| {' | '.join(row)} |"


def table(parts, form):
    rows = [cells(row) for row in parts["rows"]]
    return "\n".join([*form.lines(list(HEAD), rows), "", legend(parts), ""])


def legend(parts):
    rounds = min(len(v["values"]) for r in parts["rows"]
                 for v in r["libraries"].values())
    return (f"Medians of {rounds} interleaved rounds or more, nanoseconds an "
            "operation. Ratios below 1: eddy is\nfaster. ?: the distance of "
            "the quartiles is wider than the difference: cannot tell.")


# --- docs/benchmarks.md ------------------------------------------------------

INTRODUCTION = """\
# Benchmarks

Written by `scripts/bench --docs` from what `scripts/bench`, `scripts/bench
--http` and `scripts/bench --sizes` measured; not to be edited. Every program
is in `bench/`, a folder a library, and was written as a good user of that
library would; `floor` is the same work by hand, with raw system calls and the
best known structure, correct, and no library. Compare ratios within a row:
the nanoseconds are this machine's.
"""

WORKLOADS = """\
## What the workloads are

`@same`: both threads on one processor. N/M: N handles, M operations.

| workload | what |
|---|---|
| async_rtt | two threads, a loop each, ping-pong by async; a round trip |
| async_burst | one thread sends to one async in a tight loop; a send |
| async_pending | sends to an async that is pending; a send |
| async_many N/M | another thread wakes one of N and waits; a delivery |
| async_many_local N/M | the same from the loop's own thread |
| async_self | an async sends to itself in its callback; a callback |
| timers_start N | N timers, 1 to 1000 ms; a start |
| timers_stop N | stops them in the order of their making; a stop |
| timers_churn N/M | N active, restarts a random one; a restart |
| timers_churn_const N/M | the same, always with 30 s; a restart |
| timers_fire N/S | N timers spread over S ms, fired in one go; a timer |
| fd_chain N/M/E | a ring of N pipes hands M bytes on; an event |
| fd_chain_timer N/M/E | the same, each event restarts a timer |
| fd_chain_event N/M/E | the same on eventfds, for the growth plots |
| io_churn | stops and starts a watcher, no poll between; a change |
| io_churn_poll | the same, a poll after each; a change with its poll |
| io_toggle | write interest on, callback, off, with two polls; all of it |
| loop_spin | a turn of a loop with nothing to do |
| tcp_echo C/N | 64 bytes there and back, C connections; a round trip |
| idle_conn_mem N | bytes of user memory an accepted connection |
| work_queue N | N empty items through the thread pool; an item |
| work_rtt N | one item at a time; there and back |

async_pending: libuv's send of a pending handle orders no memory, which loses
wakeups on processors with store buffers; the others pay for that order.
"""


def machine_text(found, versions):
    text = (f"Machine: {found['cpu']}, {found['processors']} processors, "
            f"{found['kernel']}, {found['compiler']}. Versions: "
            + ", ".join(f"{n} {v}" for n, v in versions.items()) + ".\n")
    # A machine at rest is loaded by half a process at most.
    if found["load"] != "unknown" and float(found["load"]) > 0.5:
        text += (f"\n**The machine was busy (load {found['load']} at the "
                 "beginning): these figures are no\nmore than a first look.**"
                 "\n")
    return text


def http_rows(rows):
    for row in rows:
        yield [row["server"], str(row["threads"]), str(row["connections"]),
               f"{row['requests']:,.0f}", f"{row['p50_us']:,.0f}",
               f"{row['p99_us']:,.0f}", f"{row['user_us']:.2f}"]


HTTP_HEAD = ("server", "threads", "connections", "requests/s", "p50 us",
             "p99 us", "user CPU us a request")


def http_table(rows, form):
    return "\n".join([*form.lines(list(HTTP_HEAD), list(http_rows(rows))), ""])


def size_table(rows, form):
    return "\n".join([*form.lines(["what", "bytes"],
                                  [[name, f"{value:,}"]
                                   for name, value in rows]), ""])


def write_docs(args, top):
    found = results.load(args.build)
    if "measure" not in found:
        sys.stderr.write("bench: nothing was measured; scripts/bench does\n")
        return 1
    parts, folder = found["measure"], top / "docs" / "benchmarks"
    folder.mkdir(parents=True, exist_ok=True)
    pictures = plots.draw(parts, folder)
    shutil.copy(args.build / "results.json", folder / "results.json")
    text = [INTRODUCTION, machine_text(parts["machine"], parts["versions"]),
            f"## Every workload ({parts['mode']} run)\n", table(parts, Markdown())]
    text += [f"![{p.stem}](benchmarks/{p.name})\n" for p in pictures]
    if "http" in found:
        text += ["## HTTP, loaded by wrk\n",
                 http_table(found["http"], Markdown())]
    if "sizes" in found:
        text += ["## Sizes\n", size_table(found["sizes"], Markdown())]
    (top / "docs" / "benchmarks.md").write_text(
        "\n".join([*text, WORKLOADS]))
    return 0
