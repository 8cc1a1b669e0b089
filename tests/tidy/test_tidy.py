#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Feeds tidy.py a tree that breaks one rule at a time: a check that cannot
fail is a defect. The compiler is the environment's CC, or cc."""
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).parent))
import tidy  # noqa: E402

GOOD = {
    "include/eddy.h": "#include <eddy/loop.h>\n",
    "include/eddy/loop.h": "#include <stddef.h>\nint eddy_run(void);\n",
    "src/core/list.h": "struct eddy__list { int x; };\n",
    "src/core/loop.c": '#include "core/list.h"\n\n#include <eddy/loop.h>\n\n'
                       "int eddy_run(void)\n{\n    return 0;\n}\n",
    "src/net/tcp.c": '#include "core/list.h"\n#include <eddy/loop.h>\n',
    "src/backend-epoll/epoll.c": "#include <eddy/loop.h>\n"
                                 "#include <sys/epoll.h>\n"
                                 '#include "own.h"\n',
    "src/net/address.c": "#include <net/if.h>\n",
    "src/backend-epoll/own.h": "",
    "tests/core/test_loop.c": '#include "core/list.h"\n#include <eddy.h>\n',
}


def long_function(lines):
    """A function of so many lines, from its name to its brace."""
    return "int\nlong_one(void)\n{\n" + "    f();\n" * (lines - 3) + "}\n"


