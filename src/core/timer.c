/* SPDX-License-Identifier: MIT */
/*
 * The timer handle. A relative start only notes the time-out and makes the
 * timer a fresh one; when the phase ends, the clock is read once and all of
 * these are queued in the wheel. So a timer that is restarted many times in a
 * phase is queued once, and none is early for a stale clock.
 *
 * What must hold: an active timer is fresh, or queued, or never due.
 */
#include "core/timer.h"

#include "core/handle.h"

#include <assert.h>

static uint64_t add(uint64_t a, uint64_t b)
{
    return a > EDDY_NEVER - b ? EDDY_NEVER : a + b;
}

static void stop(eddy_timer *timer)
{
    struct eddy__wheel *wheel = timer->loop->wheel;

    if (!(timer->handle.flags & EDDY__ACTIVE))
        return;
    if (eddy__timer_is_fresh(timer))
        eddy__fresh_remove(wheel, timer);
    if (eddy__link_linked(&timer->queued))
        eddy__wheel_remove(timer);
    wheel->active--;
    eddy__handle_deactivate(&timer->handle);
}

static enum eddy__close close_timer(eddy_handle *handle)
{
    stop((eddy_timer *) (void *) handle);
    return EDDY__CLOSE_NOW;
}

static const struct eddy__handle_class timer_class = {
    .type = EDDY_HANDLE_TIMER,
    .close = close_timer,
};

static int make_wheel(eddy_loop *loop)
{
    if (loop->wheel != NULL)
        return 0;
    loop->wheel = eddy__allocate(loop->allocator, sizeof(*loop->wheel));
    if (loop->wheel == NULL)
        return EDDY_ENOMEM;
    eddy__wheel_init(loop->wheel);
    return 0;
}

void eddy__timers_free(eddy_loop *loop)
{
    eddy__free(loop->allocator, loop->wheel, sizeof(*loop->wheel));
    loop->wheel = NULL;
}

int eddy_timer_init(eddy_loop *loop, eddy_timer *timer)
{
    int err;

    if (loop == NULL || timer == NULL)
        return EDDY_EINVAL;
    err = eddy__loop_misused(loop);
    if (err == 0)
        err = make_wheel(loop);
    if (err < 0)
        return err;
    eddy__handle_init(loop, &timer->handle, &timer_class);
    timer->cb = NULL;
    timer->due_ns = 0;
    timer->repeat_ns = 0;
    timer->queued.next = NULL;
    return 0;
}

static void activate(struct eddy__wheel *wheel, eddy_timer *timer)
{
    eddy__handle_activate(&timer->handle);
    wheel->active++;
}

/* Makes the timer the last one started. */
static void note(struct eddy__wheel *wheel, eddy_timer *timer, eddy_timer_cb cb,
                 uint64_t repeat_ns)
{
    timer->cb = cb;
    timer->repeat_ns = repeat_ns;
    timer->order = ++wheel->order;
}

int eddy_timer_start(eddy_timer *timer, eddy_timer_cb cb, uint64_t timeout_ns,
                     uint64_t repeat_ns)
{
    struct eddy__wheel *wheel;
    int err = timer == NULL || cb == NULL
                  ? EDDY_EINVAL
                  : eddy__handle_misused(&timer->handle);

    if (err < 0)
        return err;
    wheel = timer->loop->wheel;
    if (!(timer->handle.flags & EDDY__ACTIVE)) {
        activate(wheel, timer);
        eddy__fresh_enlist(wheel, timer);
    } else if (!eddy__timer_is_fresh(timer)) {
        eddy__fresh_add(wheel, timer);
    }
    note(wheel, timer, cb, repeat_ns);
    timer->due_ns = timeout_ns;
    eddy__loop_touched(timer->loop);
    return 0;
}

int eddy_timer_start_at(eddy_timer *timer, eddy_timer_cb cb,
                        uint64_t deadline_ns, uint64_t repeat_ns)
{
    struct eddy__wheel *wheel;
    int err = timer == NULL || cb == NULL
                  ? EDDY_EINVAL
                  : eddy__handle_misused(&timer->handle);

    if (err < 0)
        return err;
    wheel = timer->loop->wheel;
    if (!(timer->handle.flags & EDDY__ACTIVE))
        activate(wheel, timer);
    else if (eddy__timer_is_fresh(timer))
        eddy__fresh_remove(wheel, timer);
    note(wheel, timer, cb, repeat_ns);
    eddy__wheel_set(wheel, timer, deadline_ns);
    eddy__loop_touched(timer->loop);
    return 0;
}

