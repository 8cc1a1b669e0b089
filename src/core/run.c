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

/* Closing handles wait for their requests' callbacks; those that have ended
 * need not wait for the next iteration. */
static unsigned close_handles(eddy_loop *loop)
{
    unsigned called;

    if (loop->closing_handles == 0)
        return 0;
    called = eddy__requests_run(loop);
    return called + eddy__handles_finish(loop);
}

/* Timers and requests, whose callbacks come when they come; returns how many
 * were called. */
static unsigned run_due(eddy_loop *loop)
{
    unsigned timers = eddy__timers_run(loop, 0, EDDY_NEVER);
    unsigned requests;

    eddy__phase_end(loop, timers);
    requests = eddy__requests_run(loop);
    eddy__phase_end(loop, requests);
    return timers + requests;
}

/* ONCE has what it waits for when something was due. After its sleep it fires
 * what came due meanwhile; what was due before the sleep, or was started after
 * it, belongs to the next iteration. *called: how many callbacks were called,
 * but for those that come in every iteration. */
static int iterate(eddy_loop *loop, eddy_run_mode mode, unsigned *called)
{
    unsigned due = run_due(loop);
    unsigned idle = eddy__phase_run(loop, EDDY__IDLE);
    unsigned told = 0;
    unsigned closed;
    unsigned late = 0;
    uint64_t started; /* the last timer start before the poll */
    uint64_t polled;
    int err;

    loop->stats.iterations++;
    eddy__phase_end(loop, idle);
    eddy__phase_end(loop, eddy__phase_run(loop, EDDY__PREPARE));
    started = loop->wheel == NULL ? 0 : loop->wheel->order;
    polled = loop->now_ns;
    err = eddy__poll(
        loop, mode == EDDY_RUN_DEFAULT || (mode == EDDY_RUN_ONCE && due == 0),
        &told);
    eddy__phase_end(loop, eddy__phase_run(loop, EDDY__CHECK));
    closed = close_handles(loop);
    eddy__phase_end(loop, closed);
    if (mode == EDDY_RUN_ONCE)
        late = eddy__timers_run(loop, polled + 1, started);
    eddy__phase_end(loop, late);
    *called = due + idle + told + closed + late;
    return err;
}

static int enter(eddy_loop *loop, eddy_run_mode mode)
{
    if (loop == NULL || !(loop->state & EDDY__LOOP_OPEN) ||
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

/* A stop that came during the run, or before it, has been obeyed. */
static int leave(eddy_loop *loop, int err)
{
    if (eddy__stopped(loop))
        __atomic_store_n(&loop->stopping, EDDY__GOING, __ATOMIC_SEQ_CST);
    if ((loop->state & EDDY__LOOP_EMBEDDED) && !eddy__loop_inherited(loop)) {
        int embed_err = eddy__embed_leave(loop);

        err = err < 0 ? err : embed_err;
    }
    if (err == 0 && (loop->state & EDDY__LOOP_MOVED)) {
        loop->state &= ~(unsigned) EDDY__LOOP_MOVED;
        err = EDDY_ESTALE;
    }
    eddy__loop_exit(loop);
    if (err < 0)
        return err;
    return eddy_loop_alive(loop);
}

/* Whether to go on after an iteration. ONCE does while nobody was called: a
 * poll may only have ended a request, whose callback is the next iteration's.
 */
static bool goes_on(const eddy_loop *loop, eddy_run_mode mode, unsigned called)
{
    if (mode == EDDY_RUN_NOWAIT || (mode == EDDY_RUN_ONCE && called > 0))
        return false;
    return eddy_loop_alive(loop) && !eddy__stopped(loop);
}

int eddy_run(eddy_loop *loop, eddy_run_mode mode)
{
    int err = enter(loop, mode);
    unsigned called;
    bool going;

    if (err < 0)
        return err;
    going = (eddy_loop_alive(loop) || mode == EDDY_RUN_NOWAIT) &&
            !eddy__stopped(loop);
    while (going) {
        err = iterate(loop, mode, &called);
        if (eddy__loop_inherited(loop))
            err = EDDY_EPERM; /* a callback forked, and this is the child */
        going = err == 0 && goes_on(loop, mode, called);
    }
    return leave(loop, err);
}
