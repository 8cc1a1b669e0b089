/* SPDX-License-Identifier: MIT */
/*
 * What the loop asks of its timers.
 */
#ifndef EDDY_CORE_TIMER_H
#define EDDY_CORE_TIMER_H

#include "core/fresh.h"
#include "core/loop.h"

/* A loop without active timers reads no clock. */
static inline bool eddy__timers_active(const eddy_loop *loop)
{
    return loop->wheel != NULL && loop->wheel->active > 0;
}

/* After callbacks, or anything else that took time: reads the clock, if there
 * are timers, and gives those that were started meanwhile their deadlines. */
void eddy__timers_settle(eddy_loop *loop);

static inline void eddy__timers_begin_fresh(eddy_loop *loop)
{
    loop->state &= ~(unsigned) EDDY__LOOP_TIMED;
    if (loop->wheel != NULL)
        eddy__timers_settle(loop);
}

/* The end of a phase, which called so many callbacks. A timer may also have
 * been started by the library itself. */
static inline void eddy__phase_end(eddy_loop *loop, unsigned callbacks)
{
    if (callbacks > 0 || (loop->wheel != NULL && eddy__fresh_any(loop->wheel)))
        eddy__timers_begin_fresh(loop);
}

unsigned eddy__timers_fire(eddy_loop *loop, uint64_t from_ns,
                           uint64_t last_order);

/* Fires what is due; returns how many. Those with a deadline before from_ns or
 * started after last_order stay due for the next time. */
static inline unsigned eddy__timers_run(eddy_loop *loop, uint64_t from_ns,
                                        uint64_t last_order)
{
    if (!eddy__timers_active(loop))
        return 0;
    return eddy__timers_fire(loop, from_ns, last_order);
}

/* Whether a timer is due. */
bool eddy__timers_due(eddy_loop *loop);

/* How long the loop may sleep for its timers: negative is for ever. */
int64_t eddy__timers_sleep(const eddy_loop *loop);

void eddy__timers_free(eddy_loop *loop);

#endif
