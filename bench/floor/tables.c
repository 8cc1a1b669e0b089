/* SPDX-License-Identifier: MIT */
/*
 * bench-floor: its name and its workloads.
 */
#include "floor.h"

const char *const bench_library = "floor";

const struct bench_workload *const bench_tables[] = {
    async_workloads, timer_workloads, io_workloads,
    tcp_workloads,   work_workloads,  NULL};

const char *bench_library_version(void)
{
    return "by hand";
}
