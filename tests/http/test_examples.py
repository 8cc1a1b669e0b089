#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Tests the small examples: test_examples.py FOLDER [RUNNER…], where FOLDER
holds the programs and RUNNER is a command to run them by, on the backend that
the environment's EDDY_BACKEND names."""

import os
import subprocess
import sys
import threading
import unittest

from http_client import PATIENCE_S, Program

COMMANDS = {}


def run(name, *options):
    return subprocess.run([*COMMANDS[name], *options], capture_output=True,
                          text=True, timeout=PATIENCE_S, check=False)


class EchoServer(unittest.TestCase):
    def test_echoes_all_and_ends(self):
        body = os.urandom(3000000)
        server = Program(COMMANDS["echo-server"])
        with server.connect() as client:
            sender = threading.Thread(
                target=lambda: (client.send(body), client.end()))
            sender.start()
            self.assertTrue(client.read(len(body)) == body, "it differs")
            sender.join()
            self.assertTrue(client.at_end())
        server.stop()

    def test_slow_reader_is_not_read_from(self):
        wire = os.urandom(10000)
        limit = 5000 * len(wire)
        server = Program(COMMANDS["echo-server"])
        with server.connect() as client:
            sent = client.fill(wire, limit)
            self.assertLess(sent, limit, "it read what it could not echo")
            rest = wire[sent % len(wire):]
            sender = threading.Thread(
                target=lambda: (client.send(rest), client.end()))
            sender.start()
            for _ in range((sent + len(rest)) // len(wire)):
                self.assertTrue(client.read(len(wire)) == wire, "it differs")
            sender.join()
            self.assertTrue(client.at_end())
        server.stop()

    def test_many_and_broken_ones(self):
        server = Program(COMMANDS["echo-server"])
        clients = [server.connect() for _ in range(50)]
        for client in clients:
            client.send(bytes(100000))
        for client in clients[::2]:
            client.reset()
        for client in clients[1::2]:
            self.assertEqual(bytes(100000), client.read(100000))
        server.stop() # With half of them open still.
        for client in clients[1::2]:
            self.assertTrue(client.at_end())
            client.__exit__()


class DownloadProgress(unittest.TestCase):
    def test_shows_progress_and_ends(self):
        done = run("download-progress")
        self.assertEqual((0, ""), (done.returncode, done.stderr))
        # Text mode makes line ends of the carriage returns, too.
        shown = [int(part.split()[0]) for part in done.stdout.split("\n")[1:-1]]
        self.assertEqual(sorted(shown), shown)
        self.assertEqual(100, shown[-1])
        # Once from a send, at least, and once at the end.
        self.assertGreater(len(shown), 1)
        self.assertTrue(done.stdout.endswith("done\n"))


class Options(unittest.TestCase):
    def test_both(self):
        for name in COMMANDS:
            done = run(name, "--help")
            self.assertEqual((0, ""), (done.returncode, done.stderr))
            self.assertIn("--backend", done.stdout)
            done = run(name, "--nonsense")
            self.assertEqual((2, ""), (done.returncode, done.stdout))
            self.assertEqual(1, done.stderr.count("\n"), done.stderr)
            self.assertIn("--backend", done.stderr)
            self.assertEqual(2, run(name, "--backend", "nosuch").returncode)


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit("usage: test_examples.py FOLDER [RUNNER…]")
    for program in ("echo-server", "download-progress"):
        COMMANDS[program] = [*sys.argv[2:],
                             os.path.join(sys.argv[1], program)]
    unittest.main(argv=sys.argv[:1])