class Tidy(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name)
        for name, text in GOOD.items():
            self.write(name, text)

    def write(self, name, text):
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def offences(self, *options):
        return tidy.check([str(self.root), *options])[0]

    def refuses(self, name, text, phrase):
        """The good tree with this file is refused, once, for this reason."""
        self.write(name, text)
        offences = self.offences()
        self.assertEqual(len(offences), 1, offences)
        self.assertIn(name, offences[0])
        self.assertIn(phrase, offences[0])

    def accepts(self, name, text):
        self.write(name, text)
        self.assertEqual(self.offences(), [])

    # --- the tree --------------------------------------------------------

    def test_good_tree(self):
        self.assertEqual(self.offences(), [])

    def test_no_tree(self):
        self.assertIn("no source", tidy.check([str(self.root / "none")])[0][0])

    # --- lengths ---------------------------------------------------------

    def test_function_of_51_lines(self):
        for name in ("src/core/a.c", "tests/core/a.c", "examples/a.c"):
            with self.subTest(name):
                self.refuses(name, long_function(51), "long_one has 51 lines")
                (self.root / name).unlink()

    def test_function_of_50_lines(self):
        self.accepts("src/core/a.c", long_function(50))

    def test_function_after_others(self):
        before = ("struct s {\n    int a[2];\n};\n"
                  "static const int t[] = {\n    1,\n    2,\n};\n"
                  "#define EACH(x) \\\n    for (;;) {\n"
                  "/* a brace { in a comment */\n"
                  "static char c = '{';\nextern \"C\" {\n")
        self.refuses("src/core/a.c", before + long_function(51) + "}\n",
                     "long_one has 51 lines")

    def test_long_table_is_no_function(self):
        self.accepts("src/core/a.c",
                     "int t[] = {\n" + "    (1),\n" * 60 + "};\n")

    def test_file_of_501_lines(self):
        self.refuses("src/core/a.c", "int x;\n" * 501, "501 lines")

    def test_file_of_500_lines(self):
        self.accepts("src/core/a.c", "int x;\n" * 500)

    def test_line_of_101_columns(self):
        self.refuses("include/eddy/a.h", "//" + "x" * 99 + "\n",
                     "101 columns")

    # --- systems ---------------------------------------------------------

    def test_system_conditionals(self):
        for system in ("__linux__", "__APPLE__", "__FreeBSD__", "_WIN32",
                       "__OpenBSD__", "__NetBSD__", "__DragonFly__"):
            for line in (f"#ifdef {system}", f"# if defined({system})",
                         f"#if 1 && \\\n  defined({system})"):
                with self.subTest(line):
                    self.refuses("src/core/a.c", line + "\n#endif\n",
                                 "asks for the system")
        self.refuses("src/core/a.c", "#if 1\n#elif __linux__\n#endif\n",
                     "asks for the system")

    def test_system_in_every_part(self):
        for part in ("net", "work", "process"):
            with self.subTest(part):
                name = f"src/{part}/a.c"
                self.refuses(name, "#ifdef __APPLE__\n#endif\n", "the system")
                (self.root / name).unlink()

    def test_system_in_comment_or_backend(self):
        self.accepts("src/core/a.c", "/* not on __linux__ */\n")
        self.accepts("src/backend-epoll/b.c", "#ifdef __linux__\n#endif\n")

    # --- marks and calls -------------------------------------------------

    def test_marks(self):
        for mark in ("/* TO" "DO later */", "// FIX" "ME", "/* XX" "X */",
                     "#if" " 0\n#endif"):
            with self.subTest(mark):
                self.refuses("src/core/a.c", mark + "\n", "left-over mark")

    def test_calls(self):
        for call in ("abort()", "exit(1)", "_exit (1)", 'printf("x")',
                     'fprintf(stderr, "x")', 'perror("x")', 'puts("x")'):
            with self.subTest(call):
                self.refuses("src/core/a.c",
                             f"void f(void)\n{{\n    {call};\n}}\n",
                             "does not call")

    def test_calls_elsewhere(self):
        self.accepts("src/core/a.c", "/* no abort() */ int n = snprintf();\n")
        self.accepts("tests/core/a.c", "int x = printf();\n")

    # --- includes --------------------------------------------------------

    def test_arrows(self):
        work = "src/work"
        self.write("src/net/tcp.h", "")
        self.write(f"{work}/pool.h", "")
        for where, line, phrase in (
                ("src/core/a.c", '"net/tcp.h"', "net is not below core"),
                (f"{work}/a.c", '"net/tcp.h"', "net is not below work"),
                ("src/net/a.c", '"work/pool.h"', "work is not below net"),
                ("src/process/a.c", '"work/pool.h"', "is not below process"),
                ("src/core/a.c", '"list.h"', "write the path"),
                ("src/core/a.c", '"../net/tcp.h"', "is not below core"),
                ("src/core/a.c", "<net/tcp.h>", "is private"),
                ("src/core/a.c", '"eddy/loop.h"', "is public"),
                ("src/core/a.c", "<eddy.h>", "all of eddy"),
                ("src/core/a.c", "<eddy/none.h>", "not there"),
                ("src/backend-epoll/a.c", '"core/list.h"', "a backend"),
                ("include/eddy/a.h", '"core/list.h"', "a public header"),
                ("include/eddy/a.h", "<core/list.h>", "is private"),
                ("src/core/a.c", '"core/loop.c"', "is no header"),
                ("tests/core/a.c", '"core/loop.c"', "is no header")):
            with self.subTest(f"{where}: {line}"):
                self.refuses(where, f"#include {line}\n", phrase)
                (self.root / where).unlink()

    def test_include_in_comment(self):
        self.accepts("src/core/a.c", '/*\n#include "net/tcp.h"\n*/\n')

    def test_cycle(self):
        self.write("src/core/a.h", '#include "core/b.h"\n')
        self.write("src/core/b.h", '#include "core/c.h"\n')
        self.write("src/core/c.h", '#include "core/a.h"\n')
        offences = self.offences()
        self.assertEqual(len(offences), 1, offences)
        self.assertIn("a.h > src/core/b.h > src/core/c.h > src/core/a.h",
                      offences[0])

    def test_cycle_of_public_headers(self):
        self.write("include/eddy/loop.h", "#include <eddy/io.h>\n")
        self.write("include/eddy/io.h", "#include <eddy/loop.h>\n")
        self.assertIn("includes itself", "".join(self.offences()))

    # --- places ----------------------------------------------------------

    def test_places(self):
        for name in ("README.md", "scripts/a", "src/core/a.c", "cmake/a.cmake"):
            for place in ("/ho" "me/me/x", "/Us" "ers/me/x",
                          str(self.root.resolve()) + "/x"):
                with self.subTest(f"{name}: {place}"):
                    self.refuses(name, f"# {place}\n" if name[-1] != "c"
                                 else f"/* {place} */\n", "one machine")
                    (self.root / name).unlink()

    # --- symbols ---------------------------------------------------------

    def library(self, code, kind):
        (self.root / "x.c").write_text(code)
        compiler = os.environ.get("CC", "cc")
        if kind == "shared":
            command = [[compiler, "-shared", "-fPIC", "-o", "x.so", "x.c"]]
        else:
            command = [[compiler, "-c", "-o", "x.o", "x.c"],
                       ["ar", "rcs", "x.a", "x.o"]]
        for words in command:
            subprocess.run(words, cwd=self.root, check=True)
        return str(self.root / ("x.so" if kind == "shared" else "x.a"))

    def test_shared_symbols(self):
        for code, bad in (("int eddy__inner;", "eddy__inner"),
                          ("int helper(void) { return 0; }", "helper")):
            path = self.library("int eddy_run;" + code, "shared")
            self.assertEqual(len(self.offences("--shared", path)), 1)
            self.assertIn(f"exports {bad}",
                          self.offences("--shared", path)[0])
        path = self.library("int eddy_run; static int helper;", "shared")
        self.assertEqual(self.offences("--shared", path), [])

    def test_static_symbols(self):
        path = self.library("int eddy_run, eddy__inner, helper;", "static")
        offences = self.offences("--static", path)
        self.assertEqual(len(offences), 1, offences)
        self.assertIn("exports helper", offences[0])

    def test_library_without_symbols(self):
        path = self.library("static int helper;", "shared")
        self.assertIn("nothing at all", self.offences("--shared", path)[0])


if __name__ == "__main__":
    unittest.main()
