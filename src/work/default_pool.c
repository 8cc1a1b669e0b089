/* SPDX-License-Identifier: MIT */
/*
 * The pool that all loops of the process share. The first submission makes it
 * and nothing ends it: at exit its idle threads are joined, so that no memory
 * of theirs looks lost, and the others are left to their work, which may block
 * for ever. A forked child makes its own and keeps the parent's, in which its
 * inherited requests may still be.
 */
#include "core/environment.h"
#include "work/pool.h"

#include <stdlib.h>

/* Changed once in a process, by whoever is first; no lock, which another
 * thread might hold while the process forks. */
static struct eddy__pool_state *shared;

/* The whole text must be a number from 1 to 1024: what is not is ignored,
 * which is 0 here. */
static unsigned threads_wanted(const char *text)
{
    unsigned threads = 0;

    if (text == NULL || *text == '\0')
        return 0;
    for (; *text != '\0'; text++) {
        if (*text < '0' || *text > '9')
            return 0;
        threads = threads * 10 + (unsigned) (*text - '0');
        if (threads > EDDY__POOL_THREADS_MOST)
            return 0;
    }
    return threads;
}

static void tidy_at_exit(void)
{
    struct eddy__pool_state *pool = __atomic_load_n(&shared, __ATOMIC_ACQUIRE);

    if (!eddy__pool_inherited(pool))
        eddy__pool_trim(pool);
}

/* Puts a new pool in place of the old one, which is none or the parent's. If
 * another thread is faster its pool is taken. */
static struct eddy__pool_state *renew(struct eddy__pool_state *old)
{
    const eddy_pool_options options = {
        .threads = threads_wanted(eddy__environment("EDDY_POOL_THREADS")),
    };
    struct eddy__pool_state *pool;

    if (eddy__pool_create(&pool, &options) < 0)
        return NULL;
    pool->parents = old;
    if (!__atomic_compare_exchange_n(&shared, &old, pool, false,
                                     __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)) {
        eddy__pool_destroy(pool);
        return old;
    }
    /* A child has inherited the registration. If it fails, that is all that
     * is lost. */
    if (pool->parents == NULL)
        (void) atexit(tidy_at_exit);
    return pool;
}

struct eddy__pool_state *eddy__default_pool(void)
{
    struct eddy__pool_state *pool = __atomic_load_n(&shared, __ATOMIC_ACQUIRE);

    if (pool == NULL || eddy__pool_inherited(pool))
        return renew(pool);
    return pool;
}
