/* SPDX-License-Identifier: MIT */
/*
 * Timers: starting, stopping, restarting, firing. A start counts from the
 * loop's cached time and takes its place at once, in a callback or out of it.
 */
#include "uv_bench.h"

enum { BATCH = 1000 }; /* restarts an iteration */

static struct {
    uv_loop_t loop;
    uv_prepare_t prepare;
    uv_timer_t *timers;
    long count;
    long fired;
    void (*body)(void);
    uint64_t base_ms; /* time-outs are longer than this, */
    long spread_ms;   /* by 1 to so much */
    uint32_t random;
} t;

static void on_timer(uv_timer_t *timer)
{
    (void) timer;
    t.fired++;
}

static void on_prepare(uv_prepare_t *prepare)
{
    (void) prepare;
    t.body();
}

static void in_loop(void (*body)(void))
{
    t.body = body;
    uv_prepare_start(&t.prepare, on_prepare);
    uv_run(&t.loop, UV_RUN_NOWAIT);
    uv_prepare_stop(&t.prepare);
}

static void open_timers(long count, uint64_t base_ms, long spread_ms)
{
    t.count = count;
    t.base_ms = base_ms;
    t.spread_ms = spread_ms;
    t.random = 1;
    t.timers = bench_alloc(count, sizeof *t.timers);
    must(uv_loop_init(&t.loop), "uv_loop_init");
    must(uv_prepare_init(&t.loop, &t.prepare), "prepare_init");
    for (long i = 0; i < count; i++)
        must(uv_timer_init(&t.loop, &t.timers[i]), "timer_init");
}

static void start(uv_timer_t *timer)
{
    long more_ms = bench_random_below(&t.random, t.spread_ms) + 1;

    uv_timer_start(timer, on_timer, t.base_ms + (uint64_t) more_ms, 0);
}

static void start_all(void)
{
    for (long i = 0; i < t.count; i++)
        start(&t.timers[i]);
}

static void stop_all(void)
{
    for (long i = 0; i < t.count; i++)
        uv_timer_stop(&t.timers[i]);
}

static void timers_start(const struct bench_args *args)
{
    open_timers(args->n, 0, 1000);
    bench_begin();
    start_all();
    bench_end(args->n);
    close_loop(&t.loop);
}

static void timers_stop(const struct bench_args *args)
{
    open_timers(args->n, 10000, 1000);
    in_loop(start_all);
    bench_begin();
    in_loop(stop_all);
    bench_end(args->n);
    bench_check(t.fired == 0, "no timer fires when all are stopped");
    close_loop(&t.loop);
}

static void restart_batch(void)
{
    for (int i = 0; i < BATCH; i++)
        start(&t.timers[bench_random_below(&t.random, t.count)]);
}

static void restart_batch_const(void)
{
    for (int i = 0; i < BATCH; i++)
        uv_timer_start(&t.timers[bench_random_below(&t.random, t.count)],
                       on_timer, 30000, 0);
}

static void churn(const struct bench_args *args, void (*batch)(void))
{
    long batches = (args->m + BATCH - 1) / BATCH;

    open_timers(args->n, 60000, 60000);
    in_loop(start_all);
    bench_begin();
    for (long i = 0; i < batches; i++)
        in_loop(batch);
    bench_end(batches * BATCH);
    close_loop(&t.loop);
}

static void timers_churn(const struct bench_args *args)
{
    churn(args, restart_batch);
}

static void timers_churn_const(const struct bench_args *args)
{
    churn(args, restart_batch_const);
}

static void timers_fire(const struct bench_args *args)
{
    open_timers(args->n, 0, args->m);
    start_all();
    bench_sleep_ms(args->m + 20);
    bench_begin();
    while (t.fired < args->n)
        uv_run(&t.loop, UV_RUN_NOWAIT);
    bench_end(args->n);
    close_loop(&t.loop);
}

const struct bench_workload timer_workloads[] = {
    {"timers_start", timers_start}, {"timers_stop", timers_stop},
    {"timers_churn", timers_churn}, {"timers_churn_const", timers_churn_const},
    {"timers_fire", timers_fire},   {0}};
