/* SPDX-License-Identifier: MIT */
/*
 * Naming a thread where pthread_setname_np names the calling one: macOS.
 */
#include "work/pool.h"

void eddy__thread_set_name(const char *name)
{
    (void) pthread_setname_np(name);
}
