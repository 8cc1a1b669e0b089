#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Feeds guarantees.py a tree that breaks one rule at a time: a check that
cannot fail is a defect."""
import pathlib
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).parent))
import guarantees  # noqa: E402

PAGE = """# What eddy guarantees

## Wakeups

- None is lost, whatever
  happens.
  - `core/wakeup: is_seen, two_wake_each_other`
  - `core/litmus: is_seen`, `soak/senders`
  - `conformance/time: comes_first`, gate `tsan`,
    test `tidy`

# What is not promised

- **This.** And that. See gate `tsan`.
"""

GOOD = {
    guarantees.PAGE: PAGE,
    "tests/CMakeLists.txt": "eddy_test(core/test_wakeup.c)\n"
                            "eddy_test(core/test_litmus.c ONCE)\n"
                            "eddy_test(conformance/test_time.c)\n",
    "tests/core/test_wakeup.c": "static void unused(void **state);\n"
                                "LOOP_TEST(is_seen),\n"
                                "cmocka_unit_test_setup_teardown(\n"
                                "    two_wake_each_other, NULL, NULL),\n",
    "tests/core/test_litmus.c": "cmocka_unit_test(is_seen),\n",
    "tests/conformance/test_time.c": '.name = "comes_first",\n',
    "tests/soak/CMakeLists.txt": "add_executable(soak\n    senders.c)\n",
    "tests/soak/senders.c": "",
    "tests/soak/idlers.c": "",
    ".ci/run": 'gates=(\n    "tsan  races"\n    "gone  is not"\n)\n'
               "gate_tsan() { :; }\n",
    "cmake/tree-tests.cmake": "add_test(NAME tidy COMMAND x)\n",
}


class Guarantees(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name)
        for name, text in GOOD.items():
            path = self.root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")

    def offences(self):
        return guarantees.check(self.root)[0]

    def refuses(self, before, after, phrase, name=guarantees.PAGE):
        """The good tree with this change is refused for this reason alone."""
        text = GOOD[name]
        self.assertIn(before, text)
        path = self.root / name
        path.write_text(text.replace(before, after), encoding="utf-8")
        offences = self.offences()
        path.write_text(text, encoding="utf-8")
        self.assertEqual(len(offences), 1, offences)
        self.assertIn(phrase, offences[0])

    def test_good_tree(self):
        self.assertEqual(guarantees.check(self.root), ([], 1))

    def test_no_page(self):
        (self.root / guarantees.PAGE).unlink()
        self.assertIn("no promises", self.offences()[0])

    def test_no_end(self):
        self.refuses(PAGE[PAGE.index("# What is not"):], "", "not their end")

    def test_case_that_is_not_there(self):
        self.refuses("two_wake_each_other", "three_do", "runs no three_do")
        self.refuses("comes_first", "comes", "runs no comes")
        self.refuses("core/litmus: is_seen", "core/litmus: seen", "no seen")

    def test_case_that_is_not_registered(self):
        self.refuses("two_wake_each_other", "unused", "runs no unused")

    def test_file_that_is_not_there(self):
        self.refuses("core/litmus:", "core/none:", "no tests/core/test_none.c")

    def test_file_that_is_not_registered(self):
        self.refuses("eddy_test(core/test_litmus.c ONCE)\n", "",
                     "is not registered", "tests/CMakeLists.txt")

    def test_soak(self):
        self.refuses("soak/senders", "soak/none", "no tests/soak/none.c")
        self.refuses("soak/senders", "soak/idlers", "is not built")

    def test_gates(self):
        self.refuses("gate `tsan`,", "gate `none`,", "no gate none")
        self.refuses("gate `tsan`,", "gate `gone`,", "no gate gone")
        self.refuses("gate `tsan`.", "gate `none`.", "no gate none")

    def test_tests_of_the_tree(self):
        self.refuses("test `tidy`", "test `tid`", "no test tid of")

    def test_what_is_no_holder(self):
        self.refuses("test `tidy`", "careful people", "careful people")
        self.refuses("`soak/senders`", "`core/wakeup`", "is neither")

    def test_promise_without_holder(self):
        self.refuses("\n# What is", "\n- And this.\n\n# What is", "nothing")

    def test_promise_of_two_sentences(self):
        self.refuses("happens.", "happens. Ever.", "one sentence")
        self.refuses("happens.", "happens", "one sentence")


if __name__ == "__main__":
    unittest.main()
