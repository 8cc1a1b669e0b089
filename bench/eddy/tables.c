/* SPDX-License-Identifier: MIT */
/*
 * bench-eddy: its name, its version and its workloads.
 */
#include "eddy_bench.h"

#include <stddef.h>

const char *const bench_library = "eddy";

const struct bench_workload *const bench_tables[] = {
    async_workloads, timer_workloads, io_workloads,
    tcp_workloads,   work_workloads,  NULL};

const char *bench_library_version(void)
{
    return eddy_version_string();
}
