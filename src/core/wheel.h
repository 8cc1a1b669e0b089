/* SPDX-License-Identifier: MIT */
/*
 * The timing wheel: timers by deadline, each operation O(1) but for the sorting
 * of what comes due together.
 *
 * Eight levels of 64 slots. A slot of level 0 is one grain (262 us) wide, one
 * of level n 64 times as wide as one of level n - 1. A timer goes to the level
 * of the highest digit (base 64) in which its deadline's grain differs from the
 * wheel's time, into the slot of that digit. So all slots of a level come
 * before all of the next one, in order of their index, and the first slot in
 * use holds the nearest deadlines. When one of these may be due, the slot is
 * opened: its timers are dealt out to the levels below, and those whose grain
 * has come to the list of the near ones, which is in firing order.
 *
 * What must hold:
 * - a timer is near if and only if its deadline's grain is not after the
 *   wheel's time; all others are in slots;
 * - deadlines in a slot are not before its beginning;
 * - slot->least is not after any deadline in it; slot->most is not before any,
 *   and the slot is in firing order, or it is EDDY_NEVER;
 * - a timer may stay in its slot when its deadline moves away (most timers are
 *   restarted over and over and never fire): it is put right when the slot is
 *   opened;
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
    EDDY__WHEEL_GRAIN = 18 /* bits; with the levels no less than 64 */
};

struct eddy__slot {
    struct eddy__link timers;
    uint64_t least;
    uint64_t most;
};

struct eddy__wheel {
    uint64_t time;           /* in grains */
    uint64_t order;          /* of the last start */
    size_t active;           /* timers that are started */
    bool firing;             /* slots may be opened: none holds a fresh one */
    struct eddy__link near;  /* the next to be fired, in order */
    struct eddy__link fresh; /* started in this phase, by their fresh links */
    uint64_t used[EDDY__WHEEL_LEVELS]; /* a bit a slot */
    struct eddy__slot slots[EDDY__WHEEL_LEVELS * EDDY__WHEEL_SLOTS];
};

void eddy__wheel_init(struct eddy__wheel *wheel);

/* Queues a timer by due_ns and order. One that is never due is not queued. */
void eddy__wheel_add(struct eddy__wheel *wheel, eddy_timer *timer);

/* Takes a timer out, wherever it is queued. */
void eddy__wheel_remove(eddy_timer *timer);

/* A timer's deadline, which was in a slot, has become due_ns: moves it, or lets
 * it stay where it will be found in time. */
void eddy__wheel_move(struct eddy__wheel *wheel, eddy_timer *timer);

/* The first to be fired of those that are due at now_ns; NULL if none is. */
eddy_timer *eddy__wheel_due(struct eddy__wheel *wheel, uint64_t now_ns);

/* Puts timers back that were due, and are before all others, in any order. */
void eddy__wheel_put_back(struct eddy__wheel *wheel, struct eddy__link *list);

/* A time at or before the nearest deadline, and not far from it: cheap.
 * EDDY_NEVER if there is none; does not look at `fresh`. */
uint64_t eddy__wheel_bound(const struct eddy__wheel *wheel);

/* The nearest deadline itself: looks through slots. */
uint64_t eddy__wheel_next(const struct eddy__wheel *wheel);

/* 0, or the line of the first invariant that does not hold; counts the queued
 * timers. */
int eddy__wheel_check(const struct eddy__wheel *wheel, size_t *queued);

/* Whether a queued timer, which is not fresh, is near. */
static inline bool eddy__wheel_has_near(const struct eddy__wheel *wheel,
                                        const eddy_timer *timer)
{
    return timer->due_ns >> EDDY__WHEEL_GRAIN <= wheel->time;
}

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
