/* SPDX-License-Identifier: MIT */
/*
 * Timers: starting, stopping, restarting, firing. A start counts from the
 * loop's cached time and takes its place at once. An active timer is restarted
 * by ev_timer_again, which this library's manual recommends.
 */
#include "ev_bench.h"

enum { BATCH = 1000 }; /* restarts an iteration */

static struct {
    struct ev_loop *loop;
    ev_prepare prepare;
    ev_timer *timers;
    long count;
    long fired;
    void (*body)(void);
    double base_s;  /* time-outs are longer than this, */
    long spread_ms; /* by 1 to so much */
    uint32_t random;
} t;

static void on_timer(struct ev_loop *loop, ev_timer *timer, int events)
{
    (void) loop;
    (void) timer;
    (void) events;
    t.fired++;
}

static void on_prepare(struct ev_loop *loop, ev_prepare *prepare, int events)
{
    (void) loop;
    (void) prepare;
    (void) events;
    t.body();
}

static void in_loop(void (*body)(void))
{
    t.body = body;
    ev_prepare_start(t.loop, &t.prepare);
    ev_run(t.loop, EVRUN_NOWAIT);
    ev_prepare_stop(t.loop, &t.prepare);
}

static double random_s(void)
{
    long more_ms = bench_random_below(&t.random, t.spread_ms) + 1;

    return t.base_s + (double) more_ms * 1e-3;
}

static void open_timers(long count, double base_s, long spread_ms)
{
    t.count = count;
    t.base_s = base_s;
    t.spread_ms = spread_ms;
    t.random = 1;
    t.timers = bench_alloc(count, sizeof *t.timers);
    t.loop = open_loop();
    ev_prepare_init(&t.prepare, on_prepare);
    for (long i = 0; i < count; i++)
        ev_init(&t.timers[i], on_timer);
}

static void close_timers(void)
{
    for (long i = 0; i < t.count; i++)
        ev_timer_stop(t.loop, &t.timers[i]);
    ev_loop_destroy(t.loop);
}

static void start_all(void)
{
    for (long i = 0; i < t.count; i++) {
        ev_timer_set(&t.timers[i], random_s(), 0.);
        ev_timer_start(t.loop, &t.timers[i]);
    }
}

static void stop_all(void)
{
    for (long i = 0; i < t.count; i++)
        ev_timer_stop(t.loop, &t.timers[i]);
}

static void timers_start(const struct bench_args *args)
{
    open_timers(args->n, 0., 1000);
    bench_begin();
    start_all();
    bench_end(args->n);
    close_timers();
}

static void timers_stop(const struct bench_args *args)
{
    open_timers(args->n, 10., 1000);
    in_loop(start_all);
    bench_begin();
    in_loop(stop_all);
    bench_end(args->n);
    bench_check(t.fired == 0, "no timer fires when all are stopped");
    close_timers();
}

static void restart_batch(void)
{
    for (int i = 0; i < BATCH; i++) {
        ev_timer *timer = &t.timers[bench_random_below(&t.random, t.count)];

        timer->repeat = random_s();
        ev_timer_again(t.loop, timer);
    }
}

static void restart_batch_const(void)
{
    for (int i = 0; i < BATCH; i++) {
        ev_timer *timer = &t.timers[bench_random_below(&t.random, t.count)];

        timer->repeat = 30.;
        ev_timer_again(t.loop, timer);
    }
}

static void churn(const struct bench_args *args, void (*batch)(void))
{
    long batches = (args->m + BATCH - 1) / BATCH;

    open_timers(args->n, 60., 60000);
    in_loop(start_all);
    bench_begin();
    for (long i = 0; i < batches; i++)
        in_loop(batch);
    bench_end(batches * BATCH);
    close_timers();
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
    open_timers(args->n, 0., args->m);
    start_all();
    bench_sleep_ms(args->m + 20);
    bench_begin();
    while (t.fired < args->n)
        ev_run(t.loop, EVRUN_NOWAIT);
    bench_end(args->n);
    close_timers();
}

const struct bench_workload timer_workloads[] = {
    {"timers_start", timers_start}, {"timers_stop", timers_stop},
    {"timers_churn", timers_churn}, {"timers_churn_const", timers_churn_const},
    {"timers_fire", timers_fire},   {0}};
