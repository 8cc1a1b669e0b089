/* SPDX-License-Identifier: MIT */
/*
 * The process's default loop. Two threads may ask for it first at the same
 * time; only one makes it.
 */
#include "core/loop.h"

#include <pthread.h>

eddy_loop *eddy_loop_default(void)
{
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    static eddy_loop loop;
    bool usable;

    pthread_mutex_lock(&lock);
    usable = __atomic_load_n(&loop.open, __ATOMIC_ACQUIRE) ||
             eddy_loop_init(&loop, NULL) == 0;
    pthread_mutex_unlock(&lock);
    return usable ? &loop : NULL;
}
