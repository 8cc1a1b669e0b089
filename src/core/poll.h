/* SPDX-License-Identifier: MIT */
/*
 * The poll phase: the loop's one sleep and what comes of it.
 */
#ifndef EDDY_CORE_POLL_H
#define EDDY_CORE_POLL_H

#include <eddy/loop.h>

/* Sleeps, if may_sleep and there is nothing to do, until something happens;
 * calls back descriptors, then tasks and asyncs. *told: how many callbacks were
 * called. 0, or the error of the wait. */
int eddy__poll(eddy_loop *loop, bool may_sleep, unsigned *told);

#endif
