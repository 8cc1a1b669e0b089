/* SPDX-License-Identifier: MIT */
/*
 * The timing wheel; wheel.h says how it is built and what must hold.
 */
#include "core/wheel.h"

#include "core/timersort.h"

#include <assert.h>

/* A slot with no more timers than this is not dealt out step by step. */
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

void eddy__wheel_init(struct eddy__wheel *wheel)
{
    *wheel = (struct eddy__wheel){.time = 0};
    eddy__list_init(&wheel->near);
    eddy__list_init(&wheel->fresh.started);
    for (int i = 0; i < EDDY__WHEEL_LEVELS * EDDY__WHEEL_SLOTS; i++)
        eddy__list_init(&wheel->slots[i].timers);
}

/* The slot for a grain that lies ahead: of the highest digit that differs. */
static unsigned slot_for(const struct eddy__wheel *wheel, uint64_t grain)
{
    unsigned bit = 63U - (unsigned) __builtin_clzll(grain ^ wheel->time);
    unsigned level = bit / EDDY__WHEEL_DIGIT;

    assert(grain > wheel->time);
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

/* Most that come so late are later than those that are there. */
static void add_near(struct eddy__wheel *wheel, eddy_timer *timer)
{
    struct eddy__link *link = wheel->near.prev;

    while (link != &wheel->near &&
           eddy__timer_before(timer, eddy__timer_queued(link)))
        link = link->prev;
    eddy__list_append(link->next, &timer->queued);
}

/* Whether a slot that is in order stays so with this one behind. */
static bool continues(const struct eddy__slot *slot, const eddy_timer *timer)
{
    return timer->due_ns > slot->most ||
           (timer->due_ns == slot->most &&
            timer->order > eddy__timer_queued(slot->timers.prev)->order);
}

static void add_to_slot(struct eddy__wheel *wheel, eddy_timer *timer)
{
    unsigned index = slot_for(wheel, grain_of(timer->due_ns));
    struct eddy__slot *slot = &wheel->slots[index];

    if (eddy__list_empty(&slot->timers)) {
        slot->least = timer->due_ns;
        slot->most = timer->due_ns;
    } else {
        slot->most = continues(slot, timer) ? timer->due_ns : EDDY_NEVER;
        if (timer->due_ns < slot->least)
            slot->least = timer->due_ns;
    }
    eddy__timer_set_slot(timer, index);
    eddy__list_append(&slot->timers, &timer->queued);
    wheel->used[index / EDDY__WHEEL_SLOTS] |= 1ULL << (index & DIGIT_MASK);
}

void eddy__wheel_add(struct eddy__wheel *wheel, eddy_timer *timer)
{
    assert(!eddy__link_linked(&timer->queued));
    if (timer->due_ns == EDDY_NEVER)
        return;
    if (eddy__wheel_has_near(wheel, timer))
        add_near(wheel, timer);
    else
        add_to_slot(wheel, timer);
}

void eddy__wheel_remove(eddy_timer *timer)
{
    eddy__list_remove(&timer->queued);
    eddy__timer_leave_slot(timer);
}

bool eddy__wheel_stays(struct eddy__wheel *wheel, const eddy_timer *timer)
{
    struct eddy__slot *slot = &wheel->slots[eddy__timer_slot(timer)];

    if (timer->due_ns < slot->least || timer->due_ns == EDDY_NEVER)
        return false;
    slot->most = EDDY_NEVER; /* no longer in order */
    return true;
}

void eddy__wheel_requeue(struct eddy__wheel *wheel, eddy_timer *timer)
{
    eddy__wheel_remove(timer);
    eddy__wheel_add(wheel, timer);
}

void eddy__wheel_set(struct eddy__wheel *wheel, eddy_timer *timer,
                     uint64_t due_ns)
{
    bool in_slot =
        eddy__timer_has_slot(timer) && !eddy__wheel_has_near(wheel, timer);

    timer->due_ns = due_ns;
    if (in_slot && eddy__wheel_stays(wheel, timer))
        return;
    if (eddy__link_linked(&timer->queued))
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

    assert(eddy__list_empty(&wheel->slots[index].timers));
    assert(grain_of(to_ns) > wheel->time);
    for (unsigned below = 0; below < level; below++)
        wheel->used[below] = 0;
    wheel->used[level] &= ~((2ULL << (index & DIGIT_MASK)) - 1);
    wheel->time = grain_of(to_ns);
}

/* Queues each timer of the list anew; those whose grain has come become the
 * near ones, of which there are none. */
static void deal(struct eddy__wheel *wheel, struct eddy__link *list)
{
    assert(eddy__list_empty(&wheel->near));
    while (!eddy__list_empty(list)) {
        eddy_timer *timer = eddy__timer_queued(list->next);

        __builtin_prefetch(timer->queued.next->next);
        eddy__wheel_remove(timer);
        if (eddy__wheel_has_near(wheel, timer))
            eddy__list_append(&wheel->near, &timer->queued);
        else
            add_to_slot(wheel, timer);
    }
    eddy__timers_sort(&wheel->near);
}

/* Opens the first slot in use, when none is near and something in it may be
 * due. A slot of many timers of several grains is dealt out from its beginning,
 * so that each step sorts few of them. */
static void open_slot(struct eddy__wheel *wheel, unsigned index,
                      uint64_t now_ns)
{
    struct eddy__slot *slot = &wheel->slots[index];
    unsigned level = index / EDDY__WHEEL_SLOTS;
    uint64_t last = slot_last(wheel, index);
    uint64_t width = 1ULL << (level * EDDY__WHEEL_DIGIT + EDDY__WHEEL_GRAIN);
    uint64_t until = now_ns < last ? now_ns : last;
    bool whole =
        slot->most != EDDY_NEVER && grain_of(slot->most) <= grain_of(until);
    struct eddy__link list;

    eddy__list_init(&list);
    eddy__list_splice(&list, &slot->timers);
    if (!whole && level > 0 && !few(&list))
        until = last - width + 1;
    advance(wheel, index, until);
    if (whole)
        eddy__list_splice(&wheel->near, &list);
    else
        deal(wheel, &list);
}

eddy_timer *eddy__wheel_due(struct eddy__wheel *wheel, uint64_t now_ns)
{
    eddy_timer *timer;

    while (eddy__list_empty(&wheel->near)) {
        int index = first_slot(wheel);

        if (index < 0 && grain_of(now_ns) > wheel->time)
            wheel->time = grain_of(now_ns);
        if (index < 0 || wheel->slots[index].least > now_ns)
            return NULL;
        open_slot(wheel, (unsigned) index, now_ns);
    }
    timer = eddy__timer_queued(wheel->near.next);
    return timer->due_ns <= now_ns ? timer : NULL;
}

void eddy__wheel_put_back(struct eddy__wheel *wheel, struct eddy__link *list)
{
    eddy__timers_sort(list);
    eddy__list_splice(list, &wheel->near);
    eddy__list_splice(&wheel->near, list);
}

uint64_t eddy__wheel_bound(const struct eddy__wheel *wheel)
{
    int index;

    if (!eddy__list_empty(&wheel->near))
        return eddy__timer_queued(wheel->near.next)->due_ns;
    index = first_slot(wheel);
    return index < 0 ? EDDY_NEVER : wheel->slots[index].least;
}

static uint64_t least_of(const struct eddy__slot *slot)
{
    const eddy_timer *first = eddy__timer_queued(slot->timers.next);
    uint64_t least = EDDY_NEVER;
    const struct eddy__link *link;

    if (slot->most != EDDY_NEVER && !eddy__timer_is_fresh(first))
        return first->due_ns;

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

    if (!eddy__list_empty(&wheel->near))
        return eddy__timer_queued(wheel->near.next)->due_ns;
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

        if (eddy__timer_slot(timer) != index)
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

static int near_check(const struct eddy__wheel *wheel, size_t *queued)
{
    const struct eddy__link *link;

    if (!eddy__list_whole(&wheel->near))
        return __LINE__;
    for (link = wheel->near.next; link != &wheel->near; link = link->next) {
        const eddy_timer *timer = eddy__timer_queued(link);

        if (!eddy__wheel_has_near(wheel, timer))
            return __LINE__;
        if (link->next != &wheel->near &&
            eddy__timer_before(eddy__timer_queued(link->next), timer))
            return __LINE__;
        ++*queued;
    }
    return 0;
}

int eddy__wheel_check(const struct eddy__wheel *wheel, size_t *queued)
{
    int line = near_check(wheel, queued);

    for (unsigned i = 0;
         line == 0 && i < EDDY__WHEEL_LEVELS * EDDY__WHEEL_SLOTS; i++)
        line = slot_check(wheel, i, queued);
    return line;
}
