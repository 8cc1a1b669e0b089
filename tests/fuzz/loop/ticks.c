/* SPDX-License-Identifier: MIT */
/*
 * Idle, prepare and check handles: once each in their phase, in the order of
 * their starting; one started in its own phase waits for the next iteration.
 */
#include "fuzz/loop/world.h"

#include <stdlib.h>

/* The next to be called in this phase. */
struct item *ticks_next(enum kind kind)
{
    struct item *first = NULL;

    for (struct item *item = world.items; item < world.items + ITEMS; item++)
        if (item->kind == kind && item->active &&
            item->order > world.last_called &&
            item->order <= world.last_order &&
            (first == NULL || item->order < first->order))
            first = item;
    return first;
}

bool ticks_any(enum kind kind)
{
    for (struct item *item = world.items; item < world.items + ITEMS; item++)
        if (item->kind == kind && item->active)
            return true;
    return false;
}

static void on_tick(const eddy_handle *handle, enum phase phase)
{
    struct item *item = handle_of(handle);

    fuzz_trace("%s %td is called", eddy_handle_type_name(handle->type),
               item - world.items);
    phase_reach(phase);
    HOLDS(item->life == OPEN && item->active);
    HOLDS(item == ticks_next(item->kind));
    world.last_called = item->order;
    world.called += item->kind == KIND_IDLE;
    program_callback();
}

static void on_idle(eddy_idle *idle)
{
    on_tick(&idle->handle, IDLE);
}

static void on_prepare(eddy_prepare *prepare)
{
    on_tick(&prepare->handle, PREPARE);
}

static void on_check(eddy_check *check)
{
    on_tick(&check->handle, CHECK);
}

int tick_init(struct item *item)
{
    size_t size = item->kind == KIND_IDLE      ? sizeof(eddy_idle)
                  : item->kind == KIND_PREPARE ? sizeof(eddy_prepare)
                                               : sizeof(eddy_check);
    void *memory = malloc(size);

    HOLDS(memory != NULL);
    item->handle = memory;
    switch (item->kind) {
    case KIND_IDLE:
        return eddy_idle_init(&world.loop, memory);
    case KIND_PREPARE:
        return eddy_prepare_init(&world.loop, memory);
    default:
        return eddy_check_init(&world.loop, memory);
    }
}

static int start(struct item *item)
{
    void *memory = item->handle;

    switch (item->kind) {
    case KIND_IDLE:
        return eddy_idle_start(memory, on_idle);
    case KIND_PREPARE:
        return eddy_prepare_start(memory, on_prepare);
    default:
        return eddy_check_start(memory, on_check);
    }
}

static int stop(struct item *item)
{
    void *memory = item->handle;

    switch (item->kind) {
    case KIND_IDLE:
        return eddy_idle_stop(memory);
    case KIND_PREPARE:
        return eddy_prepare_stop(memory);
    default:
        return eddy_check_stop(memory);
    }
}

void tick_touch(struct item *item, unsigned action)
{
    int wanted = item->life == CLOSING ? EDDY_EINVAL : 0;
    bool starts = action % 3 != 0;

    HOLDS((starts ? start(item) : stop(item)) == wanted);
    if (wanted < 0)
        return;
    if (starts && !item->active)
        item->order = ++world.order;
    item->active = starts;
}
