/* SPDX-License-Identifier: MIT */
/*
 * The timer that makes the kqueue's own descriptor readable at a deadline. A
 * wait takes its event for nothing: it has a time-out of its own.
 *
 * Kernels count milliseconds. Most count nanoseconds too; those that do not
 * may be early by a tick of their clock.
 */
#include "kevents.h"

#include <time.h>

enum {
#ifdef NOTE_NSECONDS
    NANOSECONDS = NOTE_NSECONDS,
    TICK_MS = 0
#else
    NANOSECONDS = 0,
    TICK_MS = 10
#endif
};

static const uint64_t longest_ns = EDDY_SEC(24 * 60 * 60);

uint64_t eddy__kqueue_now_ns(void)
{
    struct timespec now;

    (void) clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t) now.tv_sec * EDDY_SEC(1) + (uint64_t) now.tv_nsec;
}

static struct kevent timer(unsigned flags)
{
    return (struct kevent){
        .ident = 0,
        .filter = EVFILT_TIMER,
        .flags = (kevent_flags) flags,
    };
}

/* Relative, rounded up, never 0, and small enough for 32 bits. A deadline that
 * is too far makes the descriptor readable for nothing, once a day. */
static struct kevent timer_until(uint64_t deadline_ns)
{
    struct kevent change = timer(EV_ADD | EV_ONESHOT);
    uint64_t now_ns = eddy__kqueue_now_ns();
    uint64_t left_ns = deadline_ns > now_ns ? deadline_ns - now_ns : 1;

    if (left_ns > longest_ns)
        left_ns = longest_ns;
    if (NANOSECONDS != 0 && left_ns <= EDDY_SEC(1)) {
        change.fflags = NANOSECONDS;
        change.data = (kevent_data) left_ns;
    } else {
        uint64_t left_ms = (left_ns + EDDY_MS(1) - 1) / EDDY_MS(1);

        change.data =
            (kevent_data) left_ms + (deadline_ns > now_ns ? TICK_MS : 0);
    }
    return change;
}

/* Without room for events none are taken, not even the timer's. */
static int hand_over(const eddy_backend *be, struct kevent change)
{
    return eddy__kqueue_call(be->fd, &change, 1, NULL, 0, 0);
}

/* Added again an armed timer may go on as it was: it is removed before. */
int eddy__kqueue_arm(eddy_backend *be, uint64_t deadline_ns)
{
    int error;

    if (be->timed && deadline_ns == be->deadline_ns)
        return 0;
    if (be->timed)
        (void) hand_over(be, timer(EV_DELETE));
    be->timed = false;
    if (deadline_ns == EDDY_NEVER)
        return 0;
    error = hand_over(be, timer_until(deadline_ns));
    if (error == 0) {
        be->timed = true;
        be->deadline_ns = deadline_ns;
    }
    return error;
}
