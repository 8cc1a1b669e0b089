/* SPDX-License-Identifier: MIT */
/*
 * An interest in a descriptor, as io handles, streams and the loop's own
 * wakeup have it. The fd table (fdtable.h) keeps them.
 */
#ifndef EDDY_CORE_WATCHER_H
#define EDDY_CORE_WATCHER_H

#include <eddy/io.h>

/* How a watcher is told: status 0 and events, or a negative status when the
 * kernel refused the descriptor; the watcher is then stopped already. Returns
 * how many callbacks of the user's it called. */
typedef unsigned (*eddy__ready_fn)(struct eddy__watcher *watcher, int status,
                                   unsigned events);

/* Enters the watcher, stopped, into the table. EDDY_ENOMEM, EDDY_EBADF. */
int eddy__watcher_open(eddy_loop *loop, struct eddy__watcher *watcher, int fd,
                       eddy__ready_fn ready);

/* Sets what is wanted, 0 for nothing. EDDY_ENOTSUP: the backend cannot. */
int eddy__watcher_set(eddy_loop *loop, struct eddy__watcher *watcher,
                      unsigned events);

/* Takes the watcher out. With the last one of a descriptor, the kernel forgets
 * it at once: close(fd) may follow. */
void eddy__watcher_close(eddy_loop *loop, struct eddy__watcher *watcher);

#endif
