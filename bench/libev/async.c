/* SPDX-License-Identifier: MIT */
/*
 * Wakeups: between two loops, from a plain thread, and from the loop's own.
 */
#include "ev_bench.h"

#include "common/threads.h"

/* --- ping-pong between two loops ---------------------------------------------
 */

struct side {
    struct ev_loop *loop;
    ev_async async;
    struct side *other;
    long left;   /* callbacks until this side ends */
    bool begins; /* and therefore does not answer the last one */
};

static void on_ball(struct ev_loop *loop, ev_async *async, int events)
{
    struct side *side = async->data;
    bool last = --side->left == 0;

    (void) events;
    if (!last || !side->begins)
        ev_async_send(side->other->loop, &side->other->async);
    if (last)
        ev_async_stop(loop, async);
}

static void open_side(struct side *side, struct side *other, long count)
{
    side->other = other;
    side->left = count;
    side->loop = open_loop();
    ev_async_init(&side->async, on_ball);
    side->async.data = side;
    ev_async_start(side->loop, &side->async);
}

static void run_side(void *arg)
{
    struct side *side = arg;

    bench_meet();
    ev_run(side->loop, 0);
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
    ev_async_send(there.loop, &there.async);
    ev_run(here.loop, 0);
    bench_end(args->n);
    bench_peer_join(&peer);
    bench_check(here.left == 0 && there.left == 0, "all round trips");
    ev_loop_destroy(here.loop);
    ev_loop_destroy(there.loop);
}

/* --- many sends to one -------------------------------------------------------
 */

struct burst {
    struct ev_loop *loop;
    ev_async async;
    atomic_bool done;
    long count;
};

static void on_burst(struct ev_loop *loop, ev_async *async, int events)
{
    struct burst *burst = async->data;

    (void) events;
    if (atomic_load_explicit(&burst->done, memory_order_acquire))
        ev_async_stop(loop, async);
}

static void send_burst(void *arg)
{
    struct burst *burst = arg;

    bench_meet();
    bench_begin();
    for (long i = 0; i < burst->count; i++)
        ev_async_send(burst->loop, &burst->async);
    bench_end(burst->count);
    atomic_store(&burst->done, true);
    ev_async_send(burst->loop, &burst->async);
}

static void async_burst(const struct bench_args *args)
{
    static struct burst burst;
    struct bench_peer peer;

    burst.count = args->n;
    burst.loop = open_loop();
    ev_async_init(&burst.async, on_burst);
    burst.async.data = &burst;
    ev_async_start(burst.loop, &burst.async);
    bench_peer_start(&peer, send_burst, &burst);
    bench_meet();
    ev_run(burst.loop, 0);
    bench_peer_join(&peer);
    ev_loop_destroy(burst.loop);
}

static void on_nothing(struct ev_loop *loop, ev_async *async, int events)
{
    (void) loop;
    (void) async;
    (void) events;
}

static void async_pending(const struct bench_args *args)
{
    struct ev_loop *loop = open_loop();
    ev_async async;

    ev_async_init(&async, on_nothing);
    ev_async_start(loop, &async);
    ev_async_send(loop, &async);
    bench_begin();
    for (long i = 0; i < args->n; i++)
        ev_async_send(loop, &async);
    bench_end(args->n);
    ev_loop_destroy(loop);
}

static long self_left;

static void on_self(struct ev_loop *loop, ev_async *async, int events)
{
    (void) events;
    if (--self_left > 0)
        ev_async_send(loop, async);
    else
        ev_async_stop(loop, async);
}

static void async_self(const struct bench_args *args)
{
    struct ev_loop *loop = open_loop();
    ev_async async;

    self_left = args->n;
    ev_async_init(&async, on_self);
    ev_async_start(loop, &async);
    ev_async_send(loop, &async);
    bench_begin();
    ev_run(loop, 0);
    bench_end(args->n);
    ev_loop_destroy(loop);
}

/* --- one of many -------------------------------------------------------------
 */

struct many {
    struct ev_loop *loop;
    ev_async *asyncs;
    long count;
    long rounds;
    atomic_long seen;
};

static struct many many;

static void on_one(struct ev_loop *loop, ev_async *async, int events)
{
    long seen = atomic_load_explicit(&many.seen, memory_order_relaxed) + 1;

    (void) async;
    (void) events;
    if (seen == many.rounds)
        ev_break(loop, EVBREAK_ONE);
    atomic_store_explicit(&many.seen, seen, memory_order_release);
}

static void open_many(const struct bench_args *args)
{
    many.count = args->n;
    many.rounds = args->m;
    many.asyncs = bench_alloc(many.count, sizeof *many.asyncs);
    many.loop = open_loop();
    for (long i = 0; i < many.count; i++) {
        ev_async_init(&many.asyncs[i], on_one);
        ev_async_start(many.loop, &many.asyncs[i]);
    }
}

static void send_many(void *arg)
{
    uint32_t random = 1;

    (void) arg;
    bench_meet();
    bench_begin();
    for (long i = 1; i <= many.rounds; i++) {
        long which = bench_random_below(&random, many.count);

        ev_async_send(many.loop, &many.asyncs[which]);
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
    ev_run(many.loop, 0);
    bench_peer_join(&peer);
    ev_loop_destroy(many.loop);
}

static void async_many_local(const struct bench_args *args)
{
    uint32_t random = 1;

    open_many(args);
    bench_begin();
    for (long i = 1; i <= many.rounds; i++) {
        long which = bench_random_below(&random, many.count);

        ev_async_send(many.loop, &many.asyncs[which]);
        while (atomic_load_explicit(&many.seen, memory_order_relaxed) < i)
            ev_run(many.loop, EVRUN_NOWAIT);
    }
    bench_end(many.rounds);
    ev_loop_destroy(many.loop);
}

const struct bench_workload async_workloads[] = {
    {"async_rtt", async_rtt},
    {"async_burst", async_burst},
    {"async_pending", async_pending},
    {"async_many", async_many},
    {"async_many_local", async_many_local},
    {"async_self", async_self},
    {0}};
