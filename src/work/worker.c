/* SPDX-License-Identifier: MIT */
/*
 * Starting a thread: with a stack that is large enough, and all signals
 * blocked, so that the program's handlers run on the threads that it expects.
 * The mask is inherited, which is why the starter blocks them for a moment.
 */
#include "work/pool.h"

#include <eddy/error.h>

#include <limits.h>
#include <signal.h>
#include <unistd.h>

/* Some systems give a thread as little as 128 KiB, which is less than what
 * their own name resolution and many a library take for granted. */
enum { STACK_LEAST = 1024 * 1024 };

eddy__worker_create_fn eddy__worker_create = pthread_create;

static void *begin(void *arg)
{
    struct eddy__worker *self = arg;

    eddy__thread_set_name(self->pool->name);
    eddy__pool_serve(self);
    return NULL;
}

static int set_stack_size(pthread_attr_t *attributes, size_t size)
{
    size_t page = (size_t) sysconf(_SC_PAGESIZE);

    if (size == 0) {
        int err = pthread_attr_getstacksize(attributes, &size);

        if (err != 0 || size >= STACK_LEAST)
            return err;
        size = STACK_LEAST;
    }
    if (size < (size_t) PTHREAD_STACK_MIN)
        size = (size_t) PTHREAD_STACK_MIN;
    size = (size + page - 1) / page * page;
    return pthread_attr_setstacksize(attributes, size);
}

static int create_with_signals_blocked(struct eddy__worker *place,
                                       const pthread_attr_t *attributes)
{
    sigset_t all;
    sigset_t before;
    int err;

    sigfillset(&all);
    err = pthread_sigmask(SIG_SETMASK, &all, &before);
    if (err != 0)
        return err;
    err = eddy__worker_create(&place->id, attributes, begin, place);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return err;
}

int eddy__worker_start(struct eddy__worker *place)
{
    pthread_attr_t attributes;
    int err = pthread_attr_init(&attributes);

    if (err != 0)
        return -err;
    err = set_stack_size(&attributes, place->pool->stack_size);
    if (err == 0)
        err = create_with_signals_blocked(place, &attributes);
    pthread_attr_destroy(&attributes);
    return -err;
}
