/* SPDX-License-Identifier: MIT */
/*
 * What the files of the core share about a loop, and what modules above it
 * may ask of it.
 */
#ifndef EDDY_CORE_LOOP_H
#define EDDY_CORE_LOOP_H

#include "core/allocator.h"
#include "core/arrivals.h"
#include "core/list.h"
#include <eddy/loop.h>

/* loop->state */
enum {
    EDDY__LOOP_OPEN = 1,     /* between init and close */
    EDDY__LOOP_RUNNING = 2,  /* inside eddy_run */
    EDDY__LOOP_EMBEDDED = 4, /* eddy_loop_fd was called */
    EDDY__LOOP_TIMED = 8,    /* now_ns is of this phase */
    EDDY__LOOP_REBUILD = 16, /* a stale registration needs a new backend */
    EDDY__LOOP_MOVED = 32    /* it has one, so eddy_loop_fd's is another one */
};

/* How many events one wait may report. The stress build takes one at a time,
 * so that every list is walked in its rarest order. */
#ifdef EDDY_STRESS
enum { EDDY__BATCH = 1 };
#else
enum { EDDY__BATCH = 512 };
#endif

/* The loop's buffer for reading, EDDY__READ_SIZE bytes, made on first use and
 * freed with the loop; NULL without memory. */
enum { EDDY__READ_SIZE = 65536 };
char *eddy__loop_read_buffer(eddy_loop *loop);

/* Opens the reserve descriptor if it is not: spare for the moment when no
 * other is to be had. Closed with the loop. */
int eddy__loop_reserve(eddy_loop *loop);

/* Arranges to be told of forks; once in a process. EDDY_ENOMEM. */
int eddy__fork_watch(void);

/* How many forks lie between the process and its first ancestor. Only grows,
 * in the child, by __atomic builtins. */
extern unsigned eddy__forks;

static inline unsigned eddy__fork_generation(void)
{
    return __atomic_load_n(&eddy__forks, __ATOMIC_RELAXED);
}

/* Whether the loop came from the parent by fork and was not renewed. */
static inline bool eddy__loop_inherited(const eddy_loop *loop)
{
    return loop->fork_generation != eddy__fork_generation();
}

#ifndef NDEBUG
/* The address of a variable of the thread names the thread. */
const void *eddy__thread_name(void);
#endif

/* The loop runs, on this thread, until the exit. */
static inline void eddy__loop_enter(eddy_loop *loop)
{
    loop->state |= EDDY__LOOP_RUNNING;
#ifndef NDEBUG
    loop->owner = eddy__thread_name();
#endif
}

static inline void eddy__loop_exit(eddy_loop *loop)
{
    loop->state &= ~(unsigned) EDDY__LOOP_RUNNING;
}

/* Called by whatever gives the loop something to do. Inside eddy_run that is
 * found without help; outside, an embedded loop has to tell the outer one, for
 * which it counts as asleep. */
static inline void eddy__loop_touched(eddy_loop *loop)
{
    if ((loop->state & (EDDY__LOOP_EMBEDDED | EDDY__LOOP_RUNNING)) ==
        EDDY__LOOP_EMBEDDED)
        eddy__rouse(loop);
}

/* EDDY_EPERM when another thread runs the loop. Only debug builds look: it is
 * the caller's promise, not ours, and costs a load on every call. */
static inline int eddy__loop_misused(const eddy_loop *loop)
{
#ifndef NDEBUG
    if ((loop->state & EDDY__LOOP_RUNNING) &&
        loop->owner != eddy__thread_name())
        return EDDY_EPERM;
#else
    (void) loop;
#endif
    return 0;
}

#endif
