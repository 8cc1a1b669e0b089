# SPDX-License-Identifier: MIT
"""The file of results, and what the machine is that they are of."""
import json
import os
import pathlib
import platform
import re
import statistics
import subprocess

LIBRARIES = ("eddy", "libuv", "libev", "libevent", "floor")
PEERS = ("libuv", "libev", "libevent")


def load(build):
    path = build / "results.json"
    return json.loads(path.read_text()) if path.exists() else {}


def store(build, part, value):
    results = load(build)
    results[part] = value
    text = json.dumps(results, indent=1, sort_keys=True)
    (build / "results.json").write_text(text + "\n")


def first_line(command):
    try:
        return subprocess.run(command, capture_output=True, text=True,
                              check=True).stdout.splitlines()[0]
    except (OSError, subprocess.CalledProcessError, IndexError):
        return "unknown"


def machine():
    cpu, info = platform.machine(), pathlib.Path("/proc/cpuinfo")
    if info.exists():
        found = re.search(r"^model name\s*:\s*(.*)$", info.read_text(), re.M)
        cpu = found.group(1) if found else cpu
    load_path = pathlib.Path("/proc/loadavg")
    return {"cpu": cpu, "processors": processors(),
            "kernel": f"{platform.system()} {platform.release()}",
            "compiler": first_line(["cc", "--version"]),
            "load": load_path.read_text().split()[0]
            if load_path.exists() else "unknown"}


def processors():
    return len(os.sched_getaffinity(0))


def versions(build):
    """Name and version of each program that was built."""
    found = {}
    for name in LIBRARIES:
        program = build / "bench" / f"bench-{name}"
        if program.exists():
            found[name] = first_line([program, "--version"]).split(" ", 1)[1]
    return found


def summary(values):
    """Median, and the distance between the quartiles as a part of it."""
    middle = statistics.median(values)
    if len(values) < 2:
        return {"median": middle, "spread": 0, "values": values}
    low, _, high = statistics.quantiles(values, n=4, method="inclusive")
    return {"median": middle, "spread": (high - low) / middle if middle else 0,
            "values": values}
