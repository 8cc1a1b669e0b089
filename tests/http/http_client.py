# SPDX-License-Identifier: MIT
"""What the tests of the examples share: a program that is run and ended in
order, and a client that reads responses off a socket byte by exact byte."""

import os
import re
import select
import signal
import socket
import struct
import subprocess

# How long to wait for what must come: long, as it is never waited out but
# where the test fails.
PATIENCE_S = 60


class Program:
    """A server that is running; stop() ends it and returns its last line."""

    def __init__(self, command, *options):
        self.process = subprocess.Popen(
            [*command, "--port", "0", *options],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        line = self.process.stdout.readline()
        found = re.fullmatch(r"listening on (?:http://)?(.*):(\d+)\n", line)
        if not found:
            self.process.kill()
            raise AssertionError(f"no address but {line!r}: "
                                 f"{self.process.communicate()}")
        self.host = found[1].strip("[]")
        self.port = int(found[2])

    def stop(self, number=signal.SIGTERM):
        self.process.send_signal(number)
        try:
            out, err = self.process.communicate(timeout=PATIENCE_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise AssertionError("it does not end on a signal") from None
        if err or self.process.returncode != 0:
            raise AssertionError(f"ended with {self.process.returncode}: {err}")
        return out

    def connect(self):
        return Client(self.host, self.port)


class Response:
    def __init__(self, status, headers, body):
        self.status = status
        self.headers = headers
        self.body = body


class Client:
    """One connection; a context manager that closes it."""

    def __init__(self, host, port):
        self.socket = socket.create_connection((host, port), PATIENCE_S)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.file = self.socket.makefile("rb")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.file.close()
        self.socket.close()

    def send(self, data):
        self.socket.sendall(data.encode() if isinstance(data, str) else data)

    def end(self):
        """Ends this side; the other can still answer."""
        self.socket.shutdown(socket.SHUT_WR)

    def reset(self):
        """Breaks the connection off: the server gets an error."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                               struct.pack("ii", 1, 0))
        self.file.close()
        self.socket.close()

    def fill(self, wire, limit):
        """Sends the wire over and over, and reads nothing, until no more is
        taken for a second. Returns how much went: less than `limit` bytes, if
        the server knows when to stop."""
        sent = 0
        self.socket.setblocking(False)
        while sent < limit and select.select([], [self.socket], [], 1)[1]:
            try:
                sent += self.socket.send(wire[sent % len(wire):])
            except BlockingIOError:
                pass
        self.socket.settimeout(PATIENCE_S)
        return sent

    def read(self, length):
        data = self.file.read(length)
        if len(data) != length:
            raise AssertionError(f"{len(data)} bytes came of {length}")
        return data

    def response(self, head_only=False):
        """The next response, and not a byte more."""
        first = self.file.readline()
        found = re.fullmatch(rb"HTTP/1\.1 (\d{3}) [A-Za-z ]+\r\n", first)
        if not found:
            raise AssertionError(f"no status line: {first!r}")
        headers = {}
        while (line := self.file.readline()) != b"\r\n":
            name, value = line.decode().removesuffix("\r\n").split(": ", 1)
            headers[name.lower()] = value
        length = 0 if head_only else int(headers["content-length"])
        return Response(int(found[1]), headers, self.read(length))

    def at_end(self):
        """Waits for the server's end, or for what comes instead."""
        return self.file.read(1) == b""

    def request(self, data, **how):
        self.send(data)
        return self.response(**how)


def get(path, *headers, version="1.1"):
    lines = [f"GET {path} HTTP/{version}", "Host: test", *headers]
    return "\r\n".join(lines) + "\r\n\r\n"


def post(body, *headers, path="/echo"):
    lines = [f"POST {path} HTTP/1.1", "Host: test",
             f"Content-Length: {len(body)}", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def backend():
    """The backend that the programs take from the environment."""
    return os.environ.get("EDDY_BACKEND")
