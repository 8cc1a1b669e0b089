/* SPDX-License-Identifier: MIT */
/*
 * The workloads of bench-libevent, a table a file, and what the files share.
 */
#ifndef BENCH_EVENT_H
#define BENCH_EVENT_H

#include "common/bench.h"

#include <event2/event.h>
#include <event2/event_struct.h>
#include <stddef.h>
#include <sys/time.h>

extern const struct bench_workload async_workloads[];
extern const struct bench_workload timer_workloads[];
extern const struct bench_workload io_workloads[];
extern const struct bench_workload tcp_workloads[];

/* A base for one thread that leaves out what only several need. The change
 * list saves system calls; its condition, that no watched descriptor be
 * duplicated, holds here. */
static inline struct event_base *open_base(void)
{
    struct event_config *config = event_config_new();
    struct event_base *base;

    event_config_set_flag(config, EVENT_BASE_FLAG_NOLOCK |
                                      EVENT_BASE_FLAG_EPOLL_USE_CHANGELIST);
    base = event_base_new_with_config(config);
    event_config_free(config);
    bench_check(base != NULL, "event_base_new_with_config");
    return base;
}

#endif
