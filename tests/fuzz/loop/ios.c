/* SPDX-License-Identifier: MIT */
/*
 * Watchers: told of what is ready of what they want, once a turn, and never of
 * anything else. A wish that stood when the loop asked the kernel, and ever
 * since, must be answered if it can be; one that changed meanwhile may be. A
 * regular file is refused in the next flush.
 */
#include "fuzz/loop/world.h"

#include <stdlib.h>

static eddy_io *io_of(const struct item *item)
{
    return (eddy_io *) (void *) item->handle;
}

static void set_want(struct item *item, unsigned want)
{
    if (want == 0 && item->slot == world.telling)
        item->barred = true;
    if (want != 0)
        item->slot->unwanted = 0;
    item->want = want;
    item->since &= want;
    item->must &= want;
    item->active = want != 0;
}

/* Those that stand in the way of REGULAR files: all others are asked of the
 * kernel now, which is checked at the wait. */
void ios_begin_flush(void)
{
    world.told = 0;
    for (struct item *item = world.items; item < world.items + ITEMS; item++) {
        item->since = item->want;
        if (item->slot != NULL && item->slot->sort == REGULAR)
            item->must = item->want;
    }
}

static void expect_none_left(void)
{
    for (struct item *item = world.items; item < world.items + ITEMS; item++)
        HOLDS(item->must == 0);
}

void ios_leave_flush(void)
{
    expect_none_left();
}

void ios_begin_dispatch(void)
{
    for (struct item *item = world.items; item < world.items + ITEMS; item++) {
        const struct slot *slot = item->slot;

        item->told = false;
        item->barred = false;
        if (slot != NULL && !slot->wild)
            item->must = item->since & slot->reported;
    }
}

void ios_leave_dispatch(void)
{
    expect_none_left();
    world.telling = NULL;
    for (int i = 0; i < SLOTS; i++)
        world.slots[i].reported = 0;
}

static void refused(struct item *item, int status, unsigned events)
{
    phase_reach_flush();
    HOLDS(item->life == OPEN && item->active);
    HOLDS(item->slot->sort == REGULAR && status == EDDY_EPERM && events == 0);
    set_want(item, 0);
}

static void ready(struct item *item, unsigned events)
{
    const struct slot *slot = item->slot;

    HOLDS(world.phase == DISPATCH);
    HOLDS(item->life == OPEN && item->active);
    HOLDS(events != 0 && (events & ~item->want) == 0);
    HOLDS(slot->wild || (!item->told && (events & ~slot->reported) == 0));
    HOLDS((item->must & ~events) == 0);
    HOLDS(slot->wild || !item->barred);
    item->must = 0;
    item->told = true;
    world.telling = slot;
}

static void on_io(eddy_io *io, int status, unsigned events)
{
    struct item *item = handle_of(&io->handle);

    fuzz_trace("io %td is told: %d, %u", item - world.items, status, events);
    if (status < 0)
        refused(item, status, events);
    else
        ready(item, events);
    world.told++;
    world.called++;
    program_callback();
}

int io_init(struct item *item)
{
    eddy_io *io = malloc(sizeof(*io));

    HOLDS(io != NULL);
    item->handle = &io->handle;
    item->slot = &world.slots[fuzz_take() % (SLOTS - 2)];
    item->barred = item->slot == world.telling;
    return eddy_io_init(&world.loop, io, item->slot->fd);
}

static void start(struct item *item, unsigned events)
{
    HOLDS(eddy_io_start(io_of(item), events, on_io) ==
          (events == 0 ? EDDY_EINVAL : 0));
    fuzz_trace("io %td: start %u", item - world.items, events);
    if (events != 0)
        set_want(item, events);
}

void io_touch(struct item *item, unsigned action)
{
    eddy_io *io = io_of(item);

    if (item->life == CLOSING) {
        HOLDS(eddy_io_start(io, EDDY_READABLE, on_io) == EDDY_EINVAL);
        HOLDS(eddy_io_stop(io) == EDDY_EINVAL);
        return;
    }
    HOLDS(eddy_io_fd(io) == item->slot->fd);
    if (action < 48) {
        HOLDS(eddy_io_stop(io) == 0);
        fuzz_trace("io %td: stop", item - world.items);
        set_want(item, 0);
    } else if (action < 96) {
        slot_touch(item->slot, action);
    } else {
        start(item, action % 16);
    }
}
