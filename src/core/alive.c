/* SPDX-License-Identifier: MIT */
/*
 * What a loop has to do, and what it waits for.
 */
#include "core/alive.h"

#include "core/fresh.h"
#include "core/loop.h"
#include "core/phase.h"
#include "core/timer.h"

bool eddy__loop_has_work(const eddy_loop *loop)
{
    return loop->ended != NULL || !eddy__list_empty(&loop->closing) ||
           !eddy__list_empty(&loop->phases[EDDY__IDLE]);
}

bool eddy_loop_alive(const eddy_loop *loop)
{
    return eddy__loop_alive(loop);
}

/* The fresh ones count from now on: that is when a run would start them. */
int64_t eddy_loop_timeout(const eddy_loop *loop)
{
    uint64_t now = loop->os->now(loop->os->context);
    uint64_t next = EDDY_NEVER;
    uint64_t fresh;

    if (eddy__loop_has_work(loop) || eddy__arrivals_wait(loop))
        return 0;
    if (!eddy__timers_active(loop))
        return -1;
    next = eddy__wheel_next(loop->wheel);
    if (next != EDDY_NEVER)
        next = next > now ? next - now : 0;
    fresh = eddy__fresh_least(loop->wheel);
    next = fresh < next ? fresh : next;
    return next > INT64_MAX ? -1 : (int64_t) next;
}
