/* SPDX-License-Identifier: MIT */
/*
 * The poll phase. Interest changes are told to the backend, the loop sleeps in
 * one wait, and what that reports is handed out: descriptors first, then tasks
 * and asyncs. A wait that brought nothing for anybody (an unwanted event, a
 * signal, a timer that had moved on) is repeated: it is not what the caller
 * waits for.
 */
#include "core/poll.h"

#include "core/alive.h"
#include "core/fdtable.h"
#include "core/fork.h"
#include "core/lookout.h"
#include "core/loop.h"
#include "core/messages.h"
#include "core/timer.h"

/* Nanoseconds to sleep, negative for ever. The cheap questions come first. */
static int64_t sleep_time(const eddy_loop *loop)
{
    if (eddy__loop_has_work(loop) || eddy__stopped(loop) ||
        !eddy__loop_alive(loop))
        return 0;
    return eddy__timers_sleep(loop);
}

static int ask(eddy_loop *loop, int64_t timeout_ns)
{
    loop->batch++;
    loop->stats.polls++;
    return loop->ops->wait(loop->backend, timeout_ns, loop->ready, EDDY__BATCH);
}

/* Sleeps, after making sure that whoever comes from now on will end it. */
static int sleep_for(eddy_loop *loop, int64_t timeout_ns)
{
    int count;

    if (loop->spin_ns > 0) {
        count = ask(loop, 0); /* descriptors need not wait for the spinning */
        if (count != 0)
            return count;
        timeout_ns = eddy__lookout_spin(loop, timeout_ns);
    } else if (eddy__lookout_glance(loop)) {
        timeout_ns = 0;
    }
    if (timeout_ns == 0 || !eddy__sleep_begin(loop))
        return ask(loop, 0);
    count = ask(loop, timeout_ns);
    eddy__sleep_end(loop);
    return count;
}

static int wait(eddy_loop *loop, int64_t timeout_ns)
{
    uint64_t before = loop->now_ns;
    int count = timeout_ns == 0 ? ask(loop, 0) : sleep_for(loop, timeout_ns);

    loop->state &= ~(unsigned) EDDY__LOOP_TIMED;
    if (eddy__timers_active(loop)) {
        eddy_update_time(loop);
        if (timeout_ns != 0)
            loop->stats.asleep_ns += loop->now_ns - before;
    }
    return count;
}

/* A loop that cannot be woken must not go on as if it could. */
static int wakeup_error(eddy_loop *loop)
{
    int err = loop->wakeup_error;

    loop->wakeup_error = 0;
    if (err == 0)
        err = __atomic_exchange_n(&loop->rouse_error, 0, __ATOMIC_RELAXED);
    return err;
}

/* Hands out what the wait reported, then messages; returns how many callbacks
 * were called. */
static unsigned dispatch(eddy_loop *loop, int count)
{
    unsigned told = 0;

    if (count > 0) {
        loop->stats.events += (unsigned) count;
        told = eddy__fds_dispatch(loop, count);
    }
    if (eddy__arrivals_wait(loop)) {
        told += eddy__messages_run(loop);
        eddy__lookout_expect(loop);
    }
    return told;
}

enum { LOOKED = 0, SLEPT = 1 };

/* One wait with its results. *told: how many callbacks were called. Returns
 * whether it slept, or an error. */
static int turn(eddy_loop *loop, bool may_sleep, unsigned *told)
{
    unsigned called = 0;
    int64_t timeout_ns = 0;
    int count;

    *told = 0;
    if (eddy__loop_inherited(loop))
        return EDDY_EPERM; /* a callback forked, and this is the child */
    if (loop->first_changed >= 0) {
        called = eddy__fds_flush(loop);
        eddy__phase_end(loop, called);
    }
    if (may_sleep && called == 0 && loop->wakeup_error == 0)
        timeout_ns = sleep_time(loop);
    count = wait(loop, timeout_ns);
    called += dispatch(loop, count);
    eddy__phase_end(loop, called);
    *told = called;
    if (count < 0 && count != EDDY_EINTR)
        return count;
    if (loop->wakeup_error |
        __atomic_load_n(&loop->rouse_error, __ATOMIC_RELAXED))
        return wakeup_error(loop);
    return timeout_ns == 0 ? LOOKED : SLEPT;
}

/* Whether what was slept for is still to come: nobody was called, and there is
 * nothing else to do. */
static bool sleeps_on(eddy_loop *loop)
{
    return !eddy__stopped(loop) && !eddy__loop_has_work(loop) &&
           !eddy__timers_due(loop);
}

/* Without a new backend a stale event comes again and again: the loop is served
 * once more, but does not go on so behind the caller's back. */
int eddy__poll(eddy_loop *loop, bool may_sleep, unsigned *told)
{
    int stale = 0;
    int err;

    do {
        if (loop->state & EDDY__LOOP_REBUILD)
            stale = eddy__loop_rebuild(loop, false);
        err = turn(loop, may_sleep && stale == 0, told);
    } while (err == SLEPT && *told == 0 && sleeps_on(loop));
    return err < 0 ? err : stale;
}
