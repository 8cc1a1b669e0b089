/* SPDX-License-Identifier: MIT */
/*
 * The thread pool: a queue full of work that is none, and one item at a time.
 */
#include "eddy_bench.h"

static eddy_loop loop;
static long left;

static void do_nothing(eddy_work *work)
{
    (void) work;
}

static void on_done(eddy_work *work, int status)
{
    (void) work;
    left -= status == 0;
}

static void work_queue(const struct bench_args *args)
{
    eddy_work *items = bench_alloc(args->n, sizeof *items);

    left = args->n;
    open_loop(&loop);
    bench_begin();
    for (long i = 0; i < args->n; i++)
        eddy_work_submit(&loop, &items[i], do_nothing, on_done);
    eddy_run(&loop, EDDY_RUN_DEFAULT);
    bench_end(args->n);
    bench_check(left == 0, "all work");
    close_loop(&loop);
}

static void on_done_next(eddy_work *work, int status)
{
    bench_check(status == 0, "work");
    if (--left > 0)
        eddy_work_submit(&loop, work, do_nothing, on_done_next);
}

static void work_rtt(const struct bench_args *args)
{
    eddy_work item = {0};

    left = args->n;
    open_loop(&loop);
    bench_begin();
    eddy_work_submit(&loop, &item, do_nothing, on_done_next);
    eddy_run(&loop, EDDY_RUN_DEFAULT);
    bench_end(args->n);
    bench_check(left == 0, "all work");
    close_loop(&loop);
}

const struct bench_workload work_workloads[] = {
    {"work_queue", work_queue}, {"work_rtt", work_rtt}, {0}};
