/* SPDX-License-Identifier: MIT */
/*
 * The timing wheel: timers by deadline, each operation O(1) but for the sorting
 * of what comes due together.
 *
 * Eight levels of 64 slots. A slot of level 0 is one grain (65.5 us) wide, one
 * of level n 64 times as wide as one of level n - 1. A timer goes to the level
 * of the highest digit (base 64) in which its deadline's grain differs from the
 * wheel's time, into the slot of that digit. So all slots of a level come
 * before all of the next one, in order of their index, and the first slot in
 * use holds the nearest deadlines. A slot that comes due is sorted if it is
 * small, else dealt out to the levels below it.
 *
 * What must hold:
 * - deadlines in a slot are not before its beginning, but for those that had
 *   passed when they were added: they are in the first slot of level 0;
 * - slot->least is not after any deadline in it; slot->most is not before any,
 *   and the slot is in firing order, or it is EDDY_NEVER;
 * - a timer may stay where it is when its deadline moves away (most timers are
 *   restarted over and over and never fire): it is put right when the slot
 *   comes due;
 * - a slot in use has its bit set; a set bit may belong to an empty slot.
 */
#ifndef EDDY_CORE_WHEEL_H
#define EDDY_CORE_WHEEL_H

#include "core/list.h"
#include <eddy/backend.h>
#include <eddy/timer.h>

enum {
    EDDY__WHEEL_LEVELS = 8,
    EDDY__WHEEL_DIGIT = 6, /* bits */
    EDDY__WHEEL_SLOTS = 1 << EDDY__WHEEL_DIGIT,
    EDDY__WHEEL_GRAIN = 64 - EDDY__WHEEL_LEVELS * EDDY__WHEEL_DIGIT /* bits */
};

struct eddy__slot {
    struct eddy__link timers;
    uint64_t least;
    uint64_t most;
};

struct eddy__wheel {
    uint64_t time;           /* in grains */
    uint64_t collected_ns;   /* all up to here are in `due` or were */
    uint64_t order;          /* of the last start */
    size_t active;           /* timers that are started */
    struct eddy__link due;   /* to be fired, in order */
    struct eddy__link fresh; /* started in this phase, by their fresh links */
    uint64_t used[EDDY__WHEEL_LEVELS]; /* a bit a slot */
    struct eddy__slot slots[EDDY__WHEEL_LEVELS * EDDY__WHEEL_SLOTS];
};

void eddy__wheel_init(struct eddy__wheel *wheel);

/* Queues a timer by due_ns and order. One that is never due is not queued. */
void eddy__wheel_add(struct eddy__wheel *wheel, eddy_timer *timer);

/* Takes a timer out, wherever it is queued. */
void eddy__wheel_remove(eddy_timer *timer);

/* A queued timer's deadline has become due_ns: moves it, or lets it stay where
 * it will be found in time. */
void eddy__wheel_move(struct eddy__wheel *wheel, eddy_timer *timer);

/* Moves all that are due at now_ns to wheel->due, keeping that in order. */
void eddy__wheel_collect(struct eddy__wheel *wheel, uint64_t now_ns);

/* A time at or before the nearest deadline, and not far from it: cheap.
 * EDDY_NEVER if there is none; does not look at `due` and `fresh`. */
uint64_t eddy__wheel_bound(const struct eddy__wheel *wheel);

/* The nearest deadline itself: looks through slots. */
uint64_t eddy__wheel_next(const struct eddy__wheel *wheel);

/* 0, or the line of the first invariant that does not hold; counts the queued
 * timers. */
int eddy__wheel_check(const struct eddy__wheel *wheel, size_t *queued);

/* Whether a fires before b. */
static inline bool eddy__timer_before(const eddy_timer *a, const eddy_timer *b)
{
    if (a->due_ns != b->due_ns)
        return a->due_ns < b->due_ns;
    return a->order < b->order;
}

static inline eddy_timer *eddy__timer_queued(const struct eddy__link *link)
{
    return EDDY__CONTAINER(link, eddy_timer, queued);
}

static inline bool eddy__timer_is_fresh(const eddy_timer *timer)
{
    return eddy__link_linked(&timer->fresh);
}

#endif
