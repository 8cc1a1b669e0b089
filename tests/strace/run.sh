#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Counts the system calls of the scenarios beside this file, between their two
# marks, and holds them against a limit: run.sh BUILD-FOLDER. Exits with 0 if
# all hold, 1 if one does not, 77 if there is no strace or it may not trace.
set -u

build=${1:?"usage: run.sh BUILD-FOLDER"}
programs=$build/tests/strace
trace=$(mktemp)
trap 'rm -f "$trace"' EXIT
failed=0

# The leak check of ASan cannot run in a traced process.
export ASAN_OPTIONS=detect_leaks=0

skip() {
    echo "strace: skipped: $1"
    exit 77
}

command -v strace >/dev/null || skip "strace is not installed"
strace -o "$trace" true 2>/dev/null || skip "tracing is not allowed here"

# Leaves in $trace what a scenario called. An unfinished call that is resumed
# in a later line counts once: only its first line has a "(" after the name.
trace_scenario() {
    local backend=$1 name=$2
    if ! EDDY_BACKEND=$backend timeout 120 strace -f -qq -o "$trace" \
        "$programs/$name"; then
        echo "FAIL $name on $backend: the program itself failed"
        failed=1
        return 1
    fi
    if [ "$(grep -c 'getppid(' "$trace")" -ne 2 ]; then
        echo "FAIL $name on $backend: its trace has not two marks"
        failed=1
        return 1
    fi
}

# How many of the calls (a pattern of names) lie between the marks.
count_between() {
    awk -v calls="[ ]($1)\\\\(" '/getppid\(/ { inside = !inside; next }
        inside && $0 ~ calls { n++ } END { print n + 0 }' "$trace"
}

# check BACKEND NAME CALLS LIMIT WHAT: no more than LIMIT.
check() {
    local backend=$1 name=$2 calls=$3 limit=$4 what=$5 n verdict=PASS
    n=$(count_between "$calls")
    if [ "$n" -gt "$limit" ]; then
        verdict=FAIL
        failed=1
    fi
    echo "$verdict $name on $backend: $what: $n $calls (at most $limit)"
}

# A pattern that never matches would pass every check: each has to match
# somewhere in the trace.
seen() {
    local name=$1 calls=$2
    if ! grep -qE " ($calls)\\(" "$trace"; then
        echo "FAIL $name: the trace shows no $calls at all"
        failed=1
    fi
}

writes='write|writev|sendto|sendmsg'

for backend in epoll poll; do
    trace_scenario $backend sends &&
        check $backend sends "$writes" 10 "100,000 sends to oneself"
done

if trace_scenario epoll toggles; then
    check epoll toggles 'epoll_ctl' 0 "1,000 toggles between two polls"
    seen toggles 'epoll_ctl'
fi

if trace_scenario epoll restarts; then
    check epoll restarts 'epoll_ctl' 0 "1,000 stops and starts, polled"
    seen restarts 'epoll_ctl'
fi

if trace_scenario epoll backpressure; then
    check epoll backpressure 'epoll_ctl' 10 "100 times backpressure"
    seen backpressure 'epoll_ctl'
fi

if trace_scenario epoll roundtrips; then
    check epoll roundtrips "$writes" 2001 "1,000 round trips"
    seen roundtrips "$writes"
    if grep -q 'eventfd2(' "$trace"; then
        check epoll roundtrips 'read|readv|recvfrom' 0 "1,000 round trips"
    else
        echo "SKIP roundtrips on epoll: no reads: wakes by a pipe here"
    fi
fi

exit $failed
