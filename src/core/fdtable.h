/* SPDX-License-Identifier: MIT */
/*
 * The fd table: for each descriptor its watchers, the mask that the kernel
 * knows, and the token of its registration.
 *
 * What must hold: a descriptor whose wanted mask may differ from the known one
 * is in the watcher queue (eddy__fds_flush looks at it before the loop sleeps);
 * one without watchers is not known to the kernel; tokens of earlier
 * registrations of a number differ from the current one.
 */
#ifndef EDDY_CORE_FDTABLE_H
#define EDDY_CORE_FDTABLE_H

#include "core/watcher.h"
#include <eddy/loop.h>

enum {
    EDDY__FD_QUEUED = 1, /* in the watcher queue */
    EDDY__FD_EXACT = 2   /* an unwanted event came: no lingering this time */
};

struct eddy__fd {
    struct eddy__watcher *watchers; /* open ones, the newest first */
    unsigned generation;            /* of the registration: half its token */
    unsigned released;              /* batch in which the last one closed */
    int next;                       /* in the watcher queue; -1 ends it */
    unsigned char known;            /* what the kernel was told to watch */
    unsigned char flags;
    unsigned char reserved[2];
};

/* Tells the backend what changed. Returns how many watchers were told that
 * their descriptor was refused. */
unsigned eddy__fds_flush(eddy_loop *loop);

/* Hands out the first `count` entries of loop->ready; returns how many
 * callbacks were called, the loop's own not counted. */
unsigned eddy__fds_dispatch(eddy_loop *loop, int count);

/* Has a new backend watch the wakeup: without it the loop must not sleep, so
 * this is not left to the queue. Changes nothing here. */
int eddy__fds_attach(const eddy_loop *loop, eddy_backend *backend);

/* Queues every descriptor to be registered with a new backend, which watches
 * the wakeup already. */
void eddy__fds_forget(eddy_loop *loop);

void eddy__fds_free(eddy_loop *loop);

/* What the watchers of a descriptor want between them. An edge will do for one
 * that is alone: of two, each may miss what the other was told. */
static inline unsigned eddy__fd_wanted(const struct eddy__fd *slot)
{
    const struct eddy__watcher *watcher = slot->watchers;
    unsigned wanted;

    if (watcher == NULL)
        return 0;
    wanted = watcher->events;
    while ((watcher = watcher->next) != NULL)
        wanted = (wanted | watcher->events) & ~(unsigned) EDDY_EDGE;
    return wanted;
}

/* Whether the kernel has to be told what is wanted now. An interest that was
 * dropped may linger, but not so that it is level-triggered where an edge was
 * asked for, or the other way round. */
static inline bool eddy__fd_unlike(const struct eddy__fd *slot, unsigned wanted)
{
    return wanted != 0 && ((wanted ^ slot->known) & (wanted | EDDY_EDGE));
}

#endif
