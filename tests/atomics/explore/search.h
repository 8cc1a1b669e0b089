/* SPDX-License-Identifier: MIT */
/*
 * Every order in which a few threads can take their steps. A thread is a fiber
 * that stops before each step, an access to shared memory or a system call;
 * the search decides who goes on. It runs the same program again and again,
 * depth first, and leaves out orders that differ only in steps that do not
 * touch the same place: dynamic partial-order reduction (Flanagan and
 * Godefroid, POPL 2005) with sleep sets.
 *
 * A step may also be told to choose between outcomes, such as which of several
 * values a load may see: each of them is followed.
 */
#ifndef TESTS_ATOMICS_EXPLORE_SEARCH_H
#define TESTS_ATOMICS_EXPLORE_SEARCH_H

#include <stdbool.h>
#include <stdint.h>

enum { SEARCH_THREADS = 4, SEARCH_STEPS = 2000 };

/* A program: set_up runs before each execution and once for it, in which no
 * step is taken. Every thread is given its number. */
struct search_program {
    void (*set_up)(void);
    void (*threads[SEARCH_THREADS])(int self);
};

struct search_result {
    uint64_t executions; /* that came to their end */
    uint64_t cut;        /* that only repeated what had been seen */
    uint64_t steps;
    int longest;
    bool complete;       /* all were tried, within the limit */
    const char *failure; /* the first one, after which the search ends */
};

/* Searches, up to `limit` executions; 0 for all. */
struct search_result search(const struct search_program *program,
                            uint64_t limit);

/* Whether a program runs; if not, what follows must not be called. */
bool search_running(void);

/* The number of the running thread. */
int search_self(void);

/* The end of what the thread does by itself: its next step is at `where`, and
 * writes there or only reads. It returns when the step is to be taken, and not
 * before `ready`, which may be NULL, says so. Two steps can change places
 * unless both are at one place and one of them writes. */
void search_step(const void *where, bool writes, bool (*ready)(void));

/* One of 0 … count-1; once a step. */
int search_choose(int count);

/* Has notes kept, which takes time. */
void search_talk(void);

/* Says in a line what the running thread does, for the tale of a failure. */
void search_note(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Ends the execution and the search: `failure` is what is wrong. Does not
 * return. */
void search_fail(const char *failure) __attribute__((noreturn));

/* Prints the steps of the failed execution. */
void search_tell(void);

#endif
