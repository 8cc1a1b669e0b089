/* SPDX-License-Identifier: MIT */
/*
 * Forking with a loop that has things to do. The child is part of the run: its
 * calls are counted and fail like the others, and so does the run if the child
 * fails. The parent waits for it, and finds its loop as it was.
 */
#include "faults/scenarios.h"
#include "faults/scene.h"

#include <sys/wait.h>
#include <unistd.h>

static void wait_for(pid_t child)
{
    int status;

    REQUIRE(child > 0);
    REQUIRE(waitpid(child, &status, 0) == child);
    if (!WIFEXITED(status))
        tally_fail(__FILE__, __LINE__, "the child was killed");
    if (WEXITSTATUS(status) != 0)
        _exit(WEXITSTATUS(status));
}

static void read_on(struct actor *actor)
{
    if (actor->status < 0) {
        actor->status = 0;
        INSIST(eddy_io_start(&actor->as.io, EDDY_READABLE, actor_on_io));
    } else {
        read_byte(eddy_io_fd(&actor->as.io));
    }
}

static struct actor *watch(int fd)
{
    struct actor *actor = actor_io(fd);

    actor->act = read_on;
    INSIST(eddy_io_start(&actor->as.io, EDDY_READABLE, actor_on_io));
    INSIST(eddy_run(&scene.loop, EDDY_RUN_NOWAIT));
    return actor;
}

/* The child goes on with the loop: the watcher, what was queued, and all of
 * the scene's end. */
static void both_go_on(void)
{
    struct actor *actor;
    struct actor *timer = actor_timer();
    struct order *order = order_new();
    int fds[2];
    pid_t child;

    scene_pipe(fds);
    actor = watch(fds[0]);
    INSIST(eddy_timer_start(&timer->as.timer, actor_on_timer, EDDY_MS(1), 0));
    INSIST(order_post(order, &scene.loop));
    child = world_fork();
    if (child == 0)
        INSIST(eddy_loop_fork(&scene.loop));
    else
        wait_for(child);
    write_byte(fds[1]);
    drive_until(&actor->calls, 1);
    drive_until(&timer->calls, 1);
    EXPECT(actor->calls == 1 && timer->calls == 1 && order->calls == 1);
    if (child != 0)
        return;
    scene_end();
    world_end();
    _exit(0);
}

/* The child closes what it has while the kernel's objects are the parent's,
 * which must not notice. */
static void child_closes(void)
{
    struct actor *actor;
    int fds[2];
    pid_t child;

    scene_pipe(fds);
    actor = watch(fds[0]);
    child = world_fork();
    if (child == 0) {
        REQUIRE(eddy_run(&scene.loop, EDDY_RUN_NOWAIT) == EDDY_EPERM);
        actor_close_quietly(actor);
        INSIST(eddy_loop_fork(&scene.loop));
        scene_end();
        world_end();
        _exit(0);
    }
    wait_for(child);
    write_byte(fds[1]);
    drive_until(&actor->calls, 1);
    EXPECT(actor->calls == 1);
}

/* A callback forks: in the child the run ends. */
static void fork_here(struct order *order)
{
    pid_t child = world_fork();

    if (child == 0)
        order->again = 1;
    else
        wait_for(child);
}

static void in_a_callback(void)
{
    struct order *order = order_new();
    struct actor *async = actor_async();
    int rc;

    order->act = fork_here;
    INSIST(order_post(order, &scene.loop));
    do
        rc = eddy_run(&scene.loop, EDDY_RUN_NOWAIT);
    while (order->again == 0 && REFUSED(rc));
    if (order->again == 1) {
        REQUIRE(rc == EDDY_EPERM);
        hear(rc); /* it stands for any other */
        INSIST(eddy_loop_fork(&scene.loop));
        INSIST(eddy_async_send(&async->as.async));
        drive_until(&async->calls, 1);
        REQUIRE(async->calls == 1);
        scene_end();
        world_end();
        _exit(0);
    }
    REQUIRE(order->calls == 1);
}

const struct scenario scenarios_fork[] = {
    {"fork-both", both_go_on},
    {"fork-close", child_closes},
    {"fork-in-callback", in_a_callback},
    {NULL, NULL},
};
