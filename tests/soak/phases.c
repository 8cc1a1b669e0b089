/* SPDX-License-Identifier: MIT */
/*
 * The phases: one prepare and one check handle on each side of the poll tell
 * all other parts where the iteration is; others are started, stopped and
 * closed at random.
 */
#include "soak/soak.h"

struct phases {
    struct station *station;
    eddy_prepare before; /* the poll */
    eddy_check after;
    eddy_idle idle;
    eddy_prepare prepare; /* behind `before`, as it was started later */
    int open;
};

static struct station *enter(eddy_handle *handle)
{
    struct phases *phases = handle->data;

    tally(&phases->station->ledger, PHASES_RUN);
    return phases->station;
}

static void on_before(eddy_prepare *prepare)
{
    struct station *station = enter(&prepare->handle);

    REQUIRE(!station->in_poll);
    station->in_poll = true;
    station->phases_watch = true;
}

static void on_after(eddy_check *check)
{
    struct station *station = enter(&check->handle);

    REQUIRE(station->in_poll);
    station->in_poll = false;
}

static void on_idle(eddy_idle *idle)
{
    struct station *station = enter(&idle->handle);

    station_off_poll(station);
    if (pick(&station->random, 8) == 0)
        REQUIRE(eddy_idle_stop(idle) == 0);
}

static void on_prepare(eddy_prepare *prepare)
{
    station_in_poll(enter(&prepare->handle));
}

static void on_closed(eddy_handle *handle)
{
    struct phases *phases = handle->data;

    phases->open--;
    tally(&phases->station->ledger, HANDLES_CLOSED);
}

static void open_phases(struct station *station, void *self)
{
    struct phases *phases = self;
    eddy_loop *loop = &station->loop;

    phases->station = station;
    REQUIRE(eddy_prepare_init(loop, &phases->before) == 0);
    REQUIRE(eddy_check_init(loop, &phases->after) == 0);
    REQUIRE(eddy_idle_init(loop, &phases->idle) == 0);
    REQUIRE(eddy_prepare_init(loop, &phases->prepare) == 0);
    phases->before.data = phases;
    phases->after.data = phases;
    phases->idle.data = phases;
    phases->prepare.data = phases;
    REQUIRE(eddy_prepare_start(&phases->before, on_before) == 0);
    REQUIRE(eddy_check_start(&phases->after, on_after) == 0);
    phases->open = 4;
    tally_by(&station->ledger, HANDLES_MADE, 4);
}

static void tick(struct station *station, void *self)
{
    struct phases *phases = self;

    if (station->life != LIVING)
        return;
    if (pick(&station->random, 50) == 0)
        REQUIRE(eddy_idle_start(&phases->idle, on_idle) == 0);
    if (pick(&station->random, 10) == 0)
        REQUIRE(eddy_prepare_start(&phases->prepare, on_prepare) == 0);
    else if (pick(&station->random, 10) == 0)
        REQUIRE(eddy_prepare_stop(&phases->prepare) == 0);
}

static bool drained(struct station *station, void *self)
{
    (void) station;
    (void) self;
    return true;
}

static void close_phases(struct station *station, void *self)
{
    struct phases *phases = self;

    (void) station;
    REQUIRE(eddy_close(&phases->before.handle, on_closed) == 1);
    REQUIRE(eddy_close(&phases->after.handle, on_closed) == 1);
    REQUIRE(eddy_close(&phases->idle.handle, on_closed) == 1);
    REQUIRE(eddy_close(&phases->prepare.handle, on_closed) == 1);
}

static bool closed(struct station *station, void *self)
{
    const struct phases *phases = self;

    (void) station;
    return phases->open == 0;
}

const struct part phases_part = {
    .size = sizeof(struct phases),
    .open = open_phases,
    .tick = tick,
    .drained = drained,
    .close = close_phases,
    .closed = closed,
};
