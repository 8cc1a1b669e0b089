#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Loads the HTTP server on each backend that was built: wrk with 256
# connections, while 10,000 others are held idle. No request may fail, no idle
# connection be dropped, and the server has to end in order; built with ASan,
# that includes that nothing leaks.
#
#     load.sh BUILD-FOLDER [ASAN-BUILD-FOLDER]
#
# IDLE and DURATION (s) in the environment change how many and how long.
set -u

build=${1:?"usage: load.sh BUILD-FOLDER [ASAN-BUILD-FOLDER]"}
asan=${2:-}
here=$(dirname "${BASH_SOURCE[0]}")
idle=${IDLE:-10000}
seconds=${DURATION:-5}
work=$(mktemp -d)
server_pid=
idle_pid=

clean_up() {
    [ -z "$idle_pid" ] || kill "$idle_pid" 2>/dev/null
    [ -z "$server_pid" ] || kill "$server_pid" 2>/dev/null
    rm -rf "$work"
}
trap clean_up EXIT

fail() {
    echo "FAIL $*"
    exit 1
}

# Waits for a line that matches in a file that the process writes.
wait_for() { # wait_for PATTERN FILE PID
    local _
    for _ in $(seq 1200); do
        grep -q "$1" "$2" && return 0
        kill -0 "$3" 2>/dev/null || return 1
        sleep 0.1
    done
    return 1
}

start_server() { # start_server PROGRAM BACKEND
    "$1" --port 0 --backend "$2" --idle-timeout 600 \
        >"$work/server" 2>"$work/errors" &
    server_pid=$!
    wait_for '^listening' "$work/server" $server_pid ||
        fail "$2: the server does not start: $(cat "$work/errors")"
    port=$(sed -n 's/^listening on .*:\([0-9]*\)$/\1/p' "$work/server")
}

# The idle connections live until the pipe that is their input ends.
start_idle() {
    rm -f "$work/hold"
    mkfifo "$work/hold"
    python3 -B "$here/idle.py" "$port" "$idle" \
        <"$work/hold" >"$work/idle" 2>&1 &
    idle_pid=$!
    exec 3>"$work/hold"
    wait_for '^holding' "$work/idle" $idle_pid ||
        fail "$1: the idle connections: $(tail -n 3 "$work/idle")"
}

run_wrk() {
    wrk -c 256 -t 2 -d "${seconds}s" --timeout 30s "http://127.0.0.1:$port/" \
        >"$work/wrk" || fail "$1: wrk: $(cat "$work/wrk")"
    if grep -E 'Socket errors|Non-2xx' "$work/wrk"; then
        fail "$1: wrk met errors"
    fi
    grep -qE '^Requests/sec: +[1-9]' "$work/wrk" ||
        fail "$1: no request was answered"
}

stop_idle() {
    local status
    exec 3>&-
    wait $idle_pid
    status=$?
    idle_pid=
    [ $status -eq 0 ] ||
        fail "$1: of $idle idle connections: $(tail -n 3 "$work/idle")"
}

stop_server() {
    local status
    kill -TERM $server_pid
    wait $server_pid
    status=$?
    server_pid=
    if [ $status -ne 0 ] || [ -s "$work/errors" ]; then
        fail "$1: ended with $status: $(head -n 30 "$work/errors")"
    fi
}

load() { # load FOLDER BACKEND WHAT
    start_server "$1/examples/http-server" "$2"
    start_idle "$3"
    run_wrk "$3"
    stop_idle "$3"
    stop_server "$3"
    echo "PASS $3: $idle idle," \
        "$(sed -n 's/^Requests\/sec: *//p' "$work/wrk") requests a second"
    tail -n 1 "$work/server"
}

command -v wrk >/dev/null || fail "wrk is not installed"
limit=$(ulimit -Hn)
[ "$limit" = unlimited ] || [ "$limit" -gt $((idle + 400)) ] ||
    fail "the limit of descriptors is $limit: $idle connections need more"

for backend in $("$build/examples/http-server" --list-backends); do
    load "$build" "$backend" "$backend"
    [ -z "$asan" ] || load "$asan" "$backend" "$backend with ASan"
done
