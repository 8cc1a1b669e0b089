/* SPDX-License-Identifier: MIT */
/*
 * The phases whose handles run in every iteration.
 */
#ifndef EDDY_CORE_PHASE_H
#define EDDY_CORE_PHASE_H

#include "core/list.h"
#include <eddy/loop.h>

/* Index of loop->phases. */
enum eddy__phase { EDDY__IDLE, EDDY__PREPARE, EDDY__CHECK };

unsigned eddy__phase_call(eddy_loop *loop, enum eddy__phase phase);

/* Calls every handle started before; returns how many. */
static inline unsigned eddy__phase_run(eddy_loop *loop, enum eddy__phase phase)
{
    if (loop->phase_handles == 0)
        return 0; /* none of any phase */
    return eddy__phase_call(loop, phase);
}

#endif
