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
 * it, belongs to the next iteration. */
static int iterate(eddy_loop *loop, eddy_run_mode mode)
{
    unsigned due;
    uint64_t started; /* the last timer start before the poll */
    uint64_t polled;
    int err;

    loop->stats.iterations++;
    due = run_due(loop);
    eddy__phase_end(loop, eddy__phase_run(loop, EDDY__IDLE));
    eddy__phase_end(loop, eddy__phase_run(loop, EDDY__PREPARE));
    started = loop->wheel == NULL ? 0 : loop->wheel->order;
    polled = loop->now_ns;
    err = eddy__poll(loop, mode == EDDY_RUN_DEFAULT ||
                               (mode == EDDY_RUN_ONCE && due == 0));
    eddy__phase_end(loop, eddy__phase_run(loop, EDDY__CHECK));
    eddy__phase_end(loop, close_handles(loop));
    if (mode == EDDY_RUN_ONCE)
        eddy__phase_end(loop, eddy__timers_run(loop, polled + 1, started));
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
    loop->state |= EDDY__LOOP_RUNNING;
#ifndef NDEBUG
    loop->owner = eddy__thread_name();
#endif
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
    if (loop->state & EDDY__LOOP_EMBEDDED) {
        int embed_err = eddy__embed_leave(loop);

        err = err < 0 ? err : embed_err;
    }
    loop->state &= ~(unsigned) EDDY__LOOP_RUNNING;
    if (err < 0)
        return err;
    return eddy_loop_alive(loop);
}

int eddy_run(eddy_loop *loop, eddy_run_mode mode)
{
    int err = enter(loop, mode);
    bool going;

    if (err < 0)
        return err;
    going = eddy_loop_alive(loop) || mode == EDDY_RUN_NOWAIT;
    while (going && !eddy__stopped(loop)) {
        err = iterate(loop, mode);
        going = err == 0 && mode == EDDY_RUN_DEFAULT && eddy_loop_alive(loop);
    }
    return leave(loop, err);
}
