/* SPDX-License-Identifier: MIT */
/*
 * The interpreter: bytes become operations, the same ones outside of a run and
 * in callbacks. When the bytes are used up nothing more is done, so that every
 * program ends.
 */
#include "fuzz/loop/world.h"

enum { MAX_DEPTH = 3 };

void program_pass_time(void)
{
    uint64_t span = world_span();

    if (span < EDDY_SEC(1000000))
        world.clock_ns += span;
}

static void ask_time(void)
{
    uint64_t now;

    if (fuzz_take() % 2)
        eddy_update_time(&world.loop);
    now = eddy_now(&world.loop);
    HOLDS(now == world.now_ns && now <= world.clock_ns);
}

/* What the loop says it would sleep, where all of it is to be seen. */
static void ask_timeout(void)
{
    uint64_t wanted = timers_timeout();
    int64_t timeout;

    if (world.phase != OUTSIDE)
        return;
    world.peeking = true;
    timeout = eddy_loop_timeout(&world.loop);
    world.peeking = false;
    if (world_has_work() || world.message_count > 0)
        HOLDS(timeout == 0);
    else
        HOLDS(timeout == (wanted > INT64_MAX ? -1 : (int64_t) wanted));
}

static void stop(void)
{
    fuzz_trace("stop");
    eddy_stop(&world.loop);
    world.stopped = true;
}

static void reference(void)
{
    if (fuzz_take() % 2 == 0) {
        eddy_loop_ref(&world.loop);
        world.references++;
    } else {
        eddy_loop_unref(&world.loop);
        world.references -= world.references > 0;
    }
}

/* How the system treats streams from now on. */
static void set_system(void)
{
    world.cap = fuzz_take() % 8;
    world.interrupts = fuzz_take() % 4;
}

static void act_on_loop(unsigned action)
{
    switch (action % 8) {
    case 0:
    case 1:
        program_pass_time();
        break;
    case 2:
        ask_time();
        break;
    case 3:
        ask_timeout();
        break;
    case 4:
        stop();
        break;
    case 5:
        reference();
        break;
    case 6:
        handle_walk();
        break;
    default:
        set_system();
        break;
    }
}

/* From other threads: a send, a task, a stop, or what arrives at a descriptor.
 * Whether a loop that sleeps must wake. */
bool program_meddle(void)
{
    unsigned action = fuzz_take();
    bool fresh = !world.stopped;

    switch (action % 8) {
    case 1:
    case 2:
        return async_send_any(action / 8);
    case 3:
        return task_post(action / 8);
    case 4:
        if (action / 8 % 4 != 0)
            return false;
        stop();
        return fresh;
    case 5:
    case 6:
        slot_feed(&world.slots[action / 8 % SLOTS]);
        return false;
    case 7:
        return work_release();
    default:
        return false;
    }
}

void program_run(eddy_run_mode mode)
{
    int result;

    if (world.phase != OUTSIDE) {
        HOLDS(eddy_run(&world.loop, mode) == EDDY_EBUSY);
        HOLDS(eddy_loop_close(&world.loop) == EDDY_EBUSY);
        return;
    }
    fuzz_trace("--- run %d", (int) mode);
    phase_run_begins(mode);
    result = eddy_run(&world.loop, mode);
    HOLDS(result >= 0);
    fuzz_trace("--- ran: %d", result);
    phase_run_ended(result);
}

static eddy_run_mode some_mode(void)
{
    static const eddy_run_mode modes[] = {EDDY_RUN_NOWAIT, EDDY_RUN_ONCE,
                                          EDDY_RUN_NOWAIT, EDDY_RUN_DEFAULT};

    return modes[fuzz_take() % 4];
}

static void step(void)
{
    unsigned operation = fuzz_take();
    unsigned which;

    switch (operation % 16) {
    case 9:
    case 10:
        which = fuzz_take();
        slot_touch(&world.slots[which % SLOTS], fuzz_take());
        break;
    case 11:
        (void) task_post(operation / 16);
        break;
    case 12:
        act_on_loop(operation / 16);
        break;
    case 13:
    case 14:
        program_run(some_mode());
        break;
    case 15:
        work_touch(operation / 16, fuzz_take());
        break;
    default:
        which = fuzz_take();
        handle_touch(which, fuzz_take());
        break;
    }
}

void program_step(void)
{
    step();
    world_check();
}

/* What a callback does: up to three things, or nothing. */
void program_callback(void)
{
    unsigned count = fuzz_take() % 4;

    if (world.depth < MAX_DEPTH) {
        world.depth++;
        for (; count > 0 && fuzz_left(); count--)
            step();
        world.depth--;
    }
    world_check();
}
