/* SPDX-License-Identifier: MIT */
/*
 * What run.sh counts lies between two marks: calls of getppid, which the
 * library never makes and which nothing but a trace notices.
 */
#ifndef TESTS_STRACE_MARK_H
#define TESTS_STRACE_MARK_H

#include <eddy.h>

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static inline void mark(void)
{
    (void) getppid();
}

/* Ends the program if something that a scenario rests on did not hold. */
static inline void must(bool holds, const char *what)
{
    if (holds)
        return;
    fprintf(stderr, "failed: %s\n", what);
    exit(1);
}

#endif
