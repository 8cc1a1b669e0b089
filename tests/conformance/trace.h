/* SPDX-License-Identifier: MIT */
/*
 * What happened in a script, as lines of text, and the comparison with what
 * should have.
 *
 * A callback is a block: its report, and below it what it did, indented. The
 * order of descriptors within a batch is promised by nobody, so blocks of
 * descriptors that follow one another in one step of the script are sorted;
 * everything else stays where it came.
 */
#ifndef TESTS_CONFORMANCE_TRACE_H
#define TESTS_CONFORMANCE_TRACE_H

#include <stdbool.h>

enum { TRACE_LINES = 200, TRACE_COLUMNS = 96 };

enum trace_kind {
    TRACE_SCRIPT, /* a command, or the answer to it */
    TRACE_IO,     /* a callback for a descriptor */
    TRACE_REPORT, /* any other callback */
    TRACE_INNER   /* within a callback */
};

struct trace_line {
    enum trace_kind kind;
    char text[TRACE_COLUMNS];
};

/* Zero-filled at first. */
struct trace {
    struct trace_line lines[TRACE_LINES];
    int count;
    int step; /* the first line of the step */
};

/* Adds a line; what does not fit is cut off, the last line then says so. */
void trace_add(struct trace *trace, enum trace_kind kind, const char *text);

/* The last line of a kind in this step, or NULL if there is none or if other
 * lines came after it. */
struct trace_line *trace_last(struct trace *trace, enum trace_kind kind);

/* Takes the last line back. */
void trace_drop(struct trace *trace);

/* A step begins. */
void trace_step(struct trace *trace);

/* Sorts what may be sorted in this step. */
void trace_sort(struct trace *trace);

/* The callbacks in this step. */
int trace_reports(const struct trace *trace);

/* Whether the trace is the expected text, of lines that each end with a
 * newline. If not, prints both as a diff. */
bool trace_matches(const struct trace *trace, const char *expected);

#endif
