/* SPDX-License-Identifier: MIT */
/*
 * The phases whose handles run in every iteration.
 */
#ifndef EDDY_CORE_PHASE_H
#define EDDY_CORE_PHASE_H

#include <eddy/loop.h>

/* Index of loop->phases. */
enum eddy__phase { EDDY__IDLE, EDDY__PREPARE, EDDY__CHECK };

/* Calls every handle started before; returns how many. */
unsigned eddy__phase_run(eddy_loop *loop, enum eddy__phase phase);

#endif
