# SPDX-License-Identifier: MIT
"""The HTTP servers, each loaded by wrk in turn: requests a second, how long
they took, and how much of the processor the server itself used."""
import os
import re
import shutil
import statistics
import subprocess
import sys

from . import report, results

SERVERS = {"eddy": "examples/http-server", "libuv": "bench/http-libuv",
           "libevent evhttp": "bench/http-libevent"}
LOADS = [(threads, connections) for threads in (1, 2)
         for connections in (64, 1000)]
UNITS_US = {"us": 1, "ms": 1e3, "s": 1e6, "m": 6e7}


def user_s(pid):
    """Seconds of user CPU that a process has used."""
    with open(f"/proc/{pid}/stat", encoding="ascii") as stat:
        fields = stat.read().rsplit(")", 1)[1].split()
    return int(fields[11]) / os.sysconf("SC_CLK_TCK")


def percentile_us(text, percent):
    found = re.search(rf"^\s*{percent}%\s+([\d.]+)(\w+)", text, re.M)
    return float(found.group(1)) * UNITS_US[found.group(2)]


class Server:
    """A server that runs while its block does."""
    def __init__(self, program, threads):
        self.command = [program, "--port", "0", "--threads", str(threads)]

    def __enter__(self):
        self.process = subprocess.Popen(self.command, text=True,
                                        stdout=subprocess.PIPE)
        line = self.process.stdout.readline()
        if not line.startswith("listening on "):
            raise RuntimeError(f"{self.command[0]} does not listen: {line}")
        self.url = line.split()[2] + "/"
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.communicate()


def load(program, threads, connections, seconds):
    """One run of wrk: what it said, and the server's CPU a request."""
    with Server(program, threads) as server:
        before = user_s(server.process.pid)
        text = subprocess.run(
            ["wrk", "--latency", "-t", "1", "-c", str(connections), "-d",
             f"{seconds}s", "--timeout", "30s", server.url],
            capture_output=True, text=True, check=True).stdout
        used = user_s(server.process.pid) - before
    if re.search("Socket errors|Non-2xx", text):
        raise RuntimeError(f"{program}: wrk met errors:\n{text}")
    requests = int(re.search(r"(\d+) requests in", text).group(1))
    return {"requests": float(re.search(r"Requests/sec:\s+([\d.]+)",
                                        text).group(1)),
            "p50_us": percentile_us(text, 50),
            "p99_us": percentile_us(text, 99),
            "user_us": used * 1e6 / requests}


def run(args, top):
    if not shutil.which("wrk"):
        sys.stderr.write("bench: there is no wrk\n")
        return 1
    programs = {name: args.build / path for name, path in SERVERS.items()
                if (args.build / path).exists()}
    runs = {(name, *how): [] for how in LOADS for name in programs
            if args.only.search(name)}
    rounds, seconds = (1, 2) if args.quick else (args.rounds or 5, 3)
    for number in range(rounds):
        for (name, threads, connections), found in runs.items():
            found.append(load(programs[name], threads, connections, seconds))
        sys.stderr.write(f"   round {number + 1} of {rounds}\n")
    rows = [{"server": name, "threads": threads, "connections": connections,
             **{key: statistics.median(one[key] for one in found)
                for key in found[0]}}
            for (name, threads, connections), found in runs.items()]
    if not args.only.pattern:
        results.store(args.build, "http", rows)
    sys.stdout.write(report.http_table(rows, report.Plain()))
    return 0
