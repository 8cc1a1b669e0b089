/* SPDX-License-Identifier: MIT */
/*
 * What one run counts, and which of its calls shall fail. The tally lies in
 * memory that is shared with forked children, so that a child's calls count
 * too, and so that the runner learns of what a process did that is no more.
 */
#ifndef TESTS_FAULTS_TALLY_H
#define TESTS_FAULTS_TALLY_H

#include "faults/kinds.h"

enum { TALLY_TRACE = 4096, TALLY_PLAN = 4, TALLY_WHY = 200 };

/* The index-th call of a kind, from 1, is to fail with the error. */
struct fault {
    enum kind kind;
    unsigned index;
    int error; /* as errno, or FAULT_… */
};

struct plan {
    struct fault faults[TALLY_PLAN];
    int count;
};

struct tally {
    struct plan plan;
    unsigned calls[KINDS];
    unsigned total;
    unsigned char trace[TALLY_TRACE]; /* the kinds, in the order of calling */
    int struck;                       /* faults of the plan that were met */
    int heard; /* errors that the library spoke of, in child processes too */
    char why[TALLY_WHY]; /* the run failed; empty: it did not */
};

/* The one there is; made once, before any fork. */
extern struct tally *tally;

void tally_create(void);

/* A run begins. */
void tally_begin(const struct plan *plan);

/* Counts a call: 0, or with what it is to fail, as errno or FAULT_…. The
 * loop's thread, or one that it waits for. */
int tally_strike(enum kind kind);

/* Whether no fault that was met could do harm. */
bool tally_harmless(void);

/* The run has failed: notes why and ends the process. */
_Noreturn void tally_fail(const char *file, int line, const char *why);

/* The exit status of that. */
enum { TALLY_FAILED = 9 };

#define REQUIRE(condition)                                                     \
    ((condition) ? (void) 0 : tally_fail(__FILE__, __LINE__, #condition))

#endif
