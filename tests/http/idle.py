#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Holds idle connections to an HTTP server: idle.py PORT COUNT.

Prints "holding COUNT" when all are open, and waits for the end of its input.
Then it makes a request on each: one that was dropped meanwhile fails."""

import resource
import socket
import sys

PER_ADDRESS = 5000 # Local ports of one address are limited.
REQUEST = b"GET / HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n"
PATIENCE_S = 60


def hold(port, number):
    held = socket.socket()
    held.settimeout(PATIENCE_S)
    if sys.platform == "linux": # Elsewhere there is but 127.0.0.1.
        held.bind((f"127.0.0.{2 + number // PER_ADDRESS}", 0))
    held.connect(("127.0.0.1", port))
    return held


def ask(held):
    held.sendall(REQUEST)
    return True


def answers(held):
    """Whether the response to the request that was sent is whole and 200."""
    data = b""
    while part := held.recv(4096):
        data += part
    return data.startswith(b"HTTP/1.1 200 ") and data.endswith(b"eddy.\n")


def works(call, one):
    try:
        return call(one)
    except OSError as error:
        print(f"idle.py: {error}", file=sys.stderr)
        return False


def alive(held):
    """How many of the connections still serve. All are asked before the first
    is read from: one at a time takes a server on poll(2) long."""
    asked = [one for one in held if works(ask, one)]
    return sum(works(answers, one) for one in asked)


def main():
    port, count = int(sys.argv[1]), int(sys.argv[2])
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    held = [hold(port, number) for number in range(count)]
    print("holding", count, flush=True)
    sys.stdin.read()
    still = alive(held)
    print("alive", still, flush=True)
    return 0 if still == count else 1


if __name__ == "__main__":
    sys.exit(main())
