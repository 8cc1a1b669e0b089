/* SPDX-License-Identifier: MIT */
/*
 * The fixture of tests that run on the system's own loop: a loop with default
 * options, which follows EDDY_BACKEND, and a check for leaked descriptors.
 *
 *     static void fires(void **state)
 *     {
 *         eddy_loop *loop = test_loop(state);
 *         …
 *         test_loop_close(loop);
 *     }
 *
 *     LOOP_TEST(fires)
 */
#ifndef TESTS_SUPPORT_LOOP_H
#define TESTS_SUPPORT_LOOP_H

#include "support/test.h"

int test_loop_setup(void **state);
int test_loop_teardown(void **state);

#define LOOP_TEST(function)                                                    \
    cmocka_unit_test_setup_teardown(function, test_loop_setup,                 \
                                    test_loop_teardown)

eddy_loop *test_loop(void **state);

/* Every test's last act: the invariants hold and the loop closes. */
void test_loop_close(eddy_loop *loop);

/* Asserts that all invariants hold. */
void test_check(const eddy_loop *loop);

/* One iteration that does not sleep, and the invariants after it. */
void test_turn(eddy_loop *loop);
void test_turns(eddy_loop *loop, int count);

/* Runs iterations until *counter is at least `wanted`; gives up, and fails,
 * when the loop has nothing left to wait for. */
void test_run_until(eddy_loop *loop, const int *counter, int wanted);

eddy_stats test_stats(const eddy_loop *loop);

#endif
