/* SPDX-License-Identifier: MIT */
/*
 * What every test includes: cmocka with the headers that it needs before it,
 * eddy, and how large a test may be on the machine it runs on.
 */
#ifndef TESTS_SUPPORT_TEST_H
#define TESTS_SUPPORT_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <eddy.h>

/* How many rounds of something to run: `count`, or a percentage of it given
 * in EDDY_TEST_SCALE, or a tenth where code runs slowly (under a sanitizer or
 * valgrind). Never 0. */
size_t test_scale(size_t count);

bool test_under_valgrind(void);

/* Under the address or the thread sanitizer. */
bool test_sanitized(void);

/* Small and repeatable random numbers: never seeded by the time. */
uint64_t test_random(uint64_t *state);

/* Fills memory that the library must not touch any more. */
void test_poison(void *memory, size_t size);

/* Whether all of it is still as test_poison left it. */
bool test_poisoned(const void *memory, size_t size);

#endif
