/* SPDX-License-Identifier: MIT */
/*
 * Timers: starting, stopping, restarting, firing, on the wheel.
 */
#include "floor.h"

static struct {
    struct wheel wheel;
    struct timer *timers;
    long count;
    long fired;
    uint64_t base_ms; /* time-outs are longer than this, */
    long spread_ms;   /* by 1 to so much */
    uint32_t random;
} t;

static void on_timer(struct timer *timer)
{
    (void) timer;
    t.fired++;
}

static void open_timers(long count, uint64_t base_ms, long spread_ms)
{
    t.count = count;
    t.base_ms = base_ms;
    t.spread_ms = spread_ms;
    t.random = 1;
    t.timers = bench_alloc(count, sizeof *t.timers);
    wheel_init(&t.wheel, now_in_ms());
    for (long i = 0; i < count; i++)
        t.timers[i].fired = on_timer;
}

static void start(struct timer *timer)
{
    long more_ms = bench_random_below(&t.random, t.spread_ms) + 1;

    timer_start(&t.wheel, timer,
                t.wheel.now_ms + t.base_ms + (uint64_t) more_ms);
}

static void start_all(void)
{
    for (long i = 0; i < t.count; i++)
        start(&t.timers[i]);
}

static void timers_start(const struct bench_args *args)
{
    open_timers(args->n, 0, 1000);
    bench_begin();
    start_all();
    bench_end(args->n);
}

static void timers_stop(const struct bench_args *args)
{
    open_timers(args->n, 10000, 1000);
    start_all();
    bench_begin();
    for (long i = 0; i < t.count; i++)
        timer_stop(&t.timers[i]);
    bench_end(args->n);
}

static void timers_churn(const struct bench_args *args)
{
    open_timers(args->n, 60000, 60000);
    start_all();
    bench_begin();
    for (long i = 0; i < args->m; i++)
        start(&t.timers[bench_random_below(&t.random, t.count)]);
    bench_end(args->m);
}

static void timers_churn_const(const struct bench_args *args)
{
    open_timers(args->n, 60000, 60000);
    start_all();
    bench_begin();
    for (long i = 0; i < args->m; i++)
        timer_start(&t.wheel, &t.timers[bench_random_below(&t.random, t.count)],
                    t.wheel.now_ms + 30000);
    bench_end(args->m);
}

static void timers_fire(const struct bench_args *args)
{
    open_timers(args->n, 0, args->m);
    start_all();
    bench_sleep_ms(args->m + 20);
    bench_begin();
    wheel_fire(&t.wheel, now_in_ms());
    bench_end(args->n);
    bench_check(t.fired == args->n, "all timers");
}

const struct bench_workload timer_workloads[] = {
    {"timers_start", timers_start}, {"timers_stop", timers_stop},
    {"timers_churn", timers_churn}, {"timers_churn_const", timers_churn_const},
    {"timers_fire", timers_fire},   {0}};
