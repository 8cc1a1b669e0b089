/* SPDX-License-Identifier: MIT */
/*
 * The timing wheel; wheel.h says how it is built and what must hold.
 */
#include "core/wheel.h"

#include "core/timersort.h"

#include <assert.h>

/* A slot with no more timers than this is sorted rather than dealt out. */
#ifdef EDDY_STRESS
enum { FEW_TIMERS = 1 };
#else
enum { FEW_TIMERS = 32 };
#endif

enum { DIGIT_MASK = EDDY__WHEEL_SLOTS - 1 };

static uint64_t grain_of(uint64_t ns)
{
    return ns >> EDDY__WHEEL_GRAIN;
}

static void slot_clear(struct eddy__slot *slot)
{
    slot->least = EDDY_NEVER;
    slot->most = 0;
}

void eddy__wheel_init(struct eddy__wheel *wheel)
{
    *wheel = (struct eddy__wheel){.time = 0};
    eddy__list_init(&wheel->due);
    eddy__list_init(&wheel->fresh);
    for (int i = 0; i < EDDY__WHEEL_LEVELS * EDDY__WHEEL_SLOTS; i++) {
        eddy__list_init(&wheel->slots[i].timers);
        slot_clear(&wheel->slots[i]);
    }
}

/* The slot for a deadline: of the highest digit that differs. One that has
 * passed goes where the wheel is. */
static unsigned slot_for(const struct eddy__wheel *wheel, uint64_t due_ns)
{
    uint64_t grain = grain_of(due_ns);
    unsigned level = 0;

    if (grain <= wheel->time)
        grain = wheel->time;
    else
        level = (63U - (unsigned) __builtin_clzll(grain ^ wheel->time)) /
                EDDY__WHEEL_DIGIT;
    return level * EDDY__WHEEL_SLOTS +
           (unsigned) (grain >> (level * EDDY__WHEEL_DIGIT) & DIGIT_MASK);
}

/* The last nanosecond of a slot that lies ahead. */
static uint64_t slot_last(const struct eddy__wheel *wheel, unsigned index)
{
    unsigned shift = index / EDDY__WHEEL_SLOTS * EDDY__WHEEL_DIGIT;
    uint64_t above = wheel->time >> shift >> EDDY__WHEEL_DIGIT;
    uint64_t digits = above << EDDY__WHEEL_DIGIT | (index & DIGIT_MASK);

    return ((digits + 1) << shift << EDDY__WHEEL_GRAIN) - 1;
}

void eddy__wheel_add(struct eddy__wheel *wheel, eddy_timer *timer)
{
    unsigned index = slot_for(wheel, timer->due_ns);
    struct eddy__slot *slot = &wheel->slots[index];

    assert(!eddy__link_linked(&timer->queued));
    if (timer->due_ns == EDDY_NEVER)
        return;
    if (eddy__list_empty(&slot->timers))
        slot_clear(slot);
    if (timer->due_ns < slot->least)
        slot->least = timer->due_ns;
    if (timer->due_ns > slot->most ||
        (timer->due_ns == slot->most && !eddy__list_empty(&slot->timers) &&
         timer->order > eddy__timer_queued(slot->timers.prev)->order))
        slot->most = timer->due_ns;
    else
        slot->most = EDDY_NEVER;
    timer->slot = index;
    eddy__list_append(&slot->timers, &timer->queued);
    wheel->used[index / EDDY__WHEEL_SLOTS] |= 1ULL << (index & DIGIT_MASK);
}

void eddy__wheel_remove(eddy_timer *timer)
{
    eddy__list_remove(&timer->queued);
}

void eddy__wheel_move(struct eddy__wheel *wheel, eddy_timer *timer)
{
    struct eddy__slot *slot = &wheel->slots[timer->slot];

    if (timer->due_ns >= slot->least && timer->due_ns != EDDY_NEVER) {
        slot->most = EDDY_NEVER; /* no longer in order */
        return;
    }
    eddy__wheel_remove(timer);
    eddy__wheel_add(wheel, timer);
}

/* The first slot in use, or -1. */
static int first_slot(const struct eddy__wheel *wheel)
{
    for (unsigned level = 0; level < EDDY__WHEEL_LEVELS; level++) {
        uint64_t used = wheel->used[level];

        for (; used != 0; used &= used - 1) {
            unsigned index =
                level * EDDY__WHEEL_SLOTS + (unsigned) __builtin_ctzll(used);

            if (!eddy__list_empty(&wheel->slots[index].timers))
                return (int) index;
        }
    }
    return -1;
}

static bool few(const struct eddy__link *list)
{
    const struct eddy__link *link = list->next;

    for (int n = 0; n < FEW_TIMERS && link != list; n++)
        link = link->next;
    return link == list;
}

/* Brings the wheel's time to a moment within the first slot in use, which has
 * been emptied. Empty slots that are passed lose their bits: one of them may be
 * where the time now points. */
static void advance(struct eddy__wheel *wheel, unsigned index, uint64_t to_ns)
{
    unsigned level = index / EDDY__WHEEL_SLOTS;

    for (unsigned below = 0; below < level; below++)
        wheel->used[below] = 0;
    wheel->used[level] &= ~((2ULL << (index & DIGIT_MASK)) - 1);
    assert(eddy__list_empty(&wheel->slots[index].timers));
    if (grain_of(to_ns) > wheel->time)
        wheel->time = grain_of(to_ns);
}

