/* SPDX-License-Identifier: MIT */
/*
 * What must hold of the files that hold a wakeup: each of them is linked into
 * a test of its own, which runs these.
 */
#ifndef TESTS_SUPPORT_WAKEUP_CHECKS_H
#define TESTS_SUPPORT_WAKEUP_CHECKS_H

/* Runs the tests; returns what main shall return. */
int wakeup_checks_run(void);

#endif
