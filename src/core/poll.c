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
#include "core/loop.h"
#include "core/messages.h"
#include "core/timer.h"

/* Nanoseconds to sleep, negative for ever. The cheap questions come first. */
static int64_t sleep_time(const eddy_loop *loop)
{
    if (eddy__loop_has_work(loop) || eddy__stopped(loop) ||
        !eddy_loop_alive(loop))
        return 0;
    return eddy__timers_sleep(loop);
}

static inline void relax(void)
{
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#else
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
#endif
}

/* Looks out for messages for a while, for those who chose to pay with CPU time
 * for not having to be woken. Returns what is left of the time to sleep: 0 when
 * it is used up or a message came. */
static int64_t spin(const eddy_loop *loop, int64_t timeout_ns)
{
    const eddy_os *os = loop->os;
    uint64_t start = os->now(os->context);
    uint64_t spent;

    do {
        for (int i = 0; i < 16; i++) {
            if (eddy__arrivals_wait(loop) || eddy__stopped(loop))
                return 0;
            relax();
        }
        spent = os->now(os->context) - start;
        if (timeout_ns > 0 && spent >= (uint64_t) timeout_ns)
            return 0;
    } while (spent < loop->spin_ns);
    return timeout_ns < 0 ? timeout_ns : timeout_ns - (int64_t) spent;
}

static int wait(eddy_loop *loop, int64_t timeout_ns)
{
    uint64_t before = loop->now_ns;
    bool idle = timeout_ns != 0;
    int count;

    if (idle && loop->spin_ns > 0)
        timeout_ns = spin(loop, timeout_ns);
    if (timeout_ns != 0 && !eddy__sleep_begin(loop))
        timeout_ns = 0;
    loop->batch++;
    loop->stats.polls++;
    count =
        loop->ops->wait(loop->backend, timeout_ns, loop->ready, EDDY__BATCH);
    if (timeout_ns != 0)
        eddy__sleep_end(loop);
    loop->state &= ~(unsigned) EDDY__LOOP_TIMED;
    if (eddy__timers_active(loop)) {
        eddy_update_time(loop);
        if (idle)
            loop->stats.asleep_ns += loop->now_ns - before;
    }
    return count;
}

/* A loop that cannot be woken must not go on as if it could. */
static int wakeup_error(eddy_loop *loop)
{
    int err = loop->wakeup_error;

    loop->wakeup_error = 0;
    return err;
}

/* One wait with its results. *told: how many callbacks were called. */
static int turn(eddy_loop *loop, bool may_sleep, bool *slept, unsigned *told)
{
    unsigned refused;
    int64_t timeout_ns = 0;
    int count;

    *told = 0;
    *slept = false;
    if (eddy__loop_inherited(loop))
        return EDDY_EPERM; /* a callback forked, and this is the child */
    refused = loop->first_changed < 0 ? 0 : eddy__fds_flush(loop);
    eddy__phase_end(loop, refused);
    if (may_sleep && refused == 0 && loop->wakeup_error == 0)
        timeout_ns = sleep_time(loop);
    *slept = timeout_ns != 0;
    *told = refused;
    count = wait(loop, timeout_ns);
    if (count > 0) {
        loop->stats.events += (unsigned) count;
        *told += eddy__fds_dispatch(loop, count);
    }
    if (eddy__arrivals_wait(loop))
        *told += eddy__messages_run(loop);
    eddy__phase_end(loop, *told);
    if (count < 0 && count != EDDY_EINTR)
        return count;
    return loop->wakeup_error == 0 ? 0 : wakeup_error(loop);
}

int eddy__poll(eddy_loop *loop, bool may_sleep, unsigned *told)
{
    bool slept;
    int err;

    do {
        if (loop->state & EDDY__LOOP_REBUILD)
            (void) eddy__loop_rebuild(loop, false); /* else next time */
        err = turn(loop, may_sleep, &slept, told);
    } while (err == 0 && *told == 0 && slept && !eddy__stopped(loop) &&
             !eddy__loop_has_work(loop) && !eddy__timers_due(loop));
    return err;
}
