/* SPDX-License-Identifier: MIT */
/*
 * The loop of a scenario, and its witnesses: a watcher, a timer, an async and
 * a task that the scenario knows nothing of. The watcher is registered before
 * anything else happens. When all is over each of them is tried.
 */
#include "faults/scene.h"

#include "support/test.h"

#include <string.h>

enum { MOST_STEPS = 1000 };

struct scene scene;

static struct witness {
    struct actor *watcher;
    struct actor *timer;
    struct actor *async;
    struct order *task;
    int fds[2];
} witness;

/* One failure can be the reason of one refusal, and no more. */
bool scene_refused(ssize_t rc, const char *file, int line, const char *call)
{
    if (rc >= 0)
        return false;
    hear((int) rc);
    if (++scene.refused > tally->struck)
        tally_fail(file, line, call);
    return true;
}

void hear(int status)
{
    tally->heard += status < 0;
}

bool tell(int error)
{
    if (error >= 0)
        return false;
    hear(error);
    if (tally->struck == 0)
        tally_fail(__FILE__, __LINE__, eddy_err_name(error));
    if (scene.told++ == 0)
        scene.first_told = error;
    return true;
}

int step(void)
{
    int rc;

    if (++scene.steps > MOST_STEPS)
        tally_fail(__FILE__, __LINE__, "so many iterations: it spins");
    rc = eddy_run(&scene.loop, EDDY_RUN_ONCE);
    if (rc == EDDY_EDEADLK)
        tally_fail(__FILE__, __LINE__, "it would sleep for ever");
    REQUIRE(eddy_loop_check(&scene.loop) == 0);
    if (REFUSED(rc))
        return 1;
    return rc;
}

void drive(void)
{
    while (scene.told == 0 && step() > 0)
        continue;
}

void drive_until(const int *counter, int wanted)
{
    while (scene.told == 0 && *counter < wanted && step() > 0)
        continue;
}

void drive_until_bytes(const size_t *counter, size_t wanted)
{
    while (scene.told == 0 && *counter < wanted && step() > 0)
        continue;
}

eddy_loop_options scene_options(void)
{
    return (eddy_loop_options){.backend_ops = &world_backend,
                               .os = &world_os,
                               .allocator = &world_memory};
}

/* A watcher that the kernel refused is started anew. */
static void witness_on_io(struct actor *actor)
{
    if (actor->status < 0) {
        actor->status = 0;
        INSIST(eddy_io_start(&actor->as.io, EDDY_READABLE, actor_on_io));
    } else {
        read_byte(eddy_io_fd(&actor->as.io));
    }
}

static void call_witnesses(void)
{
    scene_pipe(witness.fds);
    witness.watcher = actor_io(witness.fds[0]);
    witness.watcher->act = witness_on_io;
    INSIST(eddy_io_start(&witness.watcher->as.io, EDDY_READABLE, actor_on_io));
    witness.timer = actor_timer();
    witness.async = actor_async();
    witness.task = order_new();
    eddy_unref(&witness.watcher->as.handle);
    eddy_unref(&witness.async->as.handle);
}

void scene_begin(void)
{
    const eddy_loop_options options = scene_options();

    memset(&scene, 0, sizeof(scene));
    INSIST(eddy_loop_init(&scene.loop, &options));
    scene.open = true;
    call_witnesses();
}

static void drive_to_the_end(const int *counter)
{
    while (*counter == 0)
        REQUIRE(step() >= 0);
}

static void hear_witnesses(void)
{
    REQUIRE(witness.watcher->calls == 0 && witness.timer->calls == 0);
    REQUIRE(witness.async->calls == 0 && witness.task->calls == 0);
    eddy_ref(&witness.watcher->as.handle);
    INSIST(eddy_timer_start(&witness.timer->as.timer, actor_on_timer,
                            EDDY_MS(1), 0));
    INSIST(order_post(witness.task, &scene.loop));
    INSIST(eddy_async_send(&witness.async->as.async));
    write_byte(witness.fds[1]);
    drive_to_the_end(&witness.watcher->calls);
    drive_to_the_end(&witness.timer->calls);
    drive_to_the_end(&witness.async->calls);
    drive_to_the_end(&witness.task->calls);
    REQUIRE(witness.watcher->calls == 1 && witness.timer->calls == 1);
    REQUIRE(witness.async->calls == 1 && witness.task->calls == 1);
    REQUIRE(witness.task->status == 0);
}

static void close_any(eddy_handle *handle, void *arg)
{
    (void) arg;
    actor_close(actor_of(handle));
}

static bool all_closed(void)
{
    for (int i = 0; i < SCENE_ACTORS; i++)
        if (scene.actors[i].life == ACTOR_CLOSING)
            return false;
    return scene.loop.requests == 0;
}

static void close_loop(void)
{
    eddy_walk(&scene.loop, close_any, NULL);
    while (!all_closed())
        REQUIRE(step() >= 0);
    REQUIRE(eddy_loop_close(&scene.loop) == 0);
    scene.open = false;
}

/* Whatever the library had is the program's again, and stays as it is. */
static void settle_accounts(void)
{
    for (int i = 0; i < SCENE_ACTORS; i++) {
        const struct actor *actor = &scene.actors[i];

        REQUIRE(actor->life == ACTOR_FREE || actor->life == ACTOR_CLOSED);
        REQUIRE(actor->life == ACTOR_FREE ||
                test_poisoned(&actor->as, sizeof(actor->as)));
    }
    for (int i = 0; i < SCENE_ORDERS; i++) {
        const struct order *order = &scene.orders[i];

        REQUIRE(!order->in_flight);
        REQUIRE(order->calls == 0 ||
                test_poisoned(&order->as, sizeof(order->as)));
    }
}

/* Of one failure the program learns by its own errno, not by another. */
static bool explained(void)
{
    const struct plan *plan = &tally->plan;

    return scene.told == 0 || plan->count != 1 ||
           plan->faults[0].error >= FAULT_PART ||
           scene.first_told == -plan->faults[0].error;
}

/* Harm is never done in silence. For what is no error there is no word, nor for
 * a refusal to watch what is watched no more. */
static bool outspoken(void)
{
    const struct plan *plan = &tally->plan;

    return plan->count != 1 || tally_harmless() ||
           plan->faults[0].error >= FAULT_PART || world.moot > 0 ||
           tally->heard > 0;
}

void scene_end(void)
{
    if (scene.open) {
        hear_witnesses();
        close_loop();
    }
    settle_accounts();
    REQUIRE(world.unwritten == 0 || scene.refused > 0); /* eddy_run said so */
    REQUIRE(world.events_done == world.event_count || scene.told != 0);
    for (int i = 0; i < SCENE_FDS; i++)
        if (scene.fds[i] > 0)
            drop_fd(scene.fds[i]);
    REQUIRE(scene.told == 0 || tally->struck > 0);
    REQUIRE(scene.told == 0 || !tally_harmless());
    REQUIRE(explained());
    REQUIRE(outspoken());
}
