/* SPDX-License-Identifier: MIT */
/*
 * Timers in nanoseconds on the monotonic clock. Starting, restarting and
 * stopping allocate nothing and cost the same with ten timers or ten million.
 *
 * A timer never fires early. A relative time-out counts from the clock reading
 * at the end of the phase in which it was started, so that it is not early
 * however long callbacks worked, and a thousand starts cost one reading;
 * outside eddy_run it counts from the beginning of the next run. Timers fire
 * in order of deadline, then in the order in which they were started.
 *
 *     eddy_timer_init(loop, &timer);
 *     eddy_timer_start(&timer, on_tick, EDDY_MS(5), EDDY_SEC(1));
 */
#ifndef EDDY_TIMER_H
#define EDDY_TIMER_H

#include <eddy/handle.h>

EDDY_BEGIN_DECLS

typedef struct eddy_timer eddy_timer;
typedef void (*eddy_timer_cb)(eddy_timer *timer);

struct eddy_timer {
    EDDY_HANDLE_UNION;
    /* private */
    eddy_timer_cb cb;
    uint64_t due_ns; /* the deadline; of one started in this phase: time-out */
    uint64_t order;  /* of starting: breaks ties */
    uint64_t repeat_ns;
    struct eddy__link queued; /* in the wheel, or among the fresh */
};

/** EDDY_EINVAL: NULL. EDDY_ENOMEM: the loop's first timer needs memory. */
EDDY_EXTERN int eddy_timer_init(eddy_loop *loop, eddy_timer *timer);

/**
 * Starts the timer, or starts it anew: cb is called once timeout_ns have
 * passed, and with repeat_ns > 0 every repeat_ns after that, on the grid that
 * the first deadline began: periods that were missed are made up by one call.
 * A time-out of 0 fires in the next iteration. A timer started in a timer's
 * callback never fires in the same iteration.
 *
 * A time-out too large for the clock never fires. Without a repeat the timer
 * is stopped when its callback is called.
 *
 * EDDY_EINVAL: NULL argument or closing handle.
 */
EDDY_EXTERN int eddy_timer_start(eddy_timer *timer, eddy_timer_cb cb,
                                 uint64_t timeout_ns, uint64_t repeat_ns);

/** The same, with an absolute deadline on eddy_now's clock, which may have
 * passed. */
EDDY_EXTERN int eddy_timer_start_at(eddy_timer *timer, eddy_timer_cb cb,
                                    uint64_t deadline_ns, uint64_t repeat_ns);

/** EDDY_EINVAL: NULL or closing. Stopping a stopped timer is 0. */
EDDY_EXTERN int eddy_timer_stop(eddy_timer *timer);

/**
 * Starts the timer anew with its repeat as the time-out; with no repeat, stops
 * it. EDDY_EINVAL: NULL, closing, or never started.
 */
EDDY_EXTERN int eddy_timer_again(eddy_timer *timer);

/** Takes effect the next time the timer is armed: a running period ends as
 * planned. */
EDDY_EXTERN void eddy_timer_set_repeat(eddy_timer *timer, uint64_t repeat_ns);
EDDY_EXTERN uint64_t eddy_timer_get_repeat(const eddy_timer *timer);

/** Nanoseconds from eddy_now to the deadline; 0 if it has passed or the timer
 * is not active. */
EDDY_EXTERN uint64_t eddy_timer_due_in(const eddy_timer *timer);

EDDY_END_DECLS

#endif
