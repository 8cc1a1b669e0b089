/* SPDX-License-Identifier: MIT */
/*
 * Loops of a moment, made and closed in a callback of another: with a timer,
 * an async, a task that runs and one that is handed back; half of them are
 * closed by eddy_loop_close_all.
 */
#include "soak/soak.h"

struct mayfly {
    struct station *station;
    eddy_loop loop;
    eddy_timer timer;
    eddy_async async;
    eddy_task run, left;
    int fired, sent, ran, canceled, closes;
};

static void on_timer(eddy_timer *timer)
{
    ((struct mayfly *) timer->data)->fired++;
}

static void on_async(eddy_async *async)
{
    ((struct mayfly *) async->data)->sent++;
}

static void on_task(eddy_task *task, int status)
{
    struct mayfly *mayfly = task->data;

    mayfly->ran += status == 0;
    mayfly->canceled += status == EDDY_ECANCELED;
    tally(&mayfly->station->ledger, status == 0 ? TASKS_RUN : TASKS_CANCELED);
}

static void on_close(eddy_handle *handle)
{
    struct mayfly *mayfly = handle->data;

    mayfly->closes++;
    tally(&mayfly->station->ledger, HANDLES_CLOSED);
}

static void post(struct mayfly *mayfly, eddy_task *task)
{
    task->data = mayfly;
    REQUIRE(eddy_post(&mayfly->loop, task, on_task) == 0);
    tally(&mayfly->station->ledger, TASKS_POSTED);
}

static void be_born(struct mayfly *mayfly)
{
    const eddy_loop_options options = {
        .backend = mayfly->station->backend,
        .allocator = &mayfly->station->memory.allocator,
    };

    REQUIRE(eddy_loop_init(&mayfly->loop, &options) == 0);
    REQUIRE(eddy_timer_init(&mayfly->loop, &mayfly->timer) == 0);
    REQUIRE(eddy_async_init(&mayfly->loop, &mayfly->async, on_async) == 0);
    mayfly->timer.data = mayfly;
    mayfly->async.data = mayfly;
    REQUIRE(eddy_timer_start(&mayfly->timer, on_timer, 0, 0) == 0);
    tally(&mayfly->station->ledger, LOOPS_MADE);
    tally_by(&mayfly->station->ledger, HANDLES_MADE, 2);
}

static void die(struct mayfly *mayfly)
{
    eddy_loop *loop = &mayfly->loop;

    if (pick(&mayfly->station->random, 2) == 0) {
        REQUIRE(eddy_loop_close_all(loop, EDDY_SEC(3600), on_close) == 0);
        return;
    }
    REQUIRE(eddy_loop_close(loop) == EDDY_EBUSY);
    REQUIRE(eddy_close(&mayfly->timer.handle, on_close) == 1);
    REQUIRE(eddy_close(&mayfly->async.handle, on_close) == 1);
    REQUIRE(eddy_run(loop, EDDY_RUN_DEFAULT) == 0);
    post(mayfly, &mayfly->left);
    REQUIRE(eddy_loop_close(loop) == 0);
    REQUIRE(mayfly->canceled == 1);
}

static void live(struct station *station)
{
    struct mayfly mayfly = {.station = station};
    uint64_t before = station->memory.bytes;

    be_born(&mayfly);
    post(&mayfly, &mayfly.run);
    REQUIRE(eddy_async_send(&mayfly.async) == 0);
    while (mayfly.fired == 0 || mayfly.sent == 0 || mayfly.ran == 0)
        REQUIRE(eddy_run(&mayfly.loop, EDDY_RUN_ONCE) > 0);
    REQUIRE(eddy_loop_check(&mayfly.loop) == 0);
    die(&mayfly);
    REQUIRE(mayfly.fired == 1 && mayfly.sent == 1 && mayfly.ran == 1);
    REQUIRE(mayfly.closes == 2);
    REQUIRE(station->memory.bytes == before);
    tally(&station->ledger, LOOPS_CLOSED);
}

/* --- the part: nothing of it lasts --- */

static void open_mayflies(struct station *station, void *self)
{
    (void) station;
    (void) self;
}

static void tick(struct station *station, void *self)
{
    (void) self;
    if (pick(&station->random, 40) == 0)
        live(station);
}

static bool always(struct station *station, void *self)
{
    (void) station;
    (void) self;
    return true;
}

const struct part mayflies_part = {
    .open = open_mayflies,
    .tick = tick,
    .drained = always,
    .close = open_mayflies,
    .closed = always,
};
