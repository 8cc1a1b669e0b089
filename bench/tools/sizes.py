# SPDX-License-Identifier: MIT
"""Sizes: of the public structs, of an idle connection, and of the library's
text: with one backend and with all, and of what a small program pulls in."""
import collections
import platform
import re
import subprocess
import sys

from . import report, results

SMALL_LIMIT = 24 * 1024
SMALL_FLAGS = "-Os -DNDEBUG -ffunction-sections -fdata-sections"

# A line of the linker's map: section, address, size, and whose it is. The
# names of long sections stand on a line of their own.
MAPPED = re.compile(r"^ \.(text|rodata)\S*\s+0x[0-9a-f]+\s+0x([0-9a-f]+)\s+"
                    r"(\S*libeddy\.a\((\S+)\))", re.M)


def run_quiet(command):
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(map(str, command))}:\n{done.stdout}"
                           f"{done.stderr}")
    return done.stdout


def build_library(top, folder, backends):
    """The static library alone, as small as it gets."""
    run_quiet(["cmake", "-S", top, "-B", folder, "-DCMAKE_BUILD_TYPE=None",
               f"-DCMAKE_C_FLAGS={SMALL_FLAGS}", f"-DEDDY_BACKENDS={backends}",
               "-DEDDY_BUILD_SHARED=OFF", "-DEDDY_BUILD_TESTS=OFF",
               "-DEDDY_BUILD_EXAMPLES=OFF", "-DEDDY_INSTALL=OFF"])
    run_quiet(["cmake", "--build", folder, "--target", "eddy_static",
               "--parallel", "2"])
    return folder / "libeddy.a"


def text_of(library):
    """Sum of the members' text, constants included, as size(1) counts."""
    lines = run_quiet(["size", library]).splitlines()[1:]
    return sum(int(line.split()[0]) for line in lines)


def small_program(top, folder, library):
    """Links it and returns what of the library is in it, by member."""
    mapped = folder / "small.map"
    run_quiet(["cc", "-std=c11", *SMALL_FLAGS.split(), "-I", top / "include",
               "-o", folder / "small", top / "bench" / "sizes" / "small.c",
               library, "-pthread", "-Wl,--gc-sections", f"-Wl,-Map={mapped}"])
    text = mapped.read_text()
    # What was thrown away is listed first.
    kept = text[text.index("Linker script and memory map"):]
    kept = re.sub(r"^( \.\S+)\n", r"\1", kept, flags=re.M)
    members = collections.Counter()
    for match in MAPPED.finditer(kept):
        members[match.group(4)] += int(match.group(2), 16)
    if not members:
        raise RuntimeError("the linker's map names no member of libeddy.a")
    run_quiet([folder / "small"])
    return members


def first_backend():
    """Of those for this system, the best."""
    return {"Linux": "epoll"}.get(platform.system(), "kqueue")


def collect(args, top):
    rows = [(f"sizeof({name})", int(size)) for name, size in
            (line.split() for line in
             run_quiet([args.build / "bench" / "bench-sizes"]).splitlines())]
    idle = run_quiet([args.build / "bench" / "bench-eddy", "idle_conn_mem",
                      "10000"])
    rows.append(("an idle connection, of 10,000, handle included",
                 round(float(idle.split()[2]))))
    one = build_library(top, args.build / "sizes-one", first_backend())
    every = build_library(top, args.build / "sizes-all", "auto")
    rows.append((f"library text, {first_backend()} alone (-Os)",
                 text_of(one)))
    rows.append(("library text, all backends (-Os)", text_of(every)))
    members = small_program(top, args.build / "sizes-one", one)
    return rows, members


def run(args, top):
    rows, members = collect(args, top)
    small = sum(members.values())
    rows.append((f"library text in a program of loop, io, timer and async "
                 f"(limit {SMALL_LIMIT:,})", small))
    results.store(args.build, "sizes", rows)
    sys.stdout.write(report.size_table(rows, report.Plain()))
    sys.stdout.write("\nIn that program, by file:\n" + report.size_table(
        members.most_common(), report.Plain()))
    return 0 if small < SMALL_LIMIT else 1
