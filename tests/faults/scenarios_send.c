/* SPDX-License-Identifier: MIT */
/*
 * Asyncs and tasks: sent by the loop's own thread, and while the loop sleeps.
 */
#include "faults/scenarios.h"
#include "faults/scene.h"

static void close_actor(struct actor *actor)
{
    actor_close(actor);
}

static void async_own(void)
{
    struct actor *async = actor_async();

    async->act = close_actor;
    for (int i = 0; i < 3; i++)
        INSIST(eddy_async_send(&async->as.async));
    drive();
    EXPECT(async->calls == 1); /* they coalesce */
    EXPECT(async->life == ACTOR_CLOSED);
}

static void send_twice(void *arg)
{
    struct actor *actor = arg;

    INSIST(eddy_async_send(&actor->as.async));
    INSIST(eddy_async_send(&actor->as.async));
}

/* By others, while the loop sleeps. */
static void async_asleep(void)
{
    struct actor *first = actor_async();
    struct actor *second = actor_async();

    first->act = close_actor;
    second->act = close_actor;
    world_meanwhile(send_twice, first);
    world_meanwhile(send_twice, second);
    drive();
    EXPECT(first->calls == 1 && second->calls == 1);
}

/* Closed with a send on its way: that ends in the close callback alone. */
static void async_close_pending(void)
{
    struct actor *async = actor_async();
    struct actor *deaf = actor_async();

    INSIST(eddy_async_send(&async->as.async));
    actor_close(async);
    REQUIRE(eddy_async_send(&async->as.async) == EDDY_EINVAL);
    actor_close(deaf);
    drive();
    REQUIRE(async->calls == 0 && deaf->calls == 0);
    EXPECT(async->life == ACTOR_CLOSED && deaf->life == ACTOR_CLOSED);
}

static int turn; /* of the tasks, which run in order */

static void in_turn(struct order *order)
{
    REQUIRE(order->status == 0);
    REQUIRE(order->again == turn);
    turn++;
}

static void task_order(void)
{
    turn = 0;
    for (int i = 0; i < 5; i++) {
        struct order *order = order_new();

        order->act = in_turn;
        order->again = i;
        INSIST(order_post(order, &scene.loop));
    }
    drive();
    EXPECT(turn == 5);
}

static void post_again(struct order *order)
{
    if (--order->again > 0)
        INSIST(order_post(order, &scene.loop));
}

/* From its own callback, more often than one phase takes batches. */
static void task_again(void)
{
    struct order *order = order_new();

    order->act = post_again;
    order->again = 40;
    INSIST(order_post(order, &scene.loop));
    drive();
    EXPECT(order->calls == 40);
}

/* The loop sleeps, and has not been woken in this sleep: it is now, also if one
 * who tried before could not. */
static void post_one(void *arg)
{
    unsigned writes = tally->calls[KIND_WAKEUP_WRITE];

    INSIST(order_post(arg, &scene.loop));
    REQUIRE(tally->calls[KIND_WAKEUP_WRITE] > writes);
}

static void stop_if_done(struct order *order)
{
    (void) order;
    eddy_loop_unref(&scene.loop);
}

static void task_asleep(void)
{
    struct order *first = order_new();
    struct order *second = order_new();

    eddy_loop_ref(&scene.loop);
    eddy_loop_ref(&scene.loop);
    first->act = stop_if_done;
    second->act = stop_if_done;
    world_meanwhile(post_one, first);
    world_meanwhile(post_one, second);
    drive();
    EXPECT(first->calls == 1 && second->calls == 1);
}

/* Each posts to the other's loop; what the one sends wakes the other. */
static void two_loops(void)
{
    const eddy_loop_options options = scene_options();
    struct order *there = order_new();
    struct order *here = order_new();
    eddy_loop other;

    INSIST(eddy_loop_init(&other, &options));
    INSIST(order_post(there, &other));
    INSIST(order_post(here, &scene.loop));
    INSIST(eddy_run(&other, EDDY_RUN_NOWAIT));
    REQUIRE(there->calls == 1);
    drive();
    EXPECT(here->calls == 1);
    REQUIRE(eddy_loop_check(&other) == 0);
    REQUIRE(eddy_loop_close(&other) == 0);
}

const struct scenario scenarios_send[] = {
    {"async-own", async_own},
    {"async-asleep", async_asleep},
    {"async-close-pending", async_close_pending},
    {"task-order", task_order},
    {"task-again", task_again},
    {"task-asleep", task_asleep},
    {"send-two-loops", two_loops},
    {NULL, NULL},
};
