/* SPDX-License-Identifier: MIT */
/*
 * The fresh timers: those started in this phase. Their time-outs count from the
 * clock reading at its end, so until then due_ns is the time-out.
 *
 * A timer that is restarted while it is in a slot of the wheel stays there by
 * its former deadline, as most are restarted again before that, and only takes
 * a place in an array; so a restart touches nothing but the timer. All others,
 * and those for whom there is no place, are on a list by their queued links.
 */
#ifndef EDDY_CORE_FRESH_H
#define EDDY_CORE_FRESH_H

#include "core/wheel.h"

/* Makes a queued timer fresh by taking it out of the wheel. */
void eddy__fresh_withdraw(struct eddy__wheel *wheel, eddy_timer *timer);

/* Takes out a fresh timer, whose due_ns may be set; it may still be queued in
 * the wheel by its former deadline. */
void eddy__fresh_remove(struct eddy__wheel *wheel, eddy_timer *timer);

/* Ends the phase: queues all by their deadlines. */
void eddy__fresh_settle(struct eddy__wheel *wheel, uint64_t now_ns);

/* The shortest time-out, EDDY_NEVER if there is none. */
uint64_t eddy__fresh_least(const struct eddy__wheel *wheel);

/* 0, or the line of the first invariant that does not hold. */
int eddy__fresh_check(const struct eddy__wheel *wheel, const eddy_loop *loop);

static inline bool eddy__fresh_any(const struct eddy__wheel *wheel)
{
    return wheel->fresh.staying > 0 || !eddy__list_empty(&wheel->fresh.started);
}

/* Makes a timer fresh that is not queued. */
static inline void eddy__fresh_enlist(struct eddy__wheel *wheel,
                                      eddy_timer *timer)
{
    timer->handle.flags |= EDDY__TIMER_FRESH;
    eddy__list_append(&wheel->fresh.started, &timer->queued);
}

/* Makes an active timer fresh, with due_ns still its former deadline. While
 * timers fire none may stay, as slots are opened. */
static inline void eddy__fresh_add(struct eddy__wheel *wheel, eddy_timer *timer)
{
    unsigned place = wheel->fresh.staying;

    if (place == EDDY__STAYING || !eddy__timer_has_slot(timer) ||
        eddy__wheel_has_near(wheel, timer) || wheel->firing) {
        eddy__fresh_withdraw(wheel, timer);
        return;
    }
    timer->handle.flags |= (unsigned) (EDDY__TIMER_FRESH | EDDY__TIMER_STAYS) |
                           place << EDDY__TIMER_PLACE_SHIFT;
    wheel->fresh.stay[place] = timer;
    wheel->fresh.staying = place + 1;
}

#endif
