/* SPDX-License-Identifier: MIT */
/*
 * What the benchmark programs share. There is one program a library; each
 * has the same workloads under the same command line:
 *
 *     bench-NAME WORKLOAD[@same] [N[/M[/K]]]
 *
 * A workload is a function of a library's own code, between whose calls of
 * bench_begin() and bench_end() lies what is measured. Here are its name, its
 * usual arguments, the clock, the threads and what is not the libraries' work.
 */
#ifndef BENCH_H
#define BENCH_H

#include <stdbool.h>
#include <stdint.h>

/* The numbers of the command line; what each means, the workload says. */
struct bench_args {
    long n;
    long m;
    long k;
};

struct bench_workload {
    const char *name; /* NULL ends a table */
    void (*run)(const struct bench_args *args);
};

/* Each program has these of its own: its library's name and version, and its
 * tables of workloads, with a NULL behind the last. */
extern const char *const bench_library;
extern const struct bench_workload *const bench_tables[];
const char *bench_library_version(void);

/* Around what is measured, on any one thread. */
void bench_begin(void);
void bench_end(long operations);

/* Instead of the two above: a result that is no time. */
void bench_result(double value, const char *unit);

/* Ends the program if a call failed, or a count is not what it should be: a
 * figure of work that was not done would be worse than none. */
void bench_check(bool ok, const char *what);

/* Zero-filled memory, or the end of the program. */
void *bench_alloc(long count, unsigned long size);

void bench_sleep_ms(long ms);

/* How many descriptors the program may have. */
long bench_descriptor_limit(void);

/* Numbers that look random and are the same in every run. */
static inline uint32_t bench_random(uint32_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 17;
    *state ^= *state << 5;
    return *state;
}

/* One below `limit`, without a division. */
static inline long bench_random_below(uint32_t *state, long limit)
{
    return (long) (((uint64_t) bench_random(state) * (uint64_t) limit) >> 32);
}

#endif
