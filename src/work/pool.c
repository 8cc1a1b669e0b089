/* SPDX-License-Identifier: MIT */
/*
 * Pools from making to ending. A pool is one block of memory; its threads are
 * all joined before that is freed. In a forked child only the memory is left
 * of a pool: the lock is then neither taken nor destroyed, because a thread
 * that the child does not have may hold it.
 */
#include "work/pool.h"

#include "core/loop.h"
#include <eddy/error.h>

#include <string.h>
#include <unistd.h>

/* An idle thread that sleeps costs the next submission a system call and that
 * work some microseconds. This is as long as a loop takes to be woken by the
 * end of one piece of work and to submit the next. */
enum { SPIN_NS = 5000 };

static size_t size_for(unsigned threads)
{
    return sizeof(struct eddy__pool_state) +
           threads * sizeof(struct eddy__worker);
}

unsigned eddy__processors(void)
{
    long online = sysconf(_SC_NPROCESSORS_ONLN);

    return online < 1 ? 1 : (unsigned) online;
}

static unsigned threads_by_default(void)
{
    unsigned threads = eddy__processors();

    if (threads < EDDY__POOL_THREADS_LEAST)
        return EDDY__POOL_THREADS_LEAST;
    if (threads > EDDY__POOL_THREADS_MOST)
        return EDDY__POOL_THREADS_MOST;
    return threads;
}

bool eddy__pool_inherited(const struct eddy__pool_state *pool)
{
    return pool->generation != eddy__fork_generation();
}

static int init_locks(struct eddy__pool_state *pool)
{
    int err = pthread_mutex_init(&pool->lock, NULL);

    if (err != 0)
        return -err;
    err = pthread_cond_init(&pool->work_came, NULL);
    if (err != 0)
        goto no_work_came;
    err = pthread_cond_init(&pool->thread_left, NULL);
    if (err != 0)
        goto no_thread_left;
    return 0;

no_thread_left:
    pthread_cond_destroy(&pool->work_came);
no_work_came:
    pthread_mutex_destroy(&pool->lock);
    return -err;
}

int eddy__pool_create(struct eddy__pool_state **out,
                      const eddy_pool_options *options)
{
    unsigned limit = options->threads;
    const eddy_allocator *allocator = options->allocator;
    struct eddy__pool_state *pool;
    int err;

    if (limit > EDDY__POOL_THREADS_MOST || options->stack_size > SIZE_MAX / 2)
        return EDDY_EINVAL;
    if (limit == 0)
        limit = threads_by_default();
    if (allocator == NULL)
        allocator = &eddy__allocator_default;
    pool = eddy__allocate(allocator, size_for(limit));
    if (pool == NULL)
        return EDDY_ENOMEM;
    memset(pool, 0, size_for(limit));
    pool->allocator = allocator;
    pool->limit = limit;
    pool->stack_size = options->stack_size;
    strncpy(pool->name, options->name != NULL ? options->name : "eddy-pool",
            sizeof(pool->name) - 1);
    /* With one processor the loop cannot submit while we spin. */
    pool->spin_ns = eddy__processors() > 1 ? SPIN_NS : 0;
    eddy__list_init(&pool->queue);
    eddy__fork_watch();
    pool->generation = eddy__fork_generation();
    err = init_locks(pool);
    if (err < 0) {
        eddy__free(allocator, pool, size_for(limit));
        return err;
    }
    *out = pool;
    return 0;
}

void eddy__pool_destroy(struct eddy__pool_state *pool)
{
    if (!eddy__pool_inherited(pool)) {
        pthread_cond_destroy(&pool->thread_left);
        pthread_cond_destroy(&pool->work_came);
        pthread_mutex_destroy(&pool->lock);
    }
    eddy__free(pool->allocator, pool, size_for(pool->limit));
}

/* Joins the threads that have left. The lock is given up for each: a thread
 * that ends may run the program's own destructors of thread-local data. */
static void join_those_that_left(struct eddy__pool_state *pool)
{
    for (unsigned i = 0; i < pool->limit; i++) {
        struct eddy__worker *place = &pool->places[i];

        if (place->life != EDDY__WORKER_LEFT)
            continue;
        pthread_mutex_unlock(&pool->lock);
        pthread_join(place->id, NULL);
        pthread_mutex_lock(&pool->lock);
        place->life = EDDY__WORKER_NONE;
    }
}

static unsigned count_working(const struct eddy__pool_state *pool)
{
    unsigned count = 0;

    for (unsigned i = 0; i < pool->limit; i++)
        count +=
            __atomic_load_n(&pool->places[i].working, __ATOMIC_RELAXED) != 0;
    return count;
}

void eddy__pool_trim(struct eddy__pool_state *pool)
{
    pthread_mutex_lock(&pool->lock);
    __atomic_store_n(&pool->leaving, 1, __ATOMIC_RELAXED);
    pthread_cond_broadcast(&pool->work_came);
    while (pool->threads > count_working(pool))
        pthread_cond_wait(&pool->thread_left, &pool->lock);
    join_those_that_left(pool);
    __atomic_store_n(&pool->leaving, 0, __ATOMIC_RELAXED);
    pthread_mutex_unlock(&pool->lock);
}

/* In a forked child there is no other thread that could hold the lock, and the
 * one that does may not be here. */
static bool in_use(struct eddy__pool_state *pool)
{
    size_t called_back = __atomic_load_n(&pool->called_back, __ATOMIC_ACQUIRE);
    size_t submitted;

    if (eddy__pool_inherited(pool))
        return pool->submitted != called_back;
    pthread_mutex_lock(&pool->lock);
    submitted = pool->submitted;
    pthread_mutex_unlock(&pool->lock);
    return submitted != called_back;
}

int eddy_pool_init(eddy_pool *pool, const eddy_pool_options *options)
{
    static const eddy_pool_options all_default;

    if (pool == NULL)
        return EDDY_EINVAL;
    return eddy__pool_create(&pool->state,
                             options != NULL ? options : &all_default);
}

int eddy_pool_close(eddy_pool *pool)
{
    if (pool == NULL || pool->state == NULL)
        return EDDY_EINVAL;
    if (in_use(pool->state))
        return EDDY_EBUSY;
    if (!eddy__pool_inherited(pool->state))
        eddy__pool_trim(pool->state);
    eddy__pool_destroy(pool->state);
    pool->state = NULL;
    return 0;
}
