#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Tests examples/http-server: test_http.py COMMAND…, on the backend that the
environment's EDDY_BACKEND names."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
import unittest

from http_client import PATIENCE_S, Program, backend, get, post

COMMAND = []
HELLO = b"Hello from eddy.\n"


def numbers(line):
    """{name: count} of the line of statistics."""
    return {name: int(count) for name, count in
            re.findall(r"([a-z][a-z ]*) (\d+)(?:, |$)", line.rstrip())}


class Served(unittest.TestCase):
    """Each test has a server of its own, which has to end in order."""

    options = ()

    def setUp(self):
        self.server = Program(COMMAND, *self.options)
        self.addCleanup(self.stop_once)

    def stop_once(self):
        if self.server:
            server, self.server = self.server, None
            return server.stop()
        return None

    def client(self):
        client = self.server.connect()
        self.addCleanup(client.__exit__)
        return client

    @staticmethod
    def sends_and_ends(client, wire):
        sender = threading.Thread(
            target=lambda: (client.send(wire), client.end()))
        sender.start()
        return sender


class Requests(Served):
    def test_keep_alive(self):
        client = self.client()
        for _ in range(3):
            response = client.request(get("/"))
            self.assertEqual((200, HELLO), (response.status, response.body))
            self.assertNotIn("connection", response.headers)
            self.assertRegex(response.headers["date"],
                             r"^\w{3}, \d\d \w{3} \d{4} [\d:]{8} GMT$")

    def test_pipelined_in_one_packet(self):
        client = self.client()
        client.send(b"".join(post(b"number %d" % i) for i in range(100)))
        for i in range(100):
            self.assertEqual(b"number %d" % i, client.response().body)

    def test_byte_by_byte(self):
        client = self.client()
        wire = get("/").encode() + post(b"a body") + get("/?x=1").encode()
        for i in range(len(wire)):
            client.send(wire[i:i + 1])
        self.assertEqual(HELLO, client.response().body)
        self.assertEqual(b"a body", client.response().body)
        self.assertEqual(HELLO, client.response().body)

    def test_hundred_cut_anywhere(self):
        client = self.client()
        wire = b"".join(post(b"%d" % i) for i in range(100))
        for at in range(0, len(wire), 7):
            client.send(wire[at:at + 7])
        for i in range(100):
            self.assertEqual(b"%d" % i, client.response().body)

    def test_head(self):
        client = self.client()
        client.send(get("/").replace("GET", "HEAD") + get("/"))
        response = client.response(head_only=True)
        self.assertEqual(str(len(HELLO)), response.headers["content-length"])
        self.assertEqual(HELLO, client.response().body)

    def test_http_1_0(self):
        client = self.client()
        response = client.request(
            get("/", "Connection: keep-alive", version="1.0"))
        self.assertEqual("keep-alive", response.headers["connection"])
        response = client.request(get("/", version="1.0"))
        self.assertEqual("close", response.headers["connection"])
        self.assertEqual(HELLO, response.body)
        self.assertTrue(client.at_end())

    def test_connection_close(self):
        client = self.client()
        client.send(get("/", "Connection: close") + get("/") * 3)
        self.assertEqual("close", client.response().headers["connection"])
        self.assertTrue(client.at_end())

    def test_routes(self):
        client = self.client()
        self.assertEqual(404, client.request(get("/nothing")).status)
        self.assertEqual(404, client.request(get("/" + "x" * 500)).status)
        response = client.request(get("/echo"))
        self.assertEqual((405, "POST"),
                         (response.status, response.headers["allow"]))
        response = client.request(post(b"x", path="/"))
        self.assertEqual((405, "GET, HEAD"),
                         (response.status, response.headers["allow"]))
        self.assertEqual(200, client.request(get("/?a=/echo")).status)

    def test_stats(self):
        client = self.client()
        client.request(get("/"))
        response = client.request(get("/stats"))
        self.assertEqual("application/json", response.headers["content-type"])
        stats = json.loads(response.body)
        self.assertEqual((2, 1), (stats["requests"], stats["connections"]))
        self.assertGreater(stats["polls"], 0)
        if backend():
            self.assertEqual(backend(), stats["backend"])

    def test_expect_and_upgrade_are_ignored(self):
        client = self.client()
        response = client.request(post(b"body", "Expect: 100-continue"))
        self.assertEqual((200, b"body"), (response.status, response.body))
        client.send(get("/", "Connection: Upgrade", "Upgrade: h2c") + get("/"))
        self.assertEqual(HELLO, client.response().body)
        self.assertEqual(HELLO, client.response().body)


