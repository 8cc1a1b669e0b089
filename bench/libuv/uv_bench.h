/* SPDX-License-Identifier: MIT */
/*
 * The workloads of bench-libuv, a table a file, and what the files share.
 */
#ifndef BENCH_UV_H
#define BENCH_UV_H

#include "common/bench.h"

#include <stddef.h>
#include <uv.h>

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

static inline void close_handle(uv_handle_t *handle, void *arg)
{
    (void) arg;
    if (!uv_is_closing(handle))
        uv_close(handle, NULL);
}

/* Closes all handles, and the loop. */
static inline void close_loop(uv_loop_t *loop)
{
    uv_walk(loop, close_handle, NULL);
    uv_run(loop, UV_RUN_DEFAULT);
    must(uv_loop_close(loop), "uv_loop_close");
}

#endif
