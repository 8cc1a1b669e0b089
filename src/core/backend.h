/* SPDX-License-Identifier: MIT */
/*
 * The backends compiled in.
 */
#ifndef EDDY_CORE_BACKEND_H
#define EDDY_CORE_BACKEND_H

#include <eddy/backend.h>
#include <eddy/loop.h>

/* Generated; ends with NULL. */
extern const eddy_backend_ops *const eddy__registry[];

/* The backend that the options, the environment or the registry's order names;
 * NULL for an unknown name. */
const eddy_backend_ops *eddy__backend_choose(const eddy_loop_options *options);

/* Opens the loop's backend, which watches the wakeup already. */
int eddy__backend_open(const eddy_loop *loop, eddy_backend **out);

#endif
