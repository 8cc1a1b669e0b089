/* SPDX-License-Identifier: MIT */
/*
 * The workloads of bench-eddy, a table a file, and what the files share.
 */
#ifndef BENCH_EDDY_H
#define BENCH_EDDY_H

#include "common/bench.h"

#include <eddy.h>

extern const struct bench_workload async_workloads[];
extern const struct bench_workload timer_workloads[];
extern const struct bench_workload io_workloads[];
extern const struct bench_workload tcp_workloads[];
extern const struct bench_workload work_workloads[];

/* Ends the program on an error. */
static inline void must(int result, const char *what)
{
    bench_check(result >= 0, what);
}

static inline void open_loop(eddy_loop *loop)
{
    must(eddy_loop_init(loop, NULL), "eddy_loop_init");
}

/* Closes all handles, and the loop. */
static inline void close_loop(eddy_loop *loop)
{
    must(eddy_loop_close_all(loop, EDDY_SEC(60), NULL), "eddy_loop_close_all");
}

#endif
