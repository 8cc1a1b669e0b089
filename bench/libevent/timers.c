/* SPDX-License-Identifier: MIT */
/*
 * Timers: starting, stopping, restarting, firing. A start takes its place at
 * once; within a callback it counts from the cached time, which saves reading
 * the clock. Time-outs that are all the same use a common queue.
 */
#include "event_bench.h"

enum { BATCH = 1000 }; /* restarts an iteration */

static struct {
    struct event_base *base;
    struct event tick; /* activated by hand: calls the body within the loop */
    struct event *timers;
    const struct timeval *common;
    long count;
    long fired;
    void (*body)(void);
    long base_s;    /* time-outs are longer than this, */
    long spread_ms; /* by 1 to so much */
    uint32_t random;
} t;

static void on_timer(evutil_socket_t fd, short events, void *arg)
{
    (void) fd;
    (void) events;
    (void) arg;
    t.fired++;
}

static void on_tick(evutil_socket_t fd, short events, void *arg)
{
    (void) fd;
    (void) events;
    (void) arg;
    t.body();
}

static void in_loop(void (*body)(void))
{
    t.body = body;
    event_active(&t.tick, EV_READ, 0);
    event_base_loop(t.base, EVLOOP_NONBLOCK);
}

static void open_timers(long count, long base_s, long spread_ms)
{
    struct timeval half_a_minute = {.tv_sec = 30};

    t.count = count;
    t.base_s = base_s;
    t.spread_ms = spread_ms;
    t.random = 1;
    t.timers = bench_alloc(count, sizeof *t.timers);
    t.base = open_base();
    t.common = event_base_init_common_timeout(t.base, &half_a_minute);
    bench_check(t.common != NULL, "event_base_init_common_timeout");
    event_assign(&t.tick, t.base, -1, EV_PERSIST, on_tick, NULL);
    for (long i = 0; i < count; i++)
        evtimer_assign(&t.timers[i], t.base, on_timer, NULL);
}

static void close_timers(void)
{
    for (long i = 0; i < t.count; i++)
        event_del(&t.timers[i]);
    event_base_free(t.base);
}

static void start(struct event *timer)
{
    long more_ms = bench_random_below(&t.random, t.spread_ms) + 1;
    struct timeval timeout = {.tv_sec = t.base_s + more_ms / 1000,
                              .tv_usec = more_ms % 1000 * 1000};

    event_add(timer, &timeout);
}

static void start_all(void)
{
    for (long i = 0; i < t.count; i++)
        start(&t.timers[i]);
}

static void stop_all(void)
{
    for (long i = 0; i < t.count; i++)
        event_del(&t.timers[i]);
}

static void start_all_timed(void)
{
    bench_begin();
    start_all();
    bench_end(t.count);
}

static void timers_start(const struct bench_args *args)
{
    open_timers(args->n, 0, 1000);
    in_loop(start_all_timed);
    close_timers();
}

static void timers_stop(const struct bench_args *args)
{
    open_timers(args->n, 10, 1000);
    in_loop(start_all);
    bench_begin();
    in_loop(stop_all);
    bench_end(args->n);
    bench_check(t.fired == 0, "no timer fires when all are stopped");
    close_timers();
}

static void restart_batch(void)
{
    for (int i = 0; i < BATCH; i++)
        start(&t.timers[bench_random_below(&t.random, t.count)]);
}

static void restart_batch_const(void)
{
    for (int i = 0; i < BATCH; i++)
        event_add(&t.timers[bench_random_below(&t.random, t.count)], t.common);
}

static void churn(const struct bench_args *args, void (*batch)(void))
{
    long batches = (args->m + BATCH - 1) / BATCH;

    open_timers(args->n, 60, 60000);
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
    open_timers(args->n, 0, args->m);
    start_all();
    bench_sleep_ms(args->m + 20);
    bench_begin();
    while (t.fired < args->n)
        event_base_loop(t.base, EVLOOP_NONBLOCK);
    bench_end(args->n);
    close_timers();
}

const struct bench_workload timer_workloads[] = {
    {"timers_start", timers_start}, {"timers_stop", timers_stop},
    {"timers_churn", timers_churn}, {"timers_churn_const", timers_churn_const},
    {"timers_fire", timers_fire},   {0}};