class Bodies(Served):
    MOST = 1024 * 1024

    def chunked(self, body, chunk):
        head = (b"POST /echo HTTP/1.1\r\nHost: test\r\n"
                b"Transfer-Encoding: chunked\r\n\r\n")
        parts = [body[at:at + chunk] for at in range(0, len(body), chunk)]
        return head + b"".join(b"%x\r\n%s\r\n" % (len(part), part)
                               for part in [*parts, b""])

    def test_the_largest(self):
        body = os.urandom(self.MOST)
        client = self.client()
        for wire in (post(body), self.chunked(body, 10000)):
            sender = threading.Thread(target=client.send, args=(wire,))
            sender.start()
            response = client.response()
            sender.join()
            self.assertEqual(200, response.status)
            self.assertTrue(response.body == body, "the body differs")

    def test_empty(self):
        client = self.client()
        self.assertEqual(b"", client.request(post(b"")).body)
        self.assertEqual(b"", client.request(self.chunked(b"", 1)).body)

    def refused(self, wire):
        """The server refuses before it has read all, and ends without losing
        its answer."""
        client = self.client()
        sender = threading.Thread(target=self.send_what_goes,
                                  args=(client, wire))
        sender.start()
        response = client.response()
        self.assertEqual("close", response.headers["connection"])
        sender.join()
        self.assertTrue(client.at_end()) # In order, and not by a reset.
        return response.status

    @staticmethod
    def send_what_goes(client, wire):
        try:
            client.send(wire)
            client.end()
        except OSError:
            pass # It may have closed before it got all.

    def test_announced_too_large(self):
        self.assertEqual(413, self.refused(post(bytes(self.MOST + 1))))
        client = self.client()
        client.send(post(bytes(self.MOST + 1))[:200])
        self.assertEqual(413, client.response().status) # Not waiting for it.

    def test_chunked_too_large(self):
        wire = self.chunked(bytes(self.MOST + 1), 65536)
        self.assertEqual(413, self.refused(wire))

    def test_headers_too_large(self):
        wire = get("/", "X-Long: " + "x" * 9000)
        self.assertEqual(413, self.refused(wire.encode()))
        wire = get("/", *(f"X-{i}: y" for i in range(2000)))
        self.assertEqual(413, self.refused(wire.encode()))
        self.assertEqual(413, self.refused(get("/" + "x" * 9000).encode()))

    def test_bad_requests(self):
        for wire in ("nonsense\r\n\r\n", "GET /\x01 HTTP/1.1\r\n\r\n",
                     "POST /echo HTTP/1.1\r\nContent-Length: x\r\n\r\n"):
            self.assertEqual(400, self.refused(wire.encode()), wire)
        self.assertEqual(505, self.refused(b"GET / HTTP/2.0\r\n\r\n"))

    def test_good_then_bad(self):
        client = self.client()
        client.send(get("/") + "nonsense\r\n\r\n" + get("/"))
        self.assertEqual(200, client.response().status)
        self.assertEqual(400, client.response().status)
        self.assertTrue(client.at_end())


