/* SPDX-License-Identifier: MIT */
/*
 * Wakeups: between two loops, from a plain thread, and from the loop's own.
 */
#include "uv_bench.h"

#include "common/threads.h"

/* --- ping-pong between two loops ---------------------------------------------
 */

struct side {
    uv_loop_t loop;
    uv_async_t async;
    struct side *other;
    long left;   /* callbacks until this side ends */
    bool begins; /* and therefore does not answer the last one */
};

static void on_ball(uv_async_t *async)
{
    struct side *side = async->data;
    bool last = --side->left == 0;

    if (!last || !side->begins)
        uv_async_send(&side->other->async);
    if (last)
        uv_close((uv_handle_t *) async, NULL);
}

static void open_side(struct side *side, struct side *other, long count)
{
    side->other = other;
    side->left = count;
    must(uv_loop_init(&side->loop), "uv_loop_init");
    must(uv_async_init(&side->loop, &side->async, on_ball), "async_init");
    side->async.data = side;
}

static void run_side(void *arg)
{
    struct side *side = arg;

    bench_meet();
    must(uv_run(&side->loop, UV_RUN_DEFAULT), "uv_run");
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
    uv_async_send(&there.async);
    must(uv_run(&here.loop, UV_RUN_DEFAULT), "uv_run");
    bench_end(args->n);
    bench_peer_join(&peer);
    close_loop(&here.loop);
    close_loop(&there.loop);
}

/* --- many sends to one -------------------------------------------------------
 */

struct burst {
    uv_async_t async;
    atomic_bool done;
    long count;
};

static void on_burst(uv_async_t *async)
{
    struct burst *burst = async->data;

    if (atomic_load_explicit(&burst->done, memory_order_acquire))
        uv_close((uv_handle_t *) async, NULL);
}

static void send_burst(void *arg)
{
    struct burst *burst = arg;

    bench_meet();
    bench_begin();
    for (long i = 0; i < burst->count; i++)
        uv_async_send(&burst->async);
    bench_end(burst->count);
    /* Sequentially consistent: this library's send orders nothing by itself
     * when the handle is pending already. */
    atomic_store(&burst->done, true);
    uv_async_send(&burst->async);
}

static void async_burst(const struct bench_args *args)
{
    static struct burst burst;
    struct bench_peer peer;
    uv_loop_t loop;

    burst.count = args->n;
    must(uv_loop_init(&loop), "uv_loop_init");
    must(uv_async_init(&loop, &burst.async, on_burst), "async_init");
    burst.async.data = &burst;
    bench_peer_start(&peer, send_burst, &burst);
    bench_meet();
    must(uv_run(&loop, UV_RUN_DEFAULT), "uv_run");
    bench_peer_join(&peer);
    close_loop(&loop);
}

static void on_nothing(uv_async_t *async)
{
    (void) async;
}

static void async_pending(const struct bench_args *args)
{
    uv_loop_t loop;
    uv_async_t async;

    must(uv_loop_init(&loop), "uv_loop_init");
    must(uv_async_init(&loop, &async, on_nothing), "async_init");
    uv_async_send(&async);
    bench_begin();
    for (long i = 0; i < args->n; i++)
        uv_async_send(&async);
    bench_end(args->n);
    close_loop(&loop);
}

static long self_left;

static void on_self(uv_async_t *async)
{
    if (--self_left > 0)
        uv_async_send(async);
    else
        uv_close((uv_handle_t *) async, NULL);
}

static void async_self(const struct bench_args *args)
{
    uv_loop_t loop;
    uv_async_t async;

    self_left = args->n;
    must(uv_loop_init(&loop), "uv_loop_init");
    must(uv_async_init(&loop, &async, on_self), "async_init");
    uv_async_send(&async);
    bench_begin();
    must(uv_run(&loop, UV_RUN_DEFAULT), "uv_run");
    bench_end(args->n);
    close_loop(&loop);
}

/* --- one of many -------------------------------------------------------------
 */

struct many {
    uv_loop_t loop;
    uv_async_t *asyncs;
    long count;
    long rounds;
    atomic_long seen;
};

static struct many many;

static void on_one(uv_async_t *async)
{
    long seen = atomic_load_explicit(&many.seen, memory_order_relaxed) + 1;

    if (seen == many.rounds)
        uv_stop(async->loop);
    atomic_store_explicit(&many.seen, seen, memory_order_release);
}

static void open_many(const struct bench_args *args)
{
    many.count = args->n;
    many.rounds = args->m;
    many.asyncs = bench_alloc(many.count, sizeof *many.asyncs);
    must(uv_loop_init(&many.loop), "uv_loop_init");
    for (long i = 0; i < many.count; i++)
        must(uv_async_init(&many.loop, &many.asyncs[i], on_one), "async_init");
}

static void send_many(void *arg)
{
    uint32_t random = 1;

    (void) arg;
    bench_meet();
    bench_begin();
    for (long i = 1; i <= many.rounds; i++) {
        long which = bench_random_below(&random, many.count);

        uv_async_send(&many.asyncs[which]);
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
    must(uv_run(&many.loop, UV_RUN_DEFAULT), "uv_run");
    bench_peer_join(&peer);
    close_loop(&many.loop);
}

static void async_many_local(const struct bench_args *args)
{
    uint32_t random = 1;

    open_many(args);
    bench_begin();
    for (long i = 1; i <= many.rounds; i++) {
        long which = bench_random_below(&random, many.count);

        uv_async_send(&many.asyncs[which]);
        while (atomic_load_explicit(&many.seen, memory_order_relaxed) < i)
            uv_run(&many.loop, UV_RUN_NOWAIT);
    }
    bench_end(many.rounds);
    close_loop(&many.loop);
}

const struct bench_workload async_workloads[] = {
    {"async_rtt", async_rtt},
    {"async_burst", async_burst},
    {"async_pending", async_pending},
    {"async_many", async_many},
    {"async_many_local", async_many_local},
    {"async_self", async_self},
    {0}};
