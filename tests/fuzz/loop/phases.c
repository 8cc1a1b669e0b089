/* SPDX-License-Identifier: MIT */
/*
 * The order of things: the phases of an iteration, what must have happened
 * when one is left, and when another iteration may follow. Every callback and
 * every wait says which phase it belongs to; all phases before that are then
 * over, and had nothing left to call.
 */
#include "fuzz/loop/world.h"

static bool goes_on(void)
{
    if (world.mode == EDDY_RUN_NOWAIT ||
        (world.mode == EDDY_RUN_ONCE && world.called > 0))
        return false;
    return world_alive() && !world.stopped;
}

static void begin_timers(void)
{
    world.iterations++;
    world.due = 0;
    world.called = 0;
    world.waits = 0;
    world.phase_ns = world.clock_ns;
    world.from_ns = 0;
    world.last_order = world.order;
}

static void begin_late(void)
{
    bool once = world.mode == EDDY_RUN_ONCE;

    world.phase_ns = world.clock_ns;
    world.from_ns = once ? world.polled_ns + 1 : UINT64_MAX;
    world.last_order = once ? world.polled_order : 0;
}

static void begin(enum phase phase)
{
    world.phase = phase;
    switch (phase) {
    case TIMERS:
        begin_timers();
        break;
    case PENDING:
        world.ending = world.ended.count;
        break;
    case IDLE:
    case PREPARE:
    case CHECK:
        world.last_called = 0;
        world.last_order = world.order;
        break;
    case FLUSH:
        ios_begin_flush();
        break;
    case ENDING:
        world.ending = handle_count(CLOSING) > 0 ? world.ended.count : 0;
        break;
    case ENDED:
        handles_begin_ended();
        break;
    case LATE:
        begin_late();
        break;
    default:
        break;
    }
}

static void leave_late_or_timers(void)
{
    HOLDS(timers_next() == NULL);
    timers_settle();
}

static void leave_ticks(enum kind kind)
{
    HOLDS(ticks_next(kind) == NULL);
    timers_settle();
}

/* The time that relative time-outs count from is the end of the phase, but for
 * the two pairs of phases that are one to the loop. */
static void leave(enum phase phase)
{
    switch (phase) {
    case TIMERS:
    case LATE:
        leave_late_or_timers();
        break;
    case PENDING:
        HOLDS(world.ending == 0);
        timers_settle();
        break;
    case IDLE:
        leave_ticks(KIND_IDLE);
        break;
    case PREPARE:
        leave_ticks(KIND_PREPARE);
        world.polled_ns = world.now_ns;
        world.polled_order = world.order;
        break;
    case FLUSH:
        ios_leave_flush();
        timers_settle();
        break;
    case DISPATCH:
        ios_leave_dispatch();
        world.batches = 0;
        break;
    case ARRIVALS:
        messages_settle();
        HOLDS(world.message_count == 0 || world.batches == MAX_BATCHES);
        world.taken = 0;
        timers_settle();
        break;
    case CHECK:
        leave_ticks(KIND_CHECK);
        break;
    case ENDING:
        HOLDS(world.ending == 0);
        break;
    case ENDED:
        handles_leave_ended();
        timers_settle();
        break;
    default:
        break;
    }
}

/* One phase on. The wait alone leads from FLUSH to DISPATCH. */
static void advance(void)
{
    enum phase phase = world.phase;

    HOLDS(phase != OUTSIDE && phase != FLUSH);
    leave(phase);
    if (phase == LATE) {
        HOLDS(goes_on());
        begin(TIMERS);
    } else {
        begin(phase + 1);
    }
}

void phase_reach(enum phase phase)
{
    HOLDS(world.phase != OUTSIDE);
    while (world.phase != phase)
        advance();
}

/* A timer's callback. In ONCE those that came due during the sleep follow the
 * iteration; if there is none, another iteration may have begun. */
void phase_reach_timers(void)
{
    if (world.phase == TIMERS)
        return;
    phase_reach(LATE);
    if (timers_next() == NULL)
        phase_reach(TIMERS);
}

void phase_reach_requests(void)
{
    if (world.phase > PENDING && world.phase <= ENDING) {
        phase_reach(ENDING);
        if (world.ending > 0)
            return;
    }
    phase_reach(PENDING);
}

/* A wait of the same iteration repeats one that slept and told nobody
 * anything, with nothing to do since. */
static void poll_again(void)
{
    phase_reach(ARRIVALS);
    leave(ARRIVALS);
    HOLDS(world.slept && world.told == 0);
    HOLDS(!world.stopped && !world_has_work());
    HOLDS(timers_nearest() > world.clock_ns);
    begin(FLUSH);
}

void phase_reach_flush(void)
{
    if (world.phase == FLUSH)
        return;
    if (world.waits > 0 &&
        world.loop.stats.iterations == world.waited_iteration)
        poll_again();
    else
        phase_reach(FLUSH);
}

void phase_reach_wait(void)
{
    phase_reach_flush();
    leave(FLUSH);
    world.waits++;
    world.waited_iteration = world.loop.stats.iterations;
}

void phase_waited(bool slept)
{
    world.slept = slept;
    world.phase = DISPATCH;
    ios_begin_dispatch();
}

void phase_run_begins(eddy_run_mode mode)
{
    world.mode = mode;
    world.called = 0;
    world.iterations = 0;
    world.waits = 0;
    world.steps = 0;
    world.spins = 0;
    timers_settle();
    if ((world_alive() || mode == EDDY_RUN_NOWAIT) && !world.stopped)
        begin(TIMERS);
}

void phase_run_ended(int result)
{
    if (world.phase != OUTSIDE) {
        phase_reach(LATE);
        leave(LATE);
        HOLDS(!goes_on());
        world.phase = OUTSIDE;
    }
    world.stopped = false;
    HOLDS(result == (int) world_alive());
}
