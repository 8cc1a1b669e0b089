/* SPDX-License-Identifier: MIT */
/*
 * Naming the thread that runs a loop, for the checks of debug builds.
 */
#include "core/loop.h"

#ifndef NDEBUG
const void *eddy__thread_name(void)
{
    static _Thread_local char self;

    return &self;
}
#endif
