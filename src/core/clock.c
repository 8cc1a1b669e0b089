/* SPDX-License-Identifier: MIT */
/*
 * The loop's idea of the time.
 */
#include "core/loop.h"

uint64_t eddy_now(eddy_loop *loop)
{
    if (!(loop->state & EDDY__LOOP_TIMED))
        eddy_update_time(loop);
    return loop->now_ns;
}

/* A clock that went back, as a simulated one may, stands still for us. */
void eddy_update_time(eddy_loop *loop)
{
    uint64_t now = loop->os->now(loop->os->context);

    if (now > loop->now_ns)
        loop->now_ns = now;
    loop->state |= EDDY__LOOP_TIMED;
}
