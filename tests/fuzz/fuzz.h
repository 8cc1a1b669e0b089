/* SPDX-License-Identifier: MIT */
/*
 * What the harnesses share: the input, read as a program byte by byte, and
 * how a disagreement ends the run. A harness is one function that libFuzzer,
 * AFL++ and the driver beside this file all call.
 */
#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* In such a build all that the library takes in portions comes in the smallest
 * ones: how many it takes is then not compared. */
#ifdef EDDY_STRESS
enum { FUZZ_STRESS = 1 };
#else
enum { FUZZ_STRESS = 0 };
#endif

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* From here on fuzz_take reads this. */
void fuzz_begin(const uint8_t *data, size_t size);

/* The next byte; 0 for ever when there is none left. */
unsigned fuzz_take(void);
bool fuzz_left(void);

/* Prints what did not hold, and where, and aborts: a fuzzer keeps the input
 * that led here. */
_Noreturn void fuzz_fail(const char *file, int line, const char *what);

/* Says what was done, if FUZZ_TRACE is set in the environment. */
__attribute__((format(printf, 1, 2))) void fuzz_trace(const char *format, ...);

#define HOLDS(condition)                                                       \
    ((condition) ? (void) 0 : fuzz_fail(__FILE__, __LINE__, #condition))

#endif
