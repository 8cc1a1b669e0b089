/* SPDX-License-Identifier: MIT */
/*
 * Orders: requests and tasks that are counted out and in. From its callback
 * on an order is the program's, and its memory poisoned.
 */
#include "faults/scene.h"

#include "support/test.h"

#include <string.h>

struct order *order_new(void)
{
    static struct order *const first = scene.orders;

    for (struct order *order = first; order < first + SCENE_ORDERS; order++)
        if (!order->taken) {
            order->taken = true;
            return order;
        }
    tally_fail(__FILE__, __LINE__, "too many orders");
}

int order_begun(struct order *order, int rc)
{
    REQUIRE(!order->in_flight);
    order->in_flight = rc >= 0;
    return rc;
}

/* The memory is given back before the scenario acts on it. */
static void ended(struct order *order, int status)
{
    REQUIRE(order->in_flight);
    REQUIRE(order->actor == NULL || order->actor->life != ACTOR_CLOSED);
    order->in_flight = false;
    order->calls++;
    order->status = status;
    hear(status == EDDY_ECANCELED ? 0 : status);
    test_poison(&order->as, sizeof(order->as));
    if (order->act != NULL)
        order->act(order);
    REQUIRE(!scene.open || eddy_loop_check(&scene.loop) == 0);
}

/* An order that is used again is zero-filled again. */
static void prepare(struct order *order, struct actor *actor)
{
    memset(&order->as, 0, sizeof(order->as));
    order->actor = actor;
}

void order_on_task(eddy_task *task, int status)
{
    ended((struct order *) (void *) task, status);
}

int order_post(struct order *order, eddy_loop *loop)
{
    prepare(order, NULL);
    return order_begun(order, eddy_post(loop, &order->as.task, order_on_task));
}

static void on_write(eddy_write_req *write, int status)
{
    struct order *order = (struct order *) (void *) write;

    order->nwritten = write->nwritten;
    ended(order, status);
}

int order_write(struct order *order, struct actor *actor, const eddy_buf *bufs,
                unsigned nbufs)
{
    prepare(order, actor);
    return order_begun(order,
                       eddy_write(&order->as.write, &actor->as.tcp.stream, bufs,
                                  nbufs, on_write));
}

static void on_shutdown(eddy_shutdown_req *shutdown, int status)
{
    ended((struct order *) (void *) shutdown, status);
}

int order_shutdown(struct order *order, struct actor *actor)
{
    prepare(order, actor);
    return order_begun(
        order,
        eddy_shutdown(&order->as.shutdown, &actor->as.tcp.stream, on_shutdown));
}

static void on_connect(eddy_connect_req *connect, int status)
{
    ended((struct order *) (void *) connect, status);
}

int order_connect(struct order *order, struct actor *actor,
                  const struct sockaddr *address)
{
    prepare(order, actor);
    return order_begun(order,
                       eddy_tcp_connect(&order->as.connect, &actor->as.tcp,
                                        address, on_connect));
}

static void on_work(eddy_work *work, int status)
{
    world.works--;
    ended((struct order *) (void *) work, status);
}

int order_submit(struct order *order, eddy_pool *pool)
{
    int rc;

    prepare(order, NULL);
    rc = pool != NULL ? eddy_pool_submit(pool, &scene.loop, &order->as.work,
                                         gate_work, on_work)
                      : eddy_work_submit(&scene.loop, &order->as.work,
                                         gate_work, on_work);
    world.works += rc == 0;
    return order_begun(order, rc);
}
