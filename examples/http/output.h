/* SPDX-License-Identifier: MIT */
/*
 * Bytes to be written: the responses of one read turn are put together here
 * and go out in one write. A server has a single output, for all connections.
 */
#ifndef EXAMPLES_HTTP_OUTPUT_H
#define EXAMPLES_HTTP_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>

/* All zero at first. */
struct output {
    char *bytes;
    size_t length;
    size_t room;
    bool failed; /* no memory: what is here is not all */
};

void output_append(struct output *output, const char *bytes, size_t length);
void output_printf(struct output *output, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Makes it empty; it keeps its memory. */
void output_clear(struct output *output);

void output_release(struct output *output);

#endif
