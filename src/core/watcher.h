/* SPDX-License-Identifier: MIT */
/*
 * An interest in a descriptor, as io handles, streams and the loop's own
 * wakeup have it. The fd table (fdtable.h) keeps them.
 */
#ifndef EDDY_CORE_WATCHER_H
#define EDDY_CORE_WATCHER_H

#include <eddy/error.h>
#include <eddy/loop.h>

/* How a watcher is told: status 0 and events, or a negative status when the
 * kernel refused the descriptor; the watcher is then stopped already. Returns
 * how many callbacks of the user's it called. */
typedef unsigned (*eddy__ready_fn)(struct eddy__watcher *watcher, int status,
                                   unsigned events);

/* Enters the watcher, stopped, into the table. EDDY_ENOMEM, EDDY_EBADF. */
int eddy__watcher_open(eddy_loop *loop, struct eddy__watcher *watcher, int fd,
                       eddy__ready_fn ready);

/* Takes the watcher out. With the last one of a descriptor, the kernel forgets
 * it at once: close(fd) may follow. */
void eddy__watcher_close(eddy_loop *loop, struct eddy__watcher *watcher);

/* Before the first change since the last dispatch or flush: queues the
 * descriptor. */
void eddy__watcher_begin_change(eddy_loop *loop, struct eddy__watcher *watcher);

/* Sets what is wanted, 0 for nothing. EDDY_ENOTSUP: the backend cannot. With
 * EDDY_EDGE, what is ready is told once from then on, WRITABLE perhaps not
 * before there is room that was not there before: who adds it has met EAGAIN,
 * or takes EDDY_EDGE away. Whoever is not sure what is left does so too. After
 * the first change in a dispatch the descriptor is in the queue, and only the
 * watcher is touched. */
static inline int eddy__watcher_set(eddy_loop *loop,
                                    struct eddy__watcher *watcher,
                                    unsigned events)
{
    if (events == watcher->events)
        return 0;
    if (events & ~(loop->ops->events | EDDY_EDGE))
        return EDDY_ENOTSUP;
    if (watcher->changed != loop->dispatch)
        eddy__watcher_begin_change(loop, watcher);
    if (events == 0)
        watcher->before = 0; /* stopped: what was ready is not told later */
    watcher->events = (unsigned short) events;
    loop->stats.interest_saved++; /* for now: the stats take off the changes */
    return 0;
}

#endif