int eddy_timer_stop(eddy_timer *timer)
{
    int err =
        timer == NULL ? EDDY_EINVAL : eddy__handle_misused(&timer->handle);

    if (err == 0)
        stop(timer);
    return err;
}

int eddy_timer_again(eddy_timer *timer)
{
    if (timer == NULL || (timer->cb == NULL))
        return EDDY_EINVAL;
    if (timer->repeat_ns == 0)
        return eddy_timer_stop(timer);
    return eddy_timer_start(timer, timer->cb, timer->repeat_ns,
                            timer->repeat_ns);
}

void eddy_timer_set_repeat(eddy_timer *timer, uint64_t repeat_ns)
{
    timer->repeat_ns = repeat_ns;
}

uint64_t eddy_timer_get_repeat(const eddy_timer *timer)
{
    return timer->repeat_ns;
}

uint64_t eddy_timer_due_in(const eddy_timer *timer)
{
    uint64_t now;

    if (!(timer->handle.flags & EDDY__ACTIVE))
        return 0;
    if (eddy__timer_is_fresh(timer) || timer->due_ns == EDDY_NEVER)
        return timer->due_ns;
    now = eddy_now(timer->loop);
    return timer->due_ns > now ? timer->due_ns - now : 0;
}

/* On the grid that the last deadline was on; one call stands for all periods
 * that were missed. */
static void rearm(eddy_loop *loop, eddy_timer *timer)
{
    uint64_t late = loop->now_ns - timer->due_ns;
    uint64_t missed = late / timer->repeat_ns * timer->repeat_ns;

    timer->due_ns = add(timer->due_ns + missed, timer->repeat_ns);
    timer->order = ++loop->wheel->order;
    eddy__wheel_add(loop->wheel, timer);
}

static void fire(eddy_loop *loop, eddy_timer *timer)
{
    eddy__wheel_remove(timer);
    if (timer->repeat_ns > 0)
        rearm(loop, timer);
    else
        stop(timer);
    loop->stats.timers_fired++;
    timer->cb(timer);
}

bool eddy__timers_due(eddy_loop *loop)
{
    return eddy__timers_active(loop) &&
           eddy__wheel_due(loop->wheel, loop->now_ns) != NULL;
}

/* They are taken once: what a callback starts waits for the next time, also if
 * it is due already; what one stops is not fired any more. */
unsigned eddy__timers_fire(eddy_loop *loop, uint64_t from_ns,
                           uint64_t last_order)
{
    struct eddy__wheel *wheel = loop->wheel;
    uint64_t now_ns = loop->now_ns;
    struct eddy__link later;
    eddy_timer *timer;
    unsigned fired = 0;

    if (last_order > wheel->order)
        last_order = wheel->order;
    eddy__list_init(&later);
    wheel->firing = true;
    while ((timer = eddy__wheel_due(wheel, now_ns)) != NULL) {
        if (timer->due_ns < from_ns || timer->order > last_order) {
            eddy__wheel_remove(timer);
            eddy__list_append(&later, &timer->queued);
            continue;
        }
        fire(loop, timer);
        fired++;
    }
    wheel->firing = false;
    eddy__wheel_put_back(wheel, &later);
    return fired;
}

int64_t eddy__timers_sleep(const eddy_loop *loop)
{
    uint64_t bound;

    if (!eddy__timers_active(loop))
        return -1;
    bound = eddy__wheel_bound(loop->wheel);
    if (bound == EDDY_NEVER)
        return -1;
    if (bound <= loop->now_ns)
        return 0;
    bound -= loop->now_ns;
    return bound > INT64_MAX ? INT64_MAX : (int64_t) bound;
}

void eddy__timers_settle(eddy_loop *loop)
{
    if (!eddy__timers_active(loop)) {
        loop->wheel->fresh.staying = 0; /* nothing but gaps */
        return;
    }
    eddy_update_time(loop);
    eddy__fresh_settle(loop->wheel, loop->now_ns);
}
