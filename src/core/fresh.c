/* SPDX-License-Identifier: MIT */
/*
 * The fresh timers; fresh.h says what they are.
 */
#include "core/fresh.h"

#include <assert.h>

_Static_assert(EDDY__STAYING <= 1 << 10, "a place is 10 bits of the flags");
_Static_assert(EDDY__WHEEL_LEVELS << EDDY__WHEEL_DIGIT < 1 << 10,
               "and so is a slot, or none");

enum {
    FRESH_FLAGS = EDDY__TIMER_FRESH | EDDY__TIMER_STAYS |
                  (EDDY__STAYING - 1) << EDDY__TIMER_PLACE_SHIFT,
    AT_ONCE = 16 /* timers whose neighbours are fetched together */
};

static unsigned place_of(const eddy_timer *timer)
{
    assert(timer->handle.flags & EDDY__TIMER_STAYS);
    return timer->handle.flags >> EDDY__TIMER_PLACE_SHIFT;
}

void eddy__fresh_withdraw(struct eddy__wheel *wheel, eddy_timer *timer)
{
    assert(!eddy__timer_is_fresh(timer));
    if (eddy__link_linked(&timer->queued))
        eddy__wheel_remove(timer);
    eddy__fresh_enlist(wheel, timer);
}

void eddy__fresh_remove(struct eddy__wheel *wheel, eddy_timer *timer)
{
    assert(eddy__timer_is_fresh(timer));
    if (timer->handle.flags & EDDY__TIMER_STAYS)
        wheel->fresh.stay[place_of(timer)] = NULL;
    else
        eddy__list_remove(&timer->queued);
    timer->handle.flags &= ~(unsigned) FRESH_FLAGS;
}

static void become_due(eddy_timer *timer, uint64_t now_ns)
{
    timer->handle.flags &= ~(unsigned) FRESH_FLAGS;
    timer->due_ns = timer->due_ns > EDDY_NEVER - now_ns
                        ? EDDY_NEVER
                        : now_ns + timer->due_ns;
}

/* Settles some of those that stay, and returns how many cannot stay any more.
 * Their neighbours are fetched meanwhile: in a large wheel they are far. */
static int settle_staying(struct eddy__wheel *wheel, eddy_timer **stay,
                          unsigned count, uint64_t now_ns, eddy_timer **leaving)
{
    int left = 0;

    for (unsigned i = 0; i < count; i++) {
        eddy_timer *timer = stay[i];

        if (timer == NULL)
            continue;
        become_due(timer, now_ns);
        if (eddy__wheel_stays(wheel, timer))
            continue;
        __builtin_prefetch(timer->queued.next, 1);
        __builtin_prefetch(timer->queued.prev, 1);
        leaving[left++] = timer;
    }
    return left;
}

void eddy__fresh_settle(struct eddy__wheel *wheel, uint64_t now_ns)
{
    struct eddy__fresh *fresh = &wheel->fresh;
    struct eddy__link *started = &fresh->started;
    struct eddy__link *link;
    eddy_timer *leaving[AT_ONCE];

    for (unsigned i = 0; i < fresh->staying; i += AT_ONCE) {
        unsigned rest = fresh->staying - i;
        int count =
            settle_staying(wheel, &fresh->stay[i],
                           rest < AT_ONCE ? rest : AT_ONCE, now_ns, leaving);

        for (int n = 0; n < count; n++)
            eddy__wheel_requeue(wheel, leaving[n]);
    }
    fresh->staying = 0;
    for (link = started->next; link != started;) {
        eddy_timer *timer = eddy__timer_queued(link);

        link = link->next;
        timer->queued.next = NULL;
        become_due(timer, now_ns);
        eddy__wheel_add(wheel, timer);
    }
    eddy__list_init(started);
}

uint64_t eddy__fresh_least(const struct eddy__wheel *wheel)
{
    const struct eddy__fresh *fresh = &wheel->fresh;
    const struct eddy__link *link;
    uint64_t least = EDDY_NEVER;

    for (link = fresh->started.next; link != &fresh->started;
         link = link->next) {
        const eddy_timer *timer = eddy__timer_queued(link);

        least = timer->due_ns < least ? timer->due_ns : least;
    }
    for (unsigned i = 0; i < fresh->staying; i++) {
        const eddy_timer *timer = fresh->stay[i];

        if (timer != NULL && timer->due_ns < least)
            least = timer->due_ns;
    }
    return least;
}

static bool whole(const eddy_timer *timer, const eddy_loop *loop,
                  unsigned flags)
{
    flags |= EDDY__ACTIVE | EDDY__TIMER_FRESH;
    return timer->loop == loop && (timer->handle.flags & flags) == flags;
}

int eddy__fresh_check(const struct eddy__wheel *wheel, const eddy_loop *loop)
{
    const struct eddy__fresh *fresh = &wheel->fresh;
    const struct eddy__link *link;

    if (!eddy__list_whole(&fresh->started))
        return __LINE__;
    for (link = fresh->started.next; link != &fresh->started; link = link->next)
        if (!whole(eddy__timer_queued(link), loop, 0))
            return __LINE__;
    for (unsigned i = 0; i < fresh->staying; i++) {
        const eddy_timer *timer = fresh->stay[i];

        if (timer != NULL &&
            (!whole(timer, loop, EDDY__TIMER_STAYS) || place_of(timer) != i))
            return __LINE__;
    }
    return 0;
}
