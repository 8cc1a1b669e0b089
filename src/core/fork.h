/* SPDX-License-Identifier: MIT */
/*
 * Giving a loop a new backend.
 */
#ifndef EDDY_CORE_FORK_H
#define EDDY_CORE_FORK_H

#include <eddy/loop.h>

/* Opens a new backend in place of the old one and queues every descriptor to
 * be registered there. On failure the old one stays. */
int eddy__loop_rebuild(eddy_loop *loop, bool inherited);

#endif