/* Moves what is due from the list to `ripe`, in order; queues the rest anew. */
static void deal(struct eddy__wheel *wheel, struct eddy__link *list,
                 uint64_t now_ns, struct eddy__link *ripe)
{
    struct eddy__link due;

    eddy__list_init(&due);
    while (!eddy__list_empty(list)) {
        eddy_timer *timer = eddy__timer_queued(list->next);

        eddy__wheel_remove(timer);
        if (timer->due_ns <= now_ns)
            eddy__list_append(&due, &timer->queued);
        else
            eddy__wheel_add(wheel, timer);
    }
    eddy__timers_sort(&due);
    eddy__list_splice(ripe, &due);
}

/* Empties the first slot in use, something in which may be due. Timers that
 * moved on to a later slot are not taken before that slot's turn, though they
 * may be due as well: others may come before them there. */
static void empty_slot(struct eddy__wheel *wheel, unsigned index,
                       uint64_t now_ns, struct eddy__link *ripe)
{
    struct eddy__slot *slot = &wheel->slots[index];
    uint64_t last = slot_last(wheel, index);
    uint64_t until = now_ns < last ? now_ns : last;
    uint64_t width = 1ULL << (index / EDDY__WHEEL_SLOTS * EDDY__WHEEL_DIGIT +
                              EDDY__WHEEL_GRAIN);
    bool whole = slot->most <= until && slot->most != EDDY_NEVER;
    struct eddy__link list;

    eddy__list_init(&list);
    eddy__list_splice(&list, &slot->timers);
    slot_clear(slot);
    if (whole) {
        advance(wheel, index, until);
        eddy__list_splice(ripe, &list);
    } else if (index < EDDY__WHEEL_SLOTS || few(&list)) {
        advance(wheel, index, until);
        deal(wheel, &list, until, ripe);
    } else {
        advance(wheel, index, last - width + 1);
        deal(wheel, &list, 0, ripe);
    }
}

void eddy__wheel_collect(struct eddy__wheel *wheel, uint64_t now_ns)
{
    struct eddy__link ripe;
    int index;

    eddy__list_init(&ripe);
    while ((index = first_slot(wheel)) >= 0 &&
           wheel->slots[index].least <= now_ns)
        empty_slot(wheel, (unsigned) index, now_ns, &ripe);
    if (index < 0 && grain_of(now_ns) > wheel->time)
        wheel->time = grain_of(now_ns);
    wheel->collected_ns = now_ns;
    eddy__timers_merge(&wheel->due, &ripe);
}

uint64_t eddy__wheel_bound(const struct eddy__wheel *wheel)
{
    int index = first_slot(wheel);

    return index < 0 ? EDDY_NEVER : wheel->slots[index].least;
}

static uint64_t least_of(const struct eddy__slot *slot)
{
    uint64_t least = EDDY_NEVER;
    const struct eddy__link *link;

    for (link = slot->timers.next; link != &slot->timers; link = link->next) {
        const eddy_timer *timer = eddy__timer_queued(link);

        if (!eddy__timer_is_fresh(timer) && timer->due_ns < least)
            least = timer->due_ns;
    }
    return least;
}

/* A slot whose bound is not better than what was found cannot better it; later
 * slots may, as the timers of an earlier one may have moved away. */
uint64_t eddy__wheel_next(const struct eddy__wheel *wheel)
{
    uint64_t next = EDDY_NEVER;

    for (unsigned i = 0; i < EDDY__WHEEL_LEVELS * EDDY__WHEEL_SLOTS; i++) {
        const struct eddy__slot *slot = &wheel->slots[i];

        if (!eddy__list_empty(&slot->timers) && slot->least < next) {
            uint64_t least = least_of(slot);

            next = least < next ? least : next;
        }
    }
    return next;
}

static int slot_check(const struct eddy__wheel *wheel, unsigned index,
                      size_t *queued)
{
    const struct eddy__slot *slot = &wheel->slots[index];
    const struct eddy__link *link;

    if (!eddy__list_whole(&slot->timers))
        return __LINE__;
    for (link = slot->timers.next; link != &slot->timers; link = link->next) {
        const eddy_timer *timer = eddy__timer_queued(link);

        if (timer->slot != index)
            return __LINE__;
        if (!eddy__timer_is_fresh(timer) && timer->due_ns < slot->least)
            return __LINE__;
        if (slot->most != EDDY_NEVER && link->next != &slot->timers &&
            !eddy__timer_is_fresh(timer) &&
            !eddy__timer_is_fresh(eddy__timer_queued(link->next)) &&
            eddy__timer_before(eddy__timer_queued(link->next), timer))
            return __LINE__;
        ++*queued;
    }
    if (!eddy__list_empty(&slot->timers) &&
        !(wheel->used[index / EDDY__WHEEL_SLOTS] >> (index & DIGIT_MASK) & 1))
        return __LINE__;
    return 0;
}

int eddy__wheel_check(const struct eddy__wheel *wheel, size_t *queued)
{
    const struct eddy__link *link;
    int line = eddy__list_whole(&wheel->due) ? 0 : __LINE__;

    for (unsigned i = 0;
         line == 0 && i < EDDY__WHEEL_LEVELS * EDDY__WHEEL_SLOTS; i++)
        line = slot_check(wheel, i, queued);
    for (link = wheel->due.next; line == 0 && link != &wheel->due;
         link = link->next)
        ++*queued;
    return line;
}
