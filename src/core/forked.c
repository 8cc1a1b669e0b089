/* SPDX-License-Identifier: MIT */
/*
 * Knowing that the process is a forked child. A counter that only grows in the
 * child tells an inherited loop from an own one, however many forks lie
 * between, and without asking for the process's number on every call.
 */
#include "core/loop.h"

#include <pthread.h>

unsigned eddy__forks;

/* The child has one thread: nobody else counts. */
static void count_fork(void)
{
    __atomic_add_fetch(&eddy__forks, 1, __ATOMIC_RELAXED);
}

int eddy__fork_watch(void)
{
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    static bool watching;
    int err = 0;

    pthread_mutex_lock(&lock);
    if (!watching)
        err = pthread_atfork(NULL, NULL, count_fork);
    watching = err == 0;
    pthread_mutex_unlock(&lock);
    return -err;
}
