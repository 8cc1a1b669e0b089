/* SPDX-License-Identifier: MIT */
/*
 * Looking out for messages before the loop sleeps: being woken costs the loop
 * some microseconds, and its sender a system call.
 */
#ifndef EDDY_CORE_LOOKOUT_H
#define EDDY_CORE_LOOKOUT_H

#include "core/loop.h"

/* For spin_ns, for those who chose to pay with CPU time. Returns what is left
 * of the time to sleep: 0 when it is used up or a message came. */
int64_t eddy__lookout_spin(const eddy_loop *loop, int64_t timeout_ns);

/* For a few microseconds at most; whether something came. */
bool eddy__lookout_glance(eddy_loop *loop);

/* Messages came, and who sent them may send more at once: the next sleep is
 * worth a glance. */
static inline void eddy__lookout_expect(eddy_loop *loop)
{
    loop->glance = true;
}

#endif
