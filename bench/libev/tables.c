/* SPDX-License-Identifier: MIT */
/*
 * bench-libev: its name, its version and its workloads. There is no thread
 * pool in this library.
 */
#include "ev_bench.h"

#include <stdio.h>

const char *const bench_library = "libev";

const struct bench_workload *const bench_tables[] = {
    async_workloads, timer_workloads, io_workloads, tcp_workloads, NULL};

const char *bench_library_version(void)
{
    static char version[32];

    snprintf(version, sizeof version, "%d.%d", ev_version_major(),
             ev_version_minor());
    return version;
}
