/* SPDX-License-Identifier: MIT */
/*
 * Wakeups: between two loops, from a plain thread, and from the loop's own.
 */
#include "floor.h"

#include "common/threads.h"

/* --- ping-pong between two loops ---------------------------------------------
 */

struct side {
    struct message message; /* first: the side is found by it */
    struct loop loop;
    struct side *other;
    long left;   /* callbacks until this side ends */
    bool begins; /* and therefore does not answer the last one */
};

static void on_ball(struct message *message)
{
    struct side *side = (struct side *) message;
    bool last = --side->left == 0;

    if (!last || !side->begins)
        message_send(&side->other->loop, &side->other->message);
    side->loop.stopped = last;
}

static void open_side(struct side *side, struct side *other, long count)
{
    side->other = other;
    side->left = count;
    loop_open(&side->loop);
    side->message.arrived = on_ball;
}

static void run_side(void *arg)
{
    struct side *side = arg;

    bench_meet();
    loop_run(&side->loop);
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
    message_send(&there.loop, &there.message);
    loop_run(&here.loop);
    bench_end(args->n);
    bench_peer_join(&peer);
    bench_check(here.left == 0 && there.left == 0, "all round trips");
    loop_close(&here.loop);
    loop_close(&there.loop);
}

/* --- many sends to one -------------------------------------------------------
 */

static struct {
    struct message message;
    struct loop loop;
    atomic_bool done;
    long count;
} burst;

static void on_burst(struct message *message)
{
    (void) message;
    burst.loop.stopped =
        atomic_load_explicit(&burst.done, memory_order_acquire);
}

static void send_burst(void *arg)
{
    (void) arg;
    bench_meet();
    bench_begin();
    for (long i = 0; i < burst.count; i++)
        message_send(&burst.loop, &burst.message);
    bench_end(burst.count);
    atomic_store_explicit(&burst.done, true, memory_order_release);
    message_send(&burst.loop, &burst.message);
}

static void async_burst(const struct bench_args *args)
{
    struct bench_peer peer;

    burst.count = args->n;
    burst.message.arrived = on_burst;
    loop_open(&burst.loop);
    bench_peer_start(&peer, send_burst, NULL);
    bench_meet();
    loop_run(&burst.loop);
    bench_peer_join(&peer);
    loop_close(&burst.loop);
}

static void on_nothing(struct message *message)
{
    (void) message;
}

static void async_pending(const struct bench_args *args)
{
    struct loop loop;
    struct message message = {.arrived = on_nothing};

    loop_open(&loop);
    message_send(&loop, &message);
    bench_begin();
    for (long i = 0; i < args->n; i++)
        message_send(&loop, &message);
    bench_end(args->n);
    loop_turn(&loop, false);
    loop_close(&loop);
}

static struct loop self_loop;
static long self_left;

static void on_self(struct message *message)
{
    if (--self_left > 0)
        message_send(&self_loop, message);
    else
        self_loop.stopped = true;
}

static void async_self(const struct bench_args *args)
{
    struct message message = {.arrived = on_self};

    self_left = args->n;
    loop_open(&self_loop);
    message_send(&self_loop, &message);
    bench_begin();
    loop_run(&self_loop);
    bench_end(args->n);
    loop_close(&self_loop);
}

/* --- one of many -------------------------------------------------------------
 */

static struct {
    struct loop loop;
    struct message *messages;
    long count;
    long rounds;
    atomic_long seen;
} many;

static void on_one(struct message *message)
{
    long seen = atomic_load_explicit(&many.seen, memory_order_relaxed) + 1;

    (void) message;
    if (seen == many.rounds)
        many.loop.stopped = true;
    atomic_store_explicit(&many.seen, seen, memory_order_release);
}

static void open_many(const struct bench_args *args)
{
    many.count = args->n;
    many.rounds = args->m;
    many.messages = bench_alloc(many.count, sizeof *many.messages);
    loop_open(&many.loop);
    for (long i = 0; i < many.count; i++)
        many.messages[i].arrived = on_one;
}

static void send_many(void *arg)
{
    uint32_t random = 1;

    (void) arg;
    bench_meet();
    bench_begin();
    for (long i = 1; i <= many.rounds; i++) {
        long which = bench_random_below(&random, many.count);

        message_send(&many.loop, &many.messages[which]);
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
    loop_run(&many.loop);
    bench_peer_join(&peer);
    loop_close(&many.loop);
}

static void async_many_local(const struct bench_args *args)
{
    uint32_t random = 1;

    open_many(args);
    bench_begin();
    for (long i = 1; i <= many.rounds; i++) {
        long which = bench_random_below(&random, many.count);

        message_send(&many.loop, &many.messages[which]);
        while (atomic_load_explicit(&many.seen, memory_order_relaxed) < i)
            loop_turn(&many.loop, false);
    }
    bench_end(many.rounds);
    loop_close(&many.loop);
}

const struct bench_workload async_workloads[] = {
    {"async_rtt", async_rtt},
    {"async_burst", async_burst},
    {"async_pending", async_pending},
    {"async_many", async_many},
    {"async_many_local", async_many_local},
    {"async_self", async_self},
    {0}};
