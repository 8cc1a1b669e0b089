/* SPDX-License-Identifier: MIT */
/*
 * A loop inside another one.
 */
#ifndef EDDY_CORE_EMBED_H
#define EDDY_CORE_EMBED_H

#include <eddy/loop.h>

/* Before eddy_run returns from an embedded loop: what the outer loop polls is
 * made to tell the truth. */
int eddy__embed_leave(eddy_loop *loop);

#endif
