/* SPDX-License-Identifier: MIT */
/*
 * The workloads of bench-libev, a table a file, and what the files share.
 */
#ifndef BENCH_EV_H
#define BENCH_EV_H

#include "common/bench.h"

#include <ev.h>
#include <stddef.h>

extern const struct bench_workload async_workloads[];
extern const struct bench_workload timer_workloads[];
extern const struct bench_workload io_workloads[];
extern const struct bench_workload tcp_workloads[];

static inline struct ev_loop *open_loop(void)
{
    struct ev_loop *loop = ev_loop_new(EVFLAG_AUTO);

    bench_check(loop != NULL, "ev_loop_new");
    return loop;
}

#endif
