/* SPDX-License-Identifier: MIT */
/*
 * bench-libevent: its name, its version and its workloads. There is no thread
 * pool in this library.
 */
#include "event_bench.h"

const char *const bench_library = "libevent";

const struct bench_workload *const bench_tables[] = {
    async_workloads, timer_workloads, io_workloads, tcp_workloads, NULL};

const char *bench_library_version(void)
{
    return event_get_version();
}
