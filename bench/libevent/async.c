/* SPDX-License-Identifier: MIT */
/*
 * Wakeups: between two loops, from a plain thread, and from the loop's own. In
 * this library one activates an event by hand; a base has to be told of
 * threads before.
 */
#include "event_bench.h"

#include "common/threads.h"

#include <event2/thread.h>

static struct event_base *open_shared_base(void)
{
    struct event_base *base;

    bench_check(evthread_use_pthreads() == 0, "evthread_use_pthreads");
    base = event_base_new();
    bench_check(base != NULL, "event_base_new");
    return base;
}

static void init_async(struct event_base *base, struct event *event,
                       event_callback_fn cb, void *arg)
{
    bench_check(event_assign(event, base, -1, EV_PERSIST, cb, arg) == 0,
                "event_assign");
}

/* Such an event is not pending, and keeps no loop going by itself. */
static void run(struct event_base *base)
{
    event_base_loop(base, EVLOOP_NO_EXIT_ON_EMPTY);
}

static void wake(struct event *event)
{
    event_active(event, EV_READ, 0);
}

/* --- ping-pong between two loops ---------------------------------------------
 */

struct side {
    struct event_base *base;
    struct event event;
    struct side *other;
    long left;   /* callbacks until this side ends */
    bool begins; /* and therefore does not answer the last one */
};

static void on_ball(evutil_socket_t fd, short events, void *arg)
{
    struct side *side = arg;
    bool last = --side->left == 0;

    (void) fd;
    (void) events;
    if (!last || !side->begins)
        wake(&side->other->event);
    if (last)
        event_base_loopbreak(side->base);
}

static void open_side(struct side *side, struct side *other, long count)
{
    side->other = other;
    side->left = count;
    side->base = open_shared_base();
    init_async(side->base, &side->event, on_ball, side);
}

static void run_side(void *arg)
{
    struct side *side = arg;

    bench_meet();
    run(side->base);
}

static void async_rtt(const struct bench_args *args)
{
    static struct side here, there;
    struct bench_peer peer;

    open_side(&here, &there, args->n);
    open_side(&there, &here, args->n);
    here.begins = true;
    bench_peer_start(&peer, run_side, &there);
    bench_meet();
    bench_begin();
    wake(&there.event);
    run(here.base);
    bench_end(args->n);
    bench_peer_join(&peer);
    bench_check(here.left == 0 && there.left == 0, "all round trips");
    event_base_free(here.base);
    event_base_free(there.base);
}

/* --- many sends to one -------------------------------------------------------
 */

struct burst {
    struct event_base *base;
    struct event event;
    atomic_bool done;
    long count;
};

static void on_burst(evutil_socket_t fd, short events, void *arg)
{
    struct burst *burst = arg;

    (void) fd;
    (void) events;
    if (atomic_load_explicit(&burst->done, memory_order_acquire))
        event_base_loopbreak(burst->base);
}

static void send_burst(void *arg)
{
    struct burst *burst = arg;

    bench_meet();
    bench_begin();
    for (long i = 0; i < burst->count; i++)
        wake(&burst->event);
    bench_end(burst->count);
    atomic_store_explicit(&burst->done, true, memory_order_release);
    wake(&burst->event);
}

static void async_burst(const struct bench_args *args)
{
    static struct burst burst;
    struct bench_peer peer;

    burst.count = args->n;
    burst.base = open_shared_base();
    init_async(burst.base, &burst.event, on_burst, &burst);
    bench_peer_start(&peer, send_burst, &burst);
    bench_meet();
    run(burst.base);
    bench_peer_join(&peer);
    event_base_free(burst.base);
}

static void on_nothing(evutil_socket_t fd, short events, void *arg)
{
    (void) fd;
    (void) events;
    (void) arg;
}

static void async_pending(const struct bench_args *args)
{
    struct event_base *base = open_shared_base();
    struct event event;

    init_async(base, &event, on_nothing, NULL);
    wake(&event);
    bench_begin();
    for (long i = 0; i < args->n; i++)
        wake(&event);
    bench_end(args->n);
    event_del(&event);
    event_base_free(base);
}

static struct event self_event;
static long self_left;

static void on_self(evutil_socket_t fd, short events, void *arg)
{
    (void) fd;
    (void) events;
    if (--self_left > 0)
        wake(&self_event);
    else
        event_base_loopbreak(arg);
}

static void async_self(const struct bench_args *args)
{
    struct event_base *base = open_shared_base();

    self_left = args->n;
    init_async(base, &self_event, on_self, base);
    wake(&self_event);
    bench_begin();
    run(base);
    bench_end(args->n);
    bench_check(self_left == 0, "all sends");
    event_base_free(base);
}

/* --- one of many -------------------------------------------------------------
 */

struct many {
    struct event_base *base;
    struct event *events;
    long count;
    long rounds;
    atomic_long seen;
};

static struct many many;

static void on_one(evutil_socket_t fd, short events, void *arg)
{
    long seen = atomic_load_explicit(&many.seen, memory_order_relaxed) + 1;

    (void) fd;
    (void) events;
    (void) arg;
    if (seen == many.rounds)
        event_base_loopbreak(many.base);
    atomic_store_explicit(&many.seen, seen, memory_order_release);
}

static void open_many(const struct bench_args *args)
{
    many.count = args->n;
    many.rounds = args->m;
    many.events = bench_alloc(many.count, sizeof *many.events);
    many.base = open_shared_base();
    for (long i = 0; i < many.count; i++)
        init_async(many.base, &many.events[i], on_one, NULL);
}

static void send_many(void *arg)
{
    uint32_t random = 1;

    (void) arg;
    bench_meet();
    bench_begin();
    for (long i = 1; i <= many.rounds; i++) {
        long which = bench_random_below(&random, many.count);

        wake(&many.events[which]);
        bench_wait_for(&many.seen, i);
    }
    bench_end(many.rounds);
}

static void async_many(const struct bench_args *args)
{
    struct bench_peer peer;

    open_many(args);
    bench_peer_start(&peer, send_many, NULL);
    bench_meet();
    run(many.base);
    bench_peer_join(&peer);
    event_base_free(many.base);
}

static void async_many_local(const struct bench_args *args)
{
    uint32_t random = 1;

    open_many(args);
    bench_begin();
    for (long i = 1; i <= many.rounds; i++) {
        long which = bench_random_below(&random, many.count);

        wake(&many.events[which]);
        while (atomic_load_explicit(&many.seen, memory_order_relaxed) < i)
            event_base_loop(many.base, EVLOOP_NONBLOCK);
    }
    bench_end(many.rounds);
    event_base_free(many.base);
}

const struct bench_workload async_workloads[] = {
    {"async_rtt", async_rtt},
    {"async_burst", async_burst},
    {"async_pending", async_pending},
    {"async_many", async_many},
    {"async_many_local", async_many_local},
    {"async_self", async_self},
    {0}};
