/* SPDX-License-Identifier: MIT */
/*
 * What a loop has to do.
 */
#ifndef EDDY_CORE_ALIVE_H
#define EDDY_CORE_ALIVE_H

#include <eddy/loop.h>

/* Whether something waits that a sleep would delay, other than timers and
 * arrivals: the poll then only looks. */
bool eddy__loop_has_work(const eddy_loop *loop);

#endif
