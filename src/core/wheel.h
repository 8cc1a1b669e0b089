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

#include "core/handle.h"
#include "core/list.h"
#include <eddy/backend.h>
#include <eddy/timer.h>

enum {
    EDDY__WHEEL_LEVELS = 8,
    EDDY__WHEEL_DIGIT = 6, /* bits */
    EDDY__WHEEL_SLOTS = 1 << EDDY__WHEEL_DIGIT,
    EDDY__WHEEL_GRAIN = 18 /* bits; with the levels no less than 64 */
};

/* How many timers may stay in their slots while they are fresh. */
#ifdef EDDY_STRESS
enum { EDDY__STAYING = 1 };
#else
enum { EDDY__STAYING = 1024 };
#endif

/* A timer's own flags. What a restart looks at is kept in one cache line, so
 * its slot and its place among those that stay are in the flags, too. */
enum {
    EDDY__TIMER_FRESH = EDDY__FLAG_FREE,      /* due_ns is a time-out */
    EDDY__TIMER_STAYS = EDDY__FLAG_FREE << 1, /* fresh, and in a slot */
    EDDY__TIMER_SLOT_SHIFT = 8,  /* 10 bits: 0, or 1 + the slot it was put in */
    EDDY__TIMER_PLACE_SHIFT = 20 /* 10 bits: of one that stays */
};

struct eddy__slot {
    struct eddy__link timers;
    uint64_t least;
    uint64_t most;
};

/* Timers started in this phase: see fresh.h. */
struct eddy__fresh {
    struct eddy__link started;       /* those that are in no slot */
    unsigned staying;                /* places taken, */
    eddy_timer *stay[EDDY__STAYING]; /* by those that are; NULL is a gap */
};

struct eddy__wheel {
    uint64_t time;          /* in grains */
    uint64_t order;         /* of the last start */
    size_t active;          /* timers that are started */
    bool firing;            /* slots may be opened: none holds a fresh one */
    struct eddy__link near; /* the next to be fired, in order */
    uint64_t used[EDDY__WHEEL_LEVELS]; /* a bit a slot */
    struct eddy__slot slots[EDDY__WHEEL_LEVELS * EDDY__WHEEL_SLOTS];
    struct eddy__fresh fresh;
};

void eddy__wheel_init(struct eddy__wheel *wheel);

/* Queues a timer by due_ns and order. One that is never due is not queued. */
void eddy__wheel_add(struct eddy__wheel *wheel, eddy_timer *timer);

/* Takes a timer out, wherever it is queued. */
void eddy__wheel_remove(eddy_timer *timer);

/* The deadline of a timer in a slot has become due_ns: whether it may stay
 * there and will be found in time. */
bool eddy__wheel_stays(struct eddy__wheel *wheel, const eddy_timer *timer);

/* Takes a queued timer out, and queues it by due_ns. */
void eddy__wheel_requeue(struct eddy__wheel *wheel, eddy_timer *timer);

/* Queues a timer, or moves it, by a new deadline. */
void eddy__wheel_set(struct eddy__wheel *wheel, eddy_timer *timer,
                     uint64_t due_ns);

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
    return (timer->handle.flags & EDDY__TIMER_FRESH) != 0;
}

/* Whether an active timer is in a slot; it may since have been spliced from
 * there to the near ones. */
static inline bool eddy__timer_has_slot(const eddy_timer *timer)
{
    return (timer->handle.flags >> EDDY__TIMER_SLOT_SHIFT & 0x3ff) != 0;
}

static inline unsigned eddy__timer_slot(const eddy_timer *timer)
{
    return (timer->handle.flags >> EDDY__TIMER_SLOT_SHIFT & 0x3ff) - 1;
}

static inline void eddy__timer_set_slot(eddy_timer *timer, unsigned slot)
{
    timer->handle.flags &= ~(0x3ffU << EDDY__TIMER_SLOT_SHIFT);
    timer->handle.flags |= (slot + 1) << EDDY__TIMER_SLOT_SHIFT;
}

static inline void eddy__timer_leave_slot(eddy_timer *timer)
{
    timer->handle.flags &= ~(0x3ffU << EDDY__TIMER_SLOT_SHIFT);
}

#endif
