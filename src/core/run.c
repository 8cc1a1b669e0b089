/* SPDX-License-Identifier: MIT */
/*
 * Running a loop: the iteration, whose order is a promise, and what keeps it
 * going.
 */
#include "core/alive.h"
#include "core/embed.h"
#include "core/handle.h"
#include "core/loop.h"
#include "core/phase.h"
#include "core/poll.h"
#include "core/request.h"
#include "core/timer.h"

/* Timers and requests, whose callbacks come when they come; returns how many
 * were called. */
static unsigned run_due(eddy_loop *loop)
{
    unsigned called = 0;

    if (eddy__timers_active(loop)) {
        called = eddy__timers_fire(loop, 0, EDDY_NEVER);
        eddy__phase_end(loop, called);
    }
    if (loop->ended != NULL) {
        called += eddy__requests_call(loop);
        eddy__phase_end(loop, called);
    }
    return called;
}

static unsigned run_phase(eddy_loop *loop, enum eddy__phase phase)
{
    unsigned called = eddy__phase_run(loop, phase);

    if (called > 0)
        eddy__phase_end(loop, called);
    return called;
}

/* Closing handles wait for their requests' callbacks; those that have ended
 * need not wait for the next iteration. */
static unsigned close_handles(eddy_loop *loop)
{
    unsigned called = eddy__requests_run(loop);

    called += eddy__handles_finish(loop);
    eddy__phase_end(loop, called);
    return called;
}

/* What came due during ONCE's sleep; what was due before it, or was started
 * after it, belongs to the next iteration. */
static unsigned run_late(eddy_loop *loop, uint64_t slept_at, uint64_t started)
{
    unsigned called = eddy__timers_run(loop, slept_at + 1, started);

    eddy__phase_end(loop, called);
    return called;
}

/* ONCE has what it waits for when something was due. *called: how many
 * callbacks were called, but for those that come in every iteration. */
static int iterate(eddy_loop *loop, eddy_run_mode mode, unsigned *called)
{
    uint64_t started = 0; /* the last timer start before the poll */
    uint64_t slept_at;
    unsigned told;
    bool may_sleep;
    int err;

    loop->stats.iterations++;
    *called = run_due(loop);
    may_sleep =
        mode == EDDY_RUN_DEFAULT || (mode == EDDY_RUN_ONCE && *called == 0);
    *called += run_phase(loop, EDDY__IDLE);
    run_phase(loop, EDDY__PREPARE);
    if (loop->wheel != NULL)
        started = loop->wheel->order;
    slept_at = loop->now_ns;
    err = eddy__poll(loop, may_sleep, &told);
    *called += told;
    run_phase(loop, EDDY__CHECK);
    if (loop->closing_handles > 0)
        *called += close_handles(loop);
    if (mode == EDDY_RUN_ONCE)
        *called += run_late(loop, slept_at, started);
    return err;
}

static int enter(eddy_loop *loop, eddy_run_mode mode)
{
    const unsigned open = EDDY__LOOP_OPEN;

    if (loop == NULL || !(loop->state & open) ||
        (unsigned) mode > EDDY_RUN_NOWAIT)
        return EDDY_EINVAL;
    if (loop->state & EDDY__LOOP_RUNNING)
        return EDDY_EBUSY;
    if (eddy__loop_inherited(loop))
        return EDDY_EPERM;
    eddy__loop_enter(loop);
    if (loop->state & EDDY__LOOP_EMBEDDED)
        eddy__sleep_end(loop);
    eddy__timers_begin_fresh(loop); /* whatever the caller did since */
    return 0;
}

/* An embedded loop tells the outer one what it waits for, and of a descriptor
 * that is another one now. */
static int leave_embedded(eddy_loop *loop, int err)
{
    int embed_err = 0;

    if (!eddy__loop_inherited(loop))
        embed_err = eddy__embed_leave(loop);
    err = err < 0 ? err : embed_err;
    if (err == 0 && (loop->state & EDDY__LOOP_MOVED)) {
        loop->state &= ~(unsigned) EDDY__LOOP_MOVED;
        err = EDDY_ESTALE;
    }
    return err;
}

/* A stop that came during the run, or before it, has been obeyed. */
static int leave(eddy_loop *loop, int err)
{
    if (eddy__stopped(loop))
        __atomic_store_n(&loop->stopping, EDDY__GOING, __ATOMIC_SEQ_CST);
    if (loop->state & EDDY__LOOP_EMBEDDED)
        err = leave_embedded(loop, err);
    eddy__loop_exit(loop);
    return err < 0 ? err : eddy__loop_alive(loop);
}

/* Whether to go on after an iteration. ONCE does while nobody was called: a
 * poll may only have ended a request, whose callback is the next iteration's.
 */
static bool goes_on(const eddy_loop *loop, eddy_run_mode mode, unsigned called)
{
    if (mode == EDDY_RUN_NOWAIT || (mode == EDDY_RUN_ONCE && called > 0))
        return false;
    return eddy__loop_alive(loop) && !eddy__stopped(loop);
}

int eddy_run(eddy_loop *loop, eddy_run_mode mode)
{
    int err = enter(loop, mode);
    unsigned called;

    if (err < 0)
        return err;
    if (eddy__stopped(loop) ||
        (mode != EDDY_RUN_NOWAIT && !eddy__loop_alive(loop)))
        return leave(loop, 0);
    do {
        err = iterate(loop, mode, &called);
        if (eddy__loop_inherited(loop))
            err = EDDY_EPERM; /* a callback forked, and this is the child */
    } while (err == 0 && goes_on(loop, mode, called));
    return leave(loop, err);
}