class Connections(Served):
    def test_many(self):
        clients = [self.client() for _ in range(300)]
        for client in clients:
            client.send(get("/"))
        for client in clients:
            self.assertEqual(HELLO, client.response().body)
        stats = numbers(self.stop_once())
        self.assertEqual((300, 300), (stats["requests"], stats["connections"]))

    def test_half_close(self):
        client = self.client()
        client.send(get("/"))
        client.end()
        self.assertEqual(HELLO, client.response().body)
        self.assertTrue(client.at_end())

    def test_half_close_with_much_to_come(self):
        body = os.urandom(500000)
        client = self.client()
        wire = post(body) * 4
        sender = self.sends_and_ends(client, wire)
        for _ in range(4):
            self.assertTrue(client.response().body == body, "it differs")
        sender.join()
        self.assertTrue(client.at_end())

    def test_half_close_before_reading(self):
        """The server meets the end while answers are queued that the kernel
        did not take. How much that takes differs: one of these is a little
        more, and too little for the server to have stopped reading."""
        wire = post(bytes(192 * 1024))
        observer = self.client()
        for count in range(1, 26):
            with self.server.connect() as client:
                sender = self.sends_and_ends(client, wire * count)
                self.until_nothing_is_read(observer)
                for _ in range(count):
                    self.assertEqual(192 * 1024, len(client.response().body))
                sender.join()
                self.assertTrue(client.at_end())

    @staticmethod
    def until_nothing_is_read(observer):
        request = get("/stats")
        read, before = 0, None
        while before is None or read - before > len(request):
            time.sleep(0.02)
            stats = json.loads(observer.request(request).body)
            read, before = stats["bytes_read"], read

    def test_closed_connections_are_gone(self):
        for _ in range(30):
            with self.server.connect() as client:
                client.request(get("/"))
        client = self.client()
        give_up = time.monotonic() + PATIENCE_S
        handles = 100
        while handles > 5: # A listener, this connection and a spare one.
            stats = json.loads(client.request(get("/stats")).body)
            handles = stats["handles"]
            self.assertLess(time.monotonic(), give_up, f"{handles} handles")

    def test_ends_in_a_request(self):
        client = self.client()
        client.send("POST /echo HTTP/1.1\r\nContent-Length: 10\r\n\r\nhalf")
        client.end()
        self.assertTrue(client.at_end())

    def test_slow_reader_is_not_read_from(self):
        """A client that takes no answers cannot have the server queue them
        without end: it comes to a halt, and gets all when it reads, also if
        it has ended its side by then."""
        client = self.client()
        wire = post(bytes(65536))
        limit = 1000 * len(wire)
        sent = client.fill(wire, limit)
        self.assertLess(sent, limit, "it read what it could not answer")
        rest = wire[sent % len(wire):] + wire
        sender = self.sends_and_ends(client, rest)
        for _ in range((sent + len(rest)) // len(wire)):
            self.assertEqual(65536, len(client.response().body))
        sender.join()
        self.assertTrue(client.at_end())

    def test_resets(self):
        for wire in ("", "GET / HT", get("/") * 100):
            client = self.server.connect()
            client.send(wire)
            client.reset()
        client = self.server.connect()
        client.send(post(bytes(1000000)))
        client.reset() # While the answer is on its way.
        self.assertEqual(HELLO, self.client().request(get("/")).body)


class Idle(Served):
    options = ("--idle-timeout", "2")

    def test_idle_connections_end(self):
        silent = self.client()
        halfway = self.client()
        halfway.send("GET / HTTP/1.1\r\nX")
        served = self.client()
        self.assertEqual(HELLO, served.request(get("/")).body)
        for client in (silent, halfway, served):
            self.assertTrue(client.at_end())


class Threads(Served):
    options = ("--threads", "2")

    def test_all_serve_one_port(self):
        for _ in range(50):
            with self.server.connect() as client:
                for _ in range(4):
                    self.assertEqual(HELLO, client.request(get("/")).body)
        stats = numbers(self.stop_once())
        self.assertEqual(2, stats["threads"])
        self.assertEqual((200, 50), (stats["requests"], stats["connections"]))


class Process(Served):
    def test_ends_in_order(self):
        """With clients that idle, are in a request, and take no answers."""
        idle = self.client()
        idle.request(get("/"))
        self.client().send("POST /echo HTTP/1.1\r\nContent-Length: 9\r\n\r\nx")
        slow = self.client()
        slow.send(post(bytes(1000000)))
        self.client().request(get("/"))
        out = self.stop_once()
        self.assertEqual(1, out.count("\n"), out)
        stats = numbers(out)
        self.assertIn(stats["requests"], (2, 3)) # The large one may be cut.
        self.assertEqual(4, stats["connections"])
        for name in ("iterations", "polls", "events", "wakeups written",
                     "wakeups saved", "interest changes", "interest saved"):
            self.assertIn(name, stats)
        self.assertTrue(idle.at_end())

    def test_interrupt(self):
        server, self.server = self.server, None
        server.stop(signal.SIGINT)

    def test_port_in_use(self):
        done = run("--port", str(self.server.port))
        self.assertEqual((1, ""), (done.returncode, done.stdout))
        self.assertRegex(done.stderr, r"^http-server: .*in use\n$")

    def test_host(self):
        if not socket.has_ipv6:
            self.skipTest("no IPv6")
        try:
            with socket.socket(socket.AF_INET6) as probe:
                probe.bind(("::1", 0))
        except OSError:
            self.skipTest("no IPv6")
        self.stop_once()
        self.server = Program(COMMAND, "--host", "::1", "--threads", "2")
        self.assertEqual(HELLO, self.client().request(get("/")).body)


def run(*options):
    return subprocess.run([*COMMAND, *options], capture_output=True, text=True,
                          timeout=PATIENCE_S, check=False)


class Options(unittest.TestCase):
    def test_mistakes(self):
        for options, what, right in (
                (["--nonsense"], '"--nonsense"', "--threads"),
                (["-x"], '"-x"', "--port"),
                (["word"], '"word"', "--port"),
                (["--port"], "--port", "from 0 to 65535"),
                (["--port", "65536"], '"65536"', "from 0 to 65535"),
                (["--port", "80x"], '"80x"', "from 0 to 65535"),
                (["--port", ""], '""', "from 0 to 65535"),
                (["--threads", "0"], '"0"', "from 1 to 64"),
                (["--idle-timeout", "0"], '"0"', "from 1 to"),
                (["--backend", "nosuch"], '"nosuch"', "--list-backends"),
                (["--host", "example"], '"example"', "IPv4 or IPv6"),
                (["--help=x"], "--help", "no value")):
            done = run(*options)
            self.assertEqual((2, ""), (done.returncode, done.stdout), options)
            self.assertEqual(1, done.stderr.count("\n"), done.stderr)
            self.assertTrue(done.stderr.startswith("http-server: "))
            self.assertIn(what, done.stderr)
            self.assertIn(right, done.stderr)

    def test_help(self):
        done = run("--help")
        self.assertEqual((0, ""), (done.returncode, done.stderr))
        for name in ("--host", "--port", "--backend", "--threads"):
            self.assertIn(name, done.stdout)

    def test_list_backends(self):
        done = run("--list-backends")
        self.assertEqual((0, ""), (done.returncode, done.stderr))
        if backend():
            self.assertIn(backend(), done.stdout.splitlines())


if __name__ == "__main__":
    COMMAND[:] = sys.argv[1:]
    if not COMMAND:
        sys.exit("usage: test_http.py COMMAND…")
    unittest.main(argv=sys.argv[:1])
