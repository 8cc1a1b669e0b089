/* SPDX-License-Identifier: MIT */
/*
 * What a loop has to do.
 */
#ifndef EDDY_CORE_ALIVE_H
#define EDDY_CORE_ALIVE_H

#include "core/arrivals.h"
#include <eddy/loop.h>

/* Whether something waits that a sleep would delay, other than timers and
 * arrivals: the poll then only looks. */
bool eddy__loop_has_work(const eddy_loop *loop);

/* As eddy_loop_alive, which is this. */
static inline bool eddy__loop_alive(const eddy_loop *loop)
{
    return loop->active > 0 || loop->requests > 0 ||
           loop->closing_handles > 0 || loop->references > 0 ||
           (eddy__arrivals_wait(loop) && eddy__arrivals_have_task(loop));
}

#endif
