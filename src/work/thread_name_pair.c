/* SPDX-License-Identifier: MIT */
/*
 * Naming a thread where pthread_setname_np takes the thread and the name:
 * Linux, FreeBSD, illumos.
 */
#include "work/pool.h"

void eddy__thread_set_name(const char *name)
{
    (void) pthread_setname_np(pthread_self(), name);
}
