/* SPDX-License-Identifier: MIT */
/*
 * The names of all workloads, their usual arguments, and the processors that
 * each runs on. docs/benchmarks.md says what they are.
 */
#ifndef BENCH_WORKLOADS_H
#define BENCH_WORKLOADS_H

#include <stdbool.h>

enum bench_threads {
    BENCH_ALONE, /* one thread, on one processor */
    BENCH_PAIR,  /* two, each on its own processor; @same: both on one */
    BENCH_POOL   /* threads of the library's: on all processors */
};

struct bench_spec {
    const char *name;
    const char *usual; /* arguments; as many must be given as stand here */
    enum bench_threads threads;
};

/* NULL if there is none of this name. */
const struct bench_spec *bench_spec_of(const char *name);

#endif
