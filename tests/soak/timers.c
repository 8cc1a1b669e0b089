/* SPDX-License-Identifier: MIT */
/*
 * Timers, by the thousand: started, restarted, stopped, repeating, closed and
 * made anew. None fires before its time, one that does not repeat fires once,
 * and when the loop drains each that is due soon has fired.
 */
#include "soak/soak.h"

enum { TIMERS = 1500, ACTS = 32 };

struct alarm {
    eddy_timer timer;
    uint64_t not_before;
    uint64_t repeat;
    bool armed;
    bool closing;
    bool gone; /* closed for good */
    bool far;  /* never due while the loop lives */
};

struct timers {
    struct station *station;
    struct alarm alarms[TIMERS];
    int open;
};

static struct ledger *books(const struct alarm *alarm)
{
    return &((struct timers *) alarm->timer.data)->station->ledger;
}

static void on_alarm(eddy_timer *timer)
{
    struct timers *timers = timer->data;
    struct alarm *alarm = (struct alarm *) (void *) timer;

    station_off_poll(timers->station);
    REQUIRE(alarm->armed && !alarm->closing && !alarm->far);
    REQUIRE(eddy_hrtime() >= alarm->not_before);
    if (alarm->repeat > 0) {
        alarm->not_before += alarm->repeat;
        tally(books(alarm), TIMERS_REPEATED);
        return;
    }
    alarm->armed = false;
    tally(books(alarm), TIMERS_FIRED);
}

/* --- what can be done with one --- */

static uint64_t some_time(uint64_t *random, bool *far)
{
    *far = false;
    switch (pick(random, 6)) {
    case 0:
        return 0;
    case 1:
        return pick(random, 1000000);
    case 2:
        *far = true;
        return EDDY_SEC(3600) + pick(random, 1000000);
    default:
        return pick(random, 300000000);
    }
}

static void count_start(struct alarm *alarm)
{
    if (alarm->armed)
        tally(books(alarm), TIMERS_RESTARTED);
    tally(books(alarm), TIMERS_STARTED);
    alarm->armed = true;
}

static void start(struct alarm *alarm, uint64_t *random, bool repeating)
{
    uint64_t timeout = some_time(random, &alarm->far);

    count_start(alarm);
    alarm->repeat =
        repeating && !alarm->far ? 1000000 + pick(random, 50000000) : 0;
    alarm->not_before = eddy_hrtime() + timeout;
    REQUIRE(eddy_timer_start(&alarm->timer, on_alarm, timeout, alarm->repeat) ==
            0);
}

static void start_at(struct alarm *alarm, uint64_t *random)
{
    count_start(alarm);
    alarm->far = false;
    alarm->repeat = 0;
    alarm->not_before =
        eddy_now(alarm->timer.loop) - 5000000 + pick(random, 50000000);
    REQUIRE(eddy_timer_start_at(&alarm->timer, on_alarm, alarm->not_before,
                                0) == 0);
}

static void stop(struct alarm *alarm)
{
    REQUIRE(eddy_timer_stop(&alarm->timer) == 0);
    if (alarm->armed)
        tally(books(alarm), TIMERS_STOPPED);
    alarm->armed = false;
}

static void again(struct alarm *alarm)
{
    if (!alarm->armed || alarm->repeat == 0)
        return;
    count_start(alarm);
    alarm->not_before = eddy_hrtime() + alarm->repeat;
    REQUIRE(eddy_timer_again(&alarm->timer) == 0);
}

static void open_one(struct timers *timers, struct alarm *alarm)
{
    *alarm = (struct alarm){0};
    REQUIRE(eddy_timer_init(&timers->station->loop, &alarm->timer) == 0);
    alarm->timer.data = timers;
    timers->open++;
    tally(&timers->station->ledger, HANDLES_MADE);
}

static void on_closed(eddy_handle *handle)
{
    struct timers *timers = handle->data;
    struct alarm *alarm = (struct alarm *) (void *) handle;

    REQUIRE(alarm->closing);
    alarm->closing = false;
    timers->open--;
    tally(&timers->station->ledger, HANDLES_CLOSED);
    alarm->gone = timers->station->life != LIVING;
    if (!alarm->gone)
        open_one(timers, alarm);
}

static void close_one(struct alarm *alarm, bool told)
{
    struct timers *timers = alarm->timer.data;

    if (alarm->armed)
        tally(books(alarm), TIMERS_CLOSED);
    alarm->armed = false;
    if (told) {
        alarm->closing = true;
        REQUIRE(eddy_close(&alarm->timer.handle, on_closed) == 1);
        return;
    }
    REQUIRE(eddy_close(&alarm->timer.handle, NULL) == 0);
    timers->open--;
    tally(&timers->station->ledger, HANDLES_CLOSED);
}

/* --- the part --- */

static void act(struct timers *timers, struct alarm *alarm)
{
    uint64_t *random = &timers->station->random;

    REQUIRE(eddy_is_active(&alarm->timer.handle) == alarm->armed);
    switch (pick(random, 12)) {
    case 0:
        stop(alarm);
        break;
    case 1:
        start(alarm, random, true);
        break;
    case 2:
        start_at(alarm, random);
        break;
    case 3:
        again(alarm);
        break;
    case 4:
        close_one(alarm, true);
        break;
    case 5:
        close_one(alarm, false);
        open_one(timers, alarm);
        break;
    default:
        start(alarm, random, false);
    }
}

static void open_timers(struct station *station, void *self)
{
    struct timers *timers = self;

    timers->station = station;
    for (int i = 0; i < TIMERS; i++)
        open_one(timers, &timers->alarms[i]);
}

static void tick(struct station *station, void *self)
{
    struct timers *timers = self;

    if (station->life != LIVING)
        return;
    for (int i = 0; i < ACTS; i++) {
        struct alarm *alarm = &timers->alarms[pick(&station->random, TIMERS)];

        if (!alarm->closing)
            act(timers, alarm);
    }
}

static bool drained(struct station *station, void *self)
{
    struct timers *timers = self;
    bool all = true;

    (void) station;
    for (int i = 0; i < TIMERS; i++) {
        struct alarm *alarm = &timers->alarms[i];

        if (alarm->closing || alarm->gone)
            continue;
        if (alarm->far || alarm->repeat > 0)
            stop(alarm);
        else if (alarm->armed)
            all = false;
    }
    return all;
}

static void close_timers(struct station *station, void *self)
{
    struct timers *timers = self;

    for (int i = 0; i < TIMERS; i++) {
        struct alarm *alarm = &timers->alarms[i];

        if (!alarm->closing && !alarm->gone)
            close_one(alarm, pick(&station->random, 2));
    }
}

static bool closed(struct station *station, void *self)
{
    const struct timers *timers = self;

    (void) station;
    return timers->open == 0;
}

const struct part timers_part = {
    .size = sizeof(struct timers),
    .open = open_timers,
    .tick = tick,
    .drained = drained,
    .close = close_timers,
    .closed = closed,
};
