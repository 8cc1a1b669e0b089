/* SPDX-License-Identifier: MIT */
/*
 * Work on pools: what was taken is done once, on a thread, or is cancelled.
 */
#include "faults/scenarios.h"
#include "faults/scene.h"

static const eddy_pool_options one_thread = {.threads = 1,
                                             .allocator = &world_memory};

static void open_and_close(void)
{
    eddy_pool pool = {0};

    for (int i = 0; i < 2; i++) {
        INSIST(eddy_pool_init(&pool, &one_thread));
        REQUIRE(eddy_pool_close(&pool) == 0);
        REQUIRE(eddy_pool_close(&pool) == EDDY_EINVAL);
    }
}

static void one(void)
{
    eddy_pool pool = {0};
    struct order *order = order_new();

    INSIST(eddy_pool_init(&pool, &one_thread));
    INSIST(order_submit(order, &pool));
    REQUIRE(eddy_pool_close(&pool) == EDDY_EBUSY);
    drive();
    REQUIRE(order->calls == 1 && order->status == 0);
    REQUIRE(eddy_pool_close(&pool) == 0);
}

static int turn;

static void in_turn(struct order *order)
{
    REQUIRE(order->status == 0 && order->again == turn);
    turn++;
}

static void several(void)
{
    eddy_pool pool = {0};

    turn = 0;
    INSIST(eddy_pool_init(&pool, &one_thread));
    for (int i = 0; i < 4; i++) {
        struct order *order = order_new();

        order->act = in_turn;
        order->again = i;
        INSIST(order_submit(order, &pool));
    }
    drive();
    REQUIRE(turn == 4);
    REQUIRE(eddy_pool_close(&pool) == 0);
}

/* The first has been begun, and cannot be taken back; the others can. */
static void cancel(void)
{
    eddy_pool pool = {0};
    struct order *orders[3];

    INSIST(eddy_pool_init(&pool, &one_thread));
    for (int i = 0; i < 3; i++) {
        orders[i] = order_new();
        INSIST(order_submit(orders[i], &pool));
    }
    gate_arrived();
    REQUIRE(eddy_cancel(&orders[0]->as.req) == EDDY_EBUSY);
    REQUIRE(eddy_cancel(&orders[2]->as.req) == 0);
    REQUIRE(eddy_cancel(&orders[1]->as.req) == 0);
    REQUIRE(eddy_cancel(&orders[1]->as.req) == EDDY_EBUSY);
    drive();
    REQUIRE(orders[0]->calls == 1 && orders[0]->status == 0);
    REQUIRE(orders[1]->calls == 1 && orders[1]->status == EDDY_ECANCELED);
    REQUIRE(orders[2]->calls == 1 && orders[2]->status == EDDY_ECANCELED);
    REQUIRE(eddy_pool_close(&pool) == 0);
}

static void submit_again(struct order *order)
{
    if (--order->again > 0)
        INSIST(order_submit(order, NULL));
}

/* The pool that all share, which outlives the run. */
static void shared_pool(void)
{
    struct order *order = order_new();

    order->act = submit_again;
    order->again = 3;
    INSIST(order_submit(order, NULL));
    drive();
    REQUIRE(order->calls == 3 && order->status == 0);
}

static void on_close_all(eddy_handle *handle)
{
    actor_of(handle);
    actor_finish((struct actor *) (void *) handle);
}

/* Closing everything waits for the work that is out. */
static void close_all(void)
{
    struct order *order = order_new();

    INSIST(order_submit(order, NULL));
    INSIST(eddy_loop_close_all(&scene.loop, EDDY_SEC(60), on_close_all));
    scene.open = false;
    REQUIRE(order->calls == 1);
}

const struct scenario scenarios_work[] = {
    {"pool-open", open_and_close},
    {"pool-one", one},
    {"pool-several", several},
    {"pool-cancel", cancel},
    {"pool-shared", shared_pool},
    {"pool-close-all", close_all},
    {NULL, NULL},
};
