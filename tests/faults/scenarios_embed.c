/* SPDX-License-Identifier: MIT */
/*
 * A loop inside another: by poll(2), and inside a loop of the same kind. Where
 * the backend has no descriptor to give, it says so, and that is all.
 */
#include "faults/scenarios.h"
#include "faults/scene.h"

#include <poll.h>
#include <unistd.h>

static bool can_embed(int fd)
{
    return fd != EDDY_ENOTSUP;
}

static int ask(int *fd)
{
    *fd = eddy_loop_fd(&scene.loop);
    return can_embed(*fd) ? *fd : 0;
}

static bool readable(int fd)
{
    struct pollfd polled = {.fd = fd, .events = POLLIN};

    return poll(&polled, 1, 0) == 1;
}

/* As an outer loop would: while it is readable. The number is asked for anew
 * when the loop says that it has moved. */
static void serve(int *fd)
{
    for (int i = 0; readable(*fd); i++) {
        int rc = eddy_run(&scene.loop, EDDY_RUN_NOWAIT);

        REQUIRE(i < 50);
        REQUIRE(eddy_loop_check(&scene.loop) == 0);
        if (rc == EDDY_ESTALE)
            INSIST(ask(fd));
        else
            (void) REFUSED(rc);
    }
}

static bool may_be_deaf(void)
{
    const struct plan *plan = &tally->plan;

    return tally->struck > 1 ||
           (tally->struck == 1 && plan->faults[0].kind != KIND_FD);
}

/* The kernel's timer runs by its own clock, and may know of milliseconds only:
 * one that is due takes as long. Where it failed this is in vain. */
static void await(int fd)
{
    struct pollfd polled = {.fd = fd, .events = POLLIN};

    (void) poll(&polled, 1, 20);
}

static void polled(void)
{
    struct actor *timer = actor_timer();
    struct actor *async = actor_async();
    struct order *order = order_new();
    int fd;

    INSIST(ask(&fd));
    if (!can_embed(fd))
        return;
    INSIST(eddy_async_send(&async->as.async));
    serve(&fd);
    REQUIRE(async->calls == 1 || tally->calls[KIND_WAKEUP_WRITE] > 0);
    INSIST(order_post(order, &scene.loop));
    serve(&fd);
    INSIST(eddy_timer_start(&timer->as.timer, actor_on_timer, EDDY_MS(5), 0));
    serve(&fd);
    world_pass(EDDY_MS(5));
    await(fd);
    serve(&fd);
    /* If the wakeup could not be written, the next run has it all. A descriptor
     * that could not be had once is no reason. */
    while (may_be_deaf() && timer->calls + async->calls + order->calls < 3)
        REQUIRE(step() >= 0);
    REQUIRE(timer->calls == 1 && async->calls == 1 && order->calls == 1);
}

static void run_inner(struct actor *actor)
{
    int rc;

    if (actor->status < 0) {
        actor->status = 0;
        INSIST(eddy_io_start(&actor->as.io, EDDY_READABLE, actor_on_io));
        return;
    }
    rc = eddy_run(actor->as.handle.data, EDDY_RUN_NOWAIT);
    (void) REFUSED(rc);
}

/* The scene's loop is the outer one; what it sleeps for is the inner one. */
static void nested(void)
{
    const eddy_loop_options options = scene_options();
    struct actor *watcher;
    struct order *order = order_new();
    eddy_loop inner;
    int fd;

    INSIST(eddy_loop_init(&inner, &options));
    do
        fd = eddy_loop_fd(&inner);
    while (can_embed(fd) && REFUSED(fd));
    if (can_embed(fd)) {
        watcher = actor_io(fd);
        watcher->as.handle.data = &inner;
        watcher->act = run_inner;
        INSIST(eddy_io_start(&watcher->as.io, EDDY_READABLE, actor_on_io));
        INSIST(order_post(order, &inner));
        while (order->calls == 0 && tally->calls[KIND_WAKEUP_WRITE] == 1 &&
               tally->struck == 0)
            REQUIRE(step() >= 0);
        while (order->calls == 0)
            INSIST(eddy_run(&inner, EDDY_RUN_NOWAIT));
        actor_close(watcher);
        drive();
    }
    INSIST(eddy_run(&inner, EDDY_RUN_NOWAIT));
    REQUIRE(eddy_loop_check(&inner) == 0);
    REQUIRE(eddy_loop_close(&inner) == 0);
}

static void ignore_hangup(struct actor *actor)
{
    actor_close(actor);
}

/* A descriptor closed under a duplicate: the backend is opened anew, and the
 * run says so by EDDY_ESTALE, once. */
static void moved(void)
{
    struct actor *actor;
    int fds[2];
    int fd;
    int copy;

    INSIST(ask(&fd));
    if (!can_embed(fd))
        return;
    scene_pipe(fds);
    copy = dup(fds[0]);
    REQUIRE(copy > 0);
    actor = actor_io(copy);
    actor->act = ignore_hangup;
    actor->limit = -1;
    INSIST(eddy_io_start(&actor->as.io, EDDY_READABLE, actor_on_io));
    INSIST(eddy_run(&scene.loop, EDDY_RUN_NOWAIT));
    REQUIRE(close(copy) == 0);
    if (actor->life == ACTOR_OPEN)
        actor_close(actor);
    write_byte(fds[1]);
    for (int i = 0; i < 4; i++) {
        int rc = eddy_run(&scene.loop, EDDY_RUN_NOWAIT);

        if (rc == EDDY_ESTALE)
            INSIST(ask(&fd));
        else
            (void) REFUSED(rc);
    }
    read_byte(fds[0]);
}

const struct scenario scenarios_embed[] = {
    {"embed-poll", polled},
    {"embed-nested", nested},
    {"embed-moved", moved},
    {NULL, NULL},
};
