/* SPDX-License-Identifier: MIT */
/*
 * What all handles have in common: making, closing, walking, and keeping the
 * loop going. A handle's memory is an allocation of its own, given back in the
 * moment in which it becomes the caller's, so that a sanitizer sees whoever
 * looks at it later.
 */
#include "fuzz/loop/world.h"

#include <stdlib.h>

struct item *handle_of(const eddy_handle *handle)
{
    struct item *item = handle->data;

    HOLDS(item >= world.items && item < world.items + ITEMS);
    HOLDS(item->handle == handle);
    return item;
}

void handle_init(struct item *item)
{
    static int (*const init[KINDS])(struct item * item) = {
        io_init,   timer_init, async_init,  tick_init,
        tick_init, tick_init,  stream_init,
    };
    enum kind kind = item->kind;

    HOLDS(item->life == GONE);
    *item = (struct item){
        .kind = kind, .life = OPEN, .referenced = true, .made = ++world.made};
    HOLDS(init[kind](item) == 0);
    item->handle->data = item;
    HOLDS(item->handle->loop == &world.loop);
    fuzz_trace("%s %td: init", eddy_handle_type_name(item->handle->type),
               item - world.items);
}

void handle_free(struct item *item)
{
    free(item->handle);
    free(item->buffer);
    item->handle = NULL;
    item->buffer = NULL;
    item->life = GONE;
}

static void on_close(eddy_handle *handle)
{
    struct item *item = handle_of(handle);

    fuzz_trace("%s %td is closed", eddy_handle_type_name(handle->type),
               item - world.items);
    phase_reach(ENDED);
    HOLDS(item->life == CLOSING && item->finishing && item->calls_back);
    HOLDS(item->requests == 0);
    world.called++;
    handle_free(item);
    program_callback();
}

/* At once only for the kinds that nothing else can be using. */
static bool closes_at_once(const struct item *item)
{
    return item->kind != KIND_ASYNC && item->kind != KIND_STREAM;
}

static void note_close(struct item *item)
{
    struct slot *slot = item->slot;

    item->active = false;
    item->closable = item->kind != KIND_ASYNC || !item->pending;
    if (item->kind == KIND_STREAM)
        stream_closing(item);
    item->want = 0;
    item->must = 0;
    item->slot = NULL;
    if (slot != NULL && slot_handles(slot) == 0)
        slot_released(slot);
}

void handle_close(struct item *item, bool calls_back)
{
    bool at_once = closes_at_once(item) && !calls_back;

    if (item->life == CLOSING) {
        HOLDS(eddy_close(item->handle, on_close) == EDDY_EINVAL);
        return;
    }
    fuzz_trace("%s %td: close", eddy_handle_type_name(item->handle->type),
               item - world.items);
    item->life = CLOSING;
    item->calls_back = calls_back;
    HOLDS(eddy_close(item->handle, calls_back ? on_close : NULL) ==
          (at_once ? 0 : 1));
    HOLDS(eddy_is_closing(item->handle) && !eddy_is_active(item->handle));
    note_close(item);
    if (at_once)
        handle_free(item);
}

void handle_close_all(void)
{
    for (struct item *item = world.items; item < world.items + ITEMS; item++)
        if (item->life == OPEN)
            handle_close(item, item->made % 2 == 0);
}

unsigned handle_count(enum life life)
{
    unsigned count = 0;

    for (struct item *item = world.items; item < world.items + ITEMS; item++)
        count += item->life == life;
    return count;
}

/* With no handle closing the loop does not look at all. */
void handles_begin_ended(void)
{
    for (struct item *item = world.items; item < world.items + ITEMS; item++)
        item->finishing = item->life == CLOSING && item->closable;
}

void handles_leave_ended(void)
{
    for (struct item *item = world.items; item < world.items + ITEMS; item++) {
        if (item->life != CLOSING || !item->finishing)
            continue;
        HOLDS(!item->calls_back);
        world.called++;
        handle_free(item);
    }
}

void handle_toggle(struct item *item)
{
    if (item->life == GONE)
        return;
    item->referenced = !item->referenced;
    if (item->referenced)
        eddy_ref(item->handle);
    else
        eddy_unref(item->handle);
}

void handle_touch(unsigned number, unsigned action)
{
    static void (*const touch[KINDS])(struct item * item, unsigned action) = {
        io_touch,   timer_touch, async_touch,  tick_touch,
        tick_touch, tick_touch,  stream_touch,
    };
    struct item *item = &world.items[number % ITEMS];

    if (item->life == GONE)
        handle_init(item);
    if (action >= 240)
        handle_toggle(item);
    else if (action >= 208)
        handle_close(item, action % 2 == 0);
    else
        touch[item->kind](item, action);
}

/* --- walking ----------------------------------------------------------------
 */

static void on_walk(eddy_handle *handle, void *arg)
{
    struct item *item = handle_of(handle);
    unsigned *last = arg;

    HOLDS(item->life == OPEN && item->made > *last);
    for (struct item *other = world.items; other < world.items + ITEMS; other++)
        HOLDS(other->life != OPEN || other->made <= *last ||
              other->made >= item->made);
    *last = item->made;
    if (fuzz_take() % 4 == 1)
        handle_touch(fuzz_take(), fuzz_take());
}

void handle_walk(void)
{
    unsigned last = 0;

    world.walk_made = world.made;
    eddy_walk(&world.loop, on_walk, &last);
    for (struct item *item = world.items; item < world.items + ITEMS; item++)
        HOLDS(item->life != OPEN || item->made <= last ||
              item->made > world.walk_made);
}
