/* SPDX-License-Identifier: MIT */
/*
 * The thread pool: a queue full of work that is none, and one item at a time.
 */
#include "uv_bench.h"

static uv_loop_t loop;
static long left;

static void do_nothing(uv_work_t *work)
{
    (void) work;
}

static void on_done(uv_work_t *work, int status)
{
    (void) work;
    left -= status == 0;
}

static void work_queue(const struct bench_args *args)
{
    uv_work_t *items = bench_alloc(args->n, sizeof *items);

    left = args->n;
    must(uv_loop_init(&loop), "uv_loop_init");
    bench_begin();
    for (long i = 0; i < args->n; i++)
        uv_queue_work(&loop, &items[i], do_nothing, on_done);
    uv_run(&loop, UV_RUN_DEFAULT);
    bench_end(args->n);
    bench_check(left == 0, "all work");
    close_loop(&loop);
}

static void on_done_next(uv_work_t *work, int status)
{
    bench_check(status == 0, "work");
    if (--left > 0)
        uv_queue_work(&loop, work, do_nothing, on_done_next);
}

static void work_rtt(const struct bench_args *args)
{
    uv_work_t item;

    left = args->n;
    must(uv_loop_init(&loop), "uv_loop_init");
    bench_begin();
    uv_queue_work(&loop, &item, do_nothing, on_done_next);
    uv_run(&loop, UV_RUN_DEFAULT);
    bench_end(args->n);
    bench_check(left == 0, "all work");
    close_loop(&loop);
}

const struct bench_workload work_workloads[] = {
    {"work_queue", work_queue}, {"work_rtt", work_rtt}, {0}};
