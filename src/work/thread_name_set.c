/* SPDX-License-Identifier: MIT */
/*
 * Naming a thread by pthread_set_name_np, which has no result: OpenBSD, older
 * FreeBSD.
 */
#include "work/pool.h"

#include <pthread_np.h>

void eddy__thread_set_name(const char *name)
{
    pthread_set_name_np(pthread_self(), name);
}
