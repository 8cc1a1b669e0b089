/* SPDX-License-Identifier: MIT */
/*
 * The loop itself: stopping, staying alive, walking, counting and closing.
 */
#include "faults/scenarios.h"
#include "faults/scene.h"

#include <string.h>

/* Nothing but init and close, and again in the same memory. */
static void bare(void)
{
    const eddy_loop_options options = scene_options();
    eddy_loop loop;

    for (int i = 0; i < 2; i++) {
        INSIST(eddy_loop_init(&loop, &options));
        REQUIRE(eddy_loop_check(&loop) == 0);
        INSIST(eddy_run(&loop, EDDY_RUN_NOWAIT));
        REQUIRE(!eddy_loop_alive(&loop));
        if (i == 0)
            REQUIRE(eddy_loop_close(&loop) == 0);
        else
            INSIST(eddy_loop_close_all(&loop, EDDY_SEC(60), NULL));
    }
}

static void stop_now(void *arg)
{
    eddy_stop(arg);
}

/* Before a run, and while it sleeps. */
static void stop(void)
{
    int rc;

    eddy_loop_ref(&scene.loop);
    eddy_stop(&scene.loop);
    INSIST(eddy_run(&scene.loop, EDDY_RUN_DEFAULT));
    REQUIRE(world.sleeps == 0);
    world_meanwhile(stop_now, &scene.loop);
    do
        rc = eddy_run(&scene.loop, EDDY_RUN_DEFAULT);
    while (REFUSED(rc) && world.sleeps == 0);
    REQUIRE(world.sleeps == 1);
    eddy_loop_unref(&scene.loop);
    EXPECT(!eddy_loop_alive(&scene.loop));
}

static void unref_loop(struct actor *actor)
{
    (void) actor;
    eddy_loop_unref(&scene.loop);
}

/* A reference alone, and a timer that does not count, but ends it. */
static void ref(void)
{
    struct actor *timer = actor_timer();

    timer->act = unref_loop;
    eddy_unref(&timer->as.handle);
    eddy_loop_ref(&scene.loop);
    INSIST(eddy_timer_start(&timer->as.timer, actor_on_timer, EDDY_MS(2), 0));
    REQUIRE(eddy_loop_timeout(&scene.loop) >= 0);
    drive();
    EXPECT(timer->calls == 1);
    EXPECT(!eddy_loop_alive(&scene.loop));
}

static void stats(void)
{
    struct actor *timer = actor_timer();
    eddy_stats before;
    eddy_stats after;

    eddy_loop_stats(&scene.loop, &before);
    INSIST(eddy_timer_start(&timer->as.timer, actor_on_timer, EDDY_MS(2), 0));
    drive();
    eddy_loop_stats(&scene.loop, &after);
    EXPECT(timer->calls == 1);
    REQUIRE(after.timers_fired == before.timers_fired + 1);
    REQUIRE(after.handles == before.handles);
    REQUIRE(after.iterations > before.iterations);
    REQUIRE(strcmp(eddy_loop_backend(&scene.loop), world_backend.name) == 0);
}

static void walked(eddy_handle *handle, void *arg)
{
    struct actor *actor = actor_of(handle);
    int *count = arg;

    ++*count;
    if (actor->other == NULL)
        return;
    if (actor->other != actor)
        actor_close(actor->other); /* the next one */
    actor_close(actor);
}

static void walk(void)
{
    struct actor *first = actor_timer();
    struct actor *second = actor_timer();
    struct actor *third = actor_timer();
    int count = 0;

    first->other = second;
    third->other = third;
    eddy_walk(&scene.loop, walked, &count);
    REQUIRE(count == 5); /* three witnesses, the first, and the third */
    REQUIRE(third->life == ACTOR_CLOSING);
    drive();
    EXPECT(first->life == ACTOR_CLOSED && second->life == ACTOR_CLOSED);
    EXPECT(third->life == ACTOR_CLOSED);
}

static void on_close_all(eddy_handle *handle)
{
    struct actor *actor = (struct actor *) (void *) handle;

    REQUIRE(actor->life == ACTOR_OPEN);
    actor_finish(actor);
}

/* Asked again as long as something is in its way. */
static void close_everything(void)
{
    INSIST(eddy_loop_close_all(&scene.loop, EDDY_SEC(60), on_close_all));
    scene.open = false;
}

static void close_all(void)
{
    struct actor *timer = actor_timer();
    struct actor *async = actor_async();
    struct order *order = order_new();

    INSIST(eddy_timer_start(&timer->as.timer, actor_on_timer, 0, EDDY_MS(1)));
    INSIST(eddy_async_send(&async->as.async));
    INSIST(order_post(order, &scene.loop));
    close_everything();
    REQUIRE(order->calls == 1);
}

/* A task that is handed back opens a handle: that is closed, too. */
static struct order *late;

static void open_late(struct order *order)
{
    if (order->status == EDDY_ECANCELED)
        (void) actor_timer();
}

static void post_late(eddy_handle *handle)
{
    on_close_all(handle);
    if (late->calls == 0 && !late->in_flight)
        INSIST(order_post(late, &scene.loop));
}

static void close_with_late_handle(void)
{
    late = order_new();
    late->act = open_late;
    INSIST(eddy_loop_close_all(&scene.loop, EDDY_SEC(60), post_late));
    scene.open = false;
    REQUIRE(late->calls == 1);
}

static void note_status(struct order *order)
{
    REQUIRE(order->status == EDDY_ECANCELED);
}

static void close_with_tasks(void)
{
    const eddy_loop_options options = scene_options();
    eddy_loop other;

    INSIST(eddy_loop_init(&other, &options));
    for (int i = 0; i < 3; i++) {
        struct order *order = order_new();

        order->act = note_status;
        INSIST(order_post(order, &other));
    }
    REQUIRE(eddy_loop_close(&other) == 0);
}

static eddy_loop spinning;

static void post_other(void *arg)
{
    INSIST(order_post(arg, &spinning));
}

/* It looks for messages before it sleeps, and sleeps when none came. */
static void spin(void)
{
    eddy_loop_options options = scene_options();
    struct order *order = order_new();

    options.spin_ns = 1000;
    INSIST(eddy_loop_init(&spinning, &options));
    eddy_loop_ref(&spinning);
    world_meanwhile(post_other, order);
    while (order->calls == 0) {
        int rc = eddy_run(&spinning, EDDY_RUN_ONCE);

        (void) REFUSED(rc);
        REQUIRE(eddy_loop_check(&spinning) == 0);
    }
    eddy_loop_unref(&spinning);
    REQUIRE(eddy_loop_close(&spinning) == 0);
}

const struct scenario scenarios_loop[] = {
    {"loop-bare", bare},
    {"loop-stop", stop},
    {"loop-ref", ref},
    {"loop-stats", stats},
    {"loop-walk", walk},
    {"loop-close-all", close_all},
    {"loop-close-late-handle", close_with_late_handle},
    {"loop-close-tasks", close_with_tasks},
    {"loop-spin", spin},
    {NULL, NULL},
};
