/* SPDX-License-Identifier: MIT */
/*
 * The input as a program, and the end of a run that found something.
 */
#include "fuzz/fuzz.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

static const uint8_t *at;
static const uint8_t *end;
static int tracing = -1; /* not known yet */

void fuzz_begin(const uint8_t *data, size_t size)
{
    at = data;
    end = size > 0 ? data + size : data; /* NULL has no other end */
    if (tracing < 0)
        tracing = getenv("FUZZ_TRACE") != NULL;
}

unsigned fuzz_take(void)
{
    return at < end ? *at++ : 0;
}

bool fuzz_left(void)
{
    return at < end;
}

_Noreturn void fuzz_fail(const char *file, int line, const char *what)
{
    (void) fprintf(stderr, "%s:%d: does not hold: %s\n", file, line, what);
    abort();
}

void fuzz_trace(const char *format, ...)
{
    va_list arguments;

    if (tracing <= 0)
        return;
    va_start(arguments, format);
    (void) vfprintf(stderr, format, arguments);
    va_end(arguments);
    (void) fputc('\n', stderr);
}
