/* SPDX-License-Identifier: MIT */
/*
 * From nothing to nothing: a loop is made, and in the end closed with all that
 * is in it, and has to leave no memory, no handle and no descriptor. Between
 * any two steps, what the loop says of itself is what the model says.
 */
#include "fuzz/loop/world.h"

#include <string.h>

struct world world;

enum { MAX_TURNS = 40 };

static const enum kind kinds[ITEMS] = {
    KIND_IO,      KIND_IO,    KIND_IO,    KIND_IO,      KIND_IO,
    KIND_IO,      KIND_IO,    KIND_IO,    KIND_TIMER,   KIND_TIMER,
    KIND_TIMER,   KIND_TIMER, KIND_TIMER, KIND_TIMER,   KIND_TIMER,
    KIND_TIMER,   KIND_ASYNC, KIND_ASYNC, KIND_ASYNC,   KIND_ASYNC,
    KIND_IDLE,    KIND_IDLE,  KIND_IDLE,  KIND_PREPARE, KIND_PREPARE,
    KIND_PREPARE, KIND_CHECK, KIND_CHECK, KIND_CHECK,   KIND_STREAM,
    KIND_STREAM,  KIND_ASYNC,
};

void world_open(void)
{
    struct slot slots[SLOTS];
    unsigned options = fuzz_take();
    eddy_loop_options given = {.backend_ops = &world.ops,
                               .os = &world.os,
                               .allocator = &world.allocator};

    memcpy(slots, world.slots, sizeof(slots));
    memset(&world, 0, sizeof(world));
    memcpy(world.slots, slots, sizeof(slots));
    for (int i = 0; i < ITEMS; i++)
        world.items[i].kind = kinds[i];
    slots_number();
    hooks_install(options);
    world.meddles = options & 8;
    world.clock_ns = EDDY_SEC(1000);
    HOLDS(eddy_loop_init(&world.loop, &given) == 0);
}

/* Often the same few, so that deadlines meet; of all magnitudes. */
uint64_t world_span(void)
{
    static const uint64_t units[] = {
        0,           1,           1000,           1 << 18,
        EDDY_MS(20), EDDY_SEC(1), EDDY_SEC(5000), EDDY_NEVER / 8,
    };
    unsigned byte = fuzz_take();
    uint64_t unit = units[byte % 8];

    return byte == 255 ? EDDY_NEVER : unit * (byte / 32) + byte / 16 % 2;
}

static bool requests_in_flight(void)
{
    for (int i = 0; i < ITEMS; i++)
        if (world.items[i].requests > 0)
            return true;
    return works_in_flight();
}

bool world_alive(void)
{
    if (requests_in_flight() || world.references > 0 || messages_have_task())
        return true;
    for (struct item *item = world.items; item < world.items + ITEMS; item++)
        if (item->life == CLOSING ||
            (item->life == OPEN && item->active && item->referenced))
            return true;
    return false;
}

/* What the loop need not sleep for. */
bool world_has_work(void)
{
    if (world.ended.count > 0)
        return true;
    for (struct item *item = world.items; item < world.items + ITEMS; item++)
        if ((item->life == CLOSING && item->closable) ||
            (item->kind == KIND_IDLE && item->active))
            return true;
    return false;
}

static void check_item(const struct item *item)
{
    if (item->life == GONE)
        return;
    HOLDS(eddy_is_closing(item->handle) == (item->life == CLOSING));
    HOLDS(eddy_is_active(item->handle) == item->active);
    HOLDS(eddy_has_ref(item->handle) == item->referenced);
}

/* While close callbacks run, handles without one end unseen in between. */
void world_check(void)
{
    HOLDS(eddy_loop_check(&world.loop) == 0);
    for (int i = 0; i < ITEMS; i++)
        check_item(&world.items[i]);
    if (world.phase != ENDED)
        HOLDS(eddy_loop_alive(&world.loop) == world_alive());
}

static void check_stats(void)
{
    eddy_stats stats;

    eddy_loop_stats(&world.loop, &stats);
    HOLDS(stats.timers_fired == world.fired);
    HOLDS(stats.tasks_run == world.ran);
    HOLDS(stats.asyncs_run == world.sent);
    HOLDS(stats.handles == 0 && stats.active_handles == 0 && stats.fds == 0);
    HOLDS(world.rude || stats.rebuilds == 0);
}

static bool is_in_use(void)
{
    return handle_count(GONE) < ITEMS || works_in_flight();
}

/* Tasks that nobody ran any more are given back. */
void world_close(void)
{
    while (world.references > 0) {
        eddy_loop_unref(&world.loop);
        world.references--;
    }
    works_finish();
    handle_close_all();
    for (int i = 0; i < MAX_TURNS && is_in_use(); i++) {
        HOLDS(eddy_loop_close(&world.loop) == EDDY_EBUSY);
        program_run(EDDY_RUN_NOWAIT);
    }
    HOLDS(!is_in_use());
    world_check();
    check_stats();
    (void) task_post(0);
    (void) task_post(1);
    messages_cancelled();
    HOLDS(eddy_loop_close(&world.loop) == 0);
    HOLDS(world.message_count == 0 && world.blocks == 0);
    slots_close();
}
