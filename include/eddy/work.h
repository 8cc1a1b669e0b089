/* SPDX-License-Identifier: MIT */
/*
 * Work that would block the loop, on a pool of threads. The default pool is
 * shared by all loops and starts threads as they are needed, at most as many
 * as there are processors but no less than 4 (EDDY_POOL_THREADS in the
 * environment overrides that). A program may make pools of its own.
 *
 *     static void compress(eddy_work *work) { … on a pool thread … }
 *     static void compressed(eddy_work *work, int status) { … on the loop's }
 *
 *     job->work.data = job;                       // zero-filled before
 *     eddy_work_submit(loop, &job->work, compress, compressed);
 *
 * A pool thread may call eddy_async_send and eddy_post to report progress, and
 * nothing else of a loop: what it wants submitted it has a task submit.
 *
 * A forked child has none of the parent's threads. There the default pool is
 * made anew when it is first used, other pools take no more work, and requests
 * that the parent's threads had are ended by eddy_cancel: only those whose end
 * had reached the loop before the fork come by themselves.
 *
 * When the process ends, idle threads of the default pool are joined. Work
 * that runs then is not waited for.
 */
#ifndef EDDY_WORK_H
#define EDDY_WORK_H

#include <eddy/allocator.h>
#include <eddy/request.h>
#include <eddy/task.h>

EDDY_BEGIN_DECLS

typedef struct eddy_work eddy_work;
typedef struct eddy_pool eddy_pool;

/** Runs on a pool thread, with all signals blocked. */
typedef void (*eddy_work_cb)(eddy_work *work);

/** Runs on the loop's thread: status 0 after the work ran, EDDY_ECANCELED if
 * it was cancelled before it began. The request is the caller's again. */
typedef void (*eddy_work_done_cb)(eddy_work *work, int status);

/* Zero means the default for every field. */
typedef struct eddy_pool_options {
    unsigned threads; /* the most that it starts: 1 to 1024 */
    unsigned reserved0;
    size_t stack_size; /* bytes a thread, rounded up to what is possible; 0:
                          the system's default, but at least 1 MiB */
    const char *name;  /* of the threads, where that is possible: its first
                          15 bytes, copied; NULL: "eddy-pool" */
    const eddy_allocator *allocator; /* for what eddy_pool_init needs */
    void *reserved[4];
} eddy_pool_options;

struct eddy_pool {
    void *data; /* the caller's */
    /* private */
    struct eddy__pool_state *state;
    void *reserved[2];
};

/* Zero-filled before its first use. */
struct eddy_work {
    EDDY_REQ_UNION;
    /* private */
    eddy_work_cb work_cb;
    eddy_work_done_cb done_cb;
    struct eddy__pool_state *pool;
    struct eddy__link queued; /* in the pool's queue */
    eddy_task task;           /* brings the end back to the loop */
    uintptr_t posted;         /* the task was, or is about to be, posted */
    void *reserved[1];
};

/**
 * Runs work_cb on a thread of the default pool, then done_cb (which may be
 * NULL) on the loop's. Work begins in the order of submission. It keeps
 * eddy_run going, and eddy_cancel takes it back until a thread has begun it.
 * Allocates nothing, but for the first call, which makes the pool.
 *
 * EDDY_EINVAL: NULL argument. EDDY_EBUSY: the request is in flight.
 * EDDY_ENOMEM, EDDY_EAGAIN: the pool has no thread and could not start one.
 * EDDY_EPERM: in a forked child, before eddy_loop_fork; or called on another
 * thread than the loop's (debug builds).
 */
EDDY_EXTERN int eddy_work_submit(eddy_loop *loop, eddy_work *work,
                                 eddy_work_cb work_cb,
                                 eddy_work_done_cb done_cb);

/**
 * The same on a pool of the program's own, which any number of loops may
 * share. EDDY_EPERM also when the pool was made before the process forked.
 */
EDDY_EXTERN int eddy_pool_submit(eddy_pool *pool, eddy_loop *loop,
                                 eddy_work *work, eddy_work_cb work_cb,
                                 eddy_work_done_cb done_cb);

/**
 * Makes a pool; it starts no thread yet. Options may be NULL. Any thread.
 *
 * EDDY_EINVAL: NULL pool, more than 1024 threads, or a stack of more than half
 * of the address space. EDDY_ENOMEM, EDDY_EAGAIN: memory, or what locks need.
 */
EDDY_EXTERN int eddy_pool_init(eddy_pool *pool,
                               const eddy_pool_options *options);

/**
 * Ends a pool: joins its threads and frees the memory. Any thread, but none of
 * the pool's own. In a forked child it frees the memory only.
 *
 * EDDY_EBUSY: work has not been called back yet: wait for that, or cancel it.
 * In the last callback, and from then on, the pool can be closed.
 * EDDY_EINVAL: NULL or closed.
 */
EDDY_EXTERN int eddy_pool_close(eddy_pool *pool);

EDDY_END_DECLS

#endif
