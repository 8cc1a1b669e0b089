/* SPDX-License-Identifier: MIT */
/*
 * bench-libuv: its name, its version and its workloads.
 */
#include "uv_bench.h"

const char *const bench_library = "libuv";

const struct bench_workload *const bench_tables[] = {
    async_workloads, timer_workloads, io_workloads,
    tcp_workloads,   work_workloads,  NULL};

const char *bench_library_version(void)
{
    return uv_version_string();
}
