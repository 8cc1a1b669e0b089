/* SPDX-License-Identifier: MIT */
/*
 * The table of workloads. Where a workload makes N handles and then does M
 * things with them, its arguments are N/M.
 */
#include "workloads.h"

#include <stddef.h>
#include <string.h>

static const struct bench_spec specs[] = {
    {"async_rtt", "20000", BENCH_PAIR},
    {"async_burst", "5000000", BENCH_PAIR},
    {"async_pending", "10000000", BENCH_ALONE},
    {"async_many", "10000/2000", BENCH_PAIR},
    {"async_many_local", "10000/2000", BENCH_ALONE},
    {"async_self", "1000000", BENCH_ALONE},
    {"timers_start", "1000000", BENCH_ALONE},
    {"timers_stop", "1000000", BENCH_ALONE},
    {"timers_churn", "100000/2000000", BENCH_ALONE},
    {"timers_churn_const", "100000/2000000", BENCH_ALONE},
    {"timers_fire", "1000000/1000", BENCH_ALONE},
    {"fd_chain", "1000/100/300000", BENCH_ALONE},
    {"fd_chain_timer", "1000/100/300000", BENCH_ALONE},
    {"fd_chain_event", "1000/100/300000", BENCH_ALONE},
    {"io_churn", "1000000", BENCH_ALONE},
    {"io_churn_poll", "200000", BENCH_ALONE},
    {"io_toggle", "100000", BENCH_ALONE},
    {"loop_spin", "2000000", BENCH_ALONE},
    {"tcp_echo", "50/200000", BENCH_PAIR},
    {"idle_conn_mem", "10000", BENCH_ALONE},
    {"work_queue", "100000", BENCH_POOL},
    {"work_rtt", "30000", BENCH_POOL},
    /* The regression guard's own: one thread, and no chance in them. */
    {"task_post", "100000", BENCH_ALONE},
    {"tcp_echo_alone", "50/20000", BENCH_ALONE},
    {"tcp_accept", "1000", BENCH_ALONE},
};

const struct bench_spec *bench_spec_of(const char *name)
{
    for (size_t i = 0; i < sizeof specs / sizeof *specs; i++)
        if (strcmp(specs[i].name, name) == 0)
            return &specs[i];
    return NULL;
}
