/* SPDX-License-Identifier: MIT */
/*
 * Where a thread cannot be named, or not in a way that we know.
 */
#include "work/pool.h"

void eddy__thread_set_name(const char *name)
{
    (void) name;
}
