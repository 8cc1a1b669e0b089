/* SPDX-License-Identifier: MIT */
/*
 * A pool's state, in one block of memory with room for all its threads, and
 * what the files of this folder offer each other: pool.c makes and ends pools,
 * queue.c hands out work, worker.c starts threads, default_pool.c owns the one
 * that all loops share, work.c joins pools and loops.
 *
 * A thread is at work, asleep, or seeking: on its way to the queue because it
 * was woken or started or because it spins. At most one
 * is told to seek at a time, and the one that finds more than it takes tells
 * the next: a burst of small work wakes few threads, and one of large work all
 * of them. So, whenever the lock is free:
 *
 *     work is queued, and a thread sleeps or could be started
 *         implies that a thread seeks, or that starting one has failed.
 */
#ifndef EDDY_WORK_POOL_H
#define EDDY_WORK_POOL_H

#include "core/allocator.h"
#include "core/list.h"
#include <eddy/work.h>

#include <pthread.h>

enum {
    EDDY__POOL_THREADS_LEAST = 4,   /* of the default, however few processors */
    EDDY__POOL_THREADS_MOST = 1024, /* that one may ask for */
    EDDY__THREAD_NAME_SIZE = 16     /* Linux takes no longer ones */
};

/* A place for a thread: free, taken, or waiting to be joined. */
struct eddy__worker {
    struct eddy__pool_state *pool;
    pthread_t id;
    enum { EDDY__WORKER_NONE, EDDY__WORKER_RUNS, EDDY__WORKER_LEFT } life;
    int working; /* inside the caller's function: shared, atomic */
};

struct eddy__pool_state {
    /* Set when the pool is made. */
    const eddy_allocator *allocator;
    struct eddy__pool_state *parents; /* in a forked child: not ours, kept */
    /* Of forks. When it is another now, the threads are not in this process,
     * and one of them may hold the lock for ever. */
    unsigned generation;
    unsigned limit;    /* how many threads there may be */
    uint64_t spin_ns;  /* how long to look for work before sleeping */
    size_t stack_size; /* 0: the system's, if that is not too small */
    char name[EDDY__THREAD_NAME_SIZE];

    /* Under the lock. */
    pthread_mutex_t lock;
    pthread_cond_t work_came;
    pthread_cond_t thread_left;
    struct eddy__link queue; /* in the order of submission */
    int waiting;             /* the queue is not empty: read without the lock */
    int leaving;             /* idle threads are to end: likewise */
    bool seeking;
    unsigned threads;
    unsigned asleep;
    size_t submitted;

    /* Changed on the loops' threads, which the others shall not slow. */
    char apart[64];
    size_t called_back; /* of those submitted, atomically */
    char apart_too[64];

    struct eddy__worker places[]; /* `limit` of them */
};

/* pool.c */

/* Makes a pool that has no thread yet. EDDY_ENOMEM, EDDY_EINVAL. */
int eddy__pool_create(struct eddy__pool_state **out,
                      const eddy_pool_options *options);

/* Gives the memory back; there is no thread any more. */
void eddy__pool_destroy(struct eddy__pool_state *pool);

/* Whether the pool came from the parent by fork. */
bool eddy__pool_inherited(const struct eddy__pool_state *pool);

/* Ends and joins every thread but those whose work goes on, for ever perhaps:
 * all of them, when all work has been called back. */
void eddy__pool_trim(struct eddy__pool_state *pool);

/* How many processors there are, at least 1. */
unsigned eddy__processors(void);

/* queue.c */

/* Queues the work and sees to it that a thread will begin it: otherwise an
 * error, and nothing is queued. */
int eddy__pool_push(struct eddy__pool_state *pool, eddy_work *work);

/* Takes back work that no thread has begun: EDDY_EBUSY if one has. */
int eddy__pool_withdraw(struct eddy__pool_state *pool, eddy_work *work);

/* What a thread of the pool does from beginning to end. */
void eddy__pool_serve(struct eddy__worker *self);

/* worker.c */

/* Starts a thread at the place: EDDY_EAGAIN, EDDY_ENOMEM. */
int eddy__worker_start(struct eddy__worker *place);

/* thread_name_*.c: names the calling thread, for those who look from outside;
 * does nothing where that is not possible. */
void eddy__thread_set_name(const char *name);

/* For tests: pthread_create, or what stands in for it. */
typedef int (*eddy__worker_create_fn)(pthread_t *, const pthread_attr_t *,
                                      void *(*) (void *), void *);
extern eddy__worker_create_fn eddy__worker_create;

/* work.c */

/* Sends work that was done home to its loop: it is no longer ours. */
void eddy__work_return(eddy_work *work);

/* default_pool.c */

/* The pool that all loops share, made now if need be; NULL without memory. */
struct eddy__pool_state *eddy__default_pool(void);

#endif
