/* SPDX-License-Identifier: MIT */
/*
 * Watching any descriptor that the kernel can: sockets, pipes, terminals,
 * devices. Level-triggered: a callback comes in every iteration while the
 * condition lasts.
 *
 *     static void on_ready(eddy_io *io, int status, unsigned events)
 *     {
 *         if (status < 0) {            // the kernel refused this descriptor
 *             eddy_close(&io->handle, NULL);
 *             return;
 *         }
 *         if (events & EDDY_READABLE)
 *             drain(eddy_io_fd(io));
 *     }
 *
 *     eddy_io_init(loop, &io, fd);
 *     eddy_io_start(&io, EDDY_READABLE, on_ready);
 */
#ifndef EDDY_IO_H
#define EDDY_IO_H

#include <eddy/backend.h>
#include <eddy/handle.h>

EDDY_BEGIN_DECLS

typedef struct eddy_io eddy_io;

/**
 * `status` 0: `events` holds what is ready of what was asked for. An error or
 * a hangup comes as every event asked for: the read or write then tells which.
 *
 * `status` negative: the kernel refused to watch the descriptor, `events` is 0
 * and the watcher is already stopped. EDDY_EPERM: a regular file, a directory,
 * or another thing that cannot be polled; EDDY_EBADF: it is not open;
 * EDDY_ENOSPC, EDDY_ENOMEM: a limit of the kernel's.
 */
typedef void (*eddy_io_cb)(eddy_io *io, int status, unsigned events);

/* private: an interest in a descriptor, the part of io and streams that the
 * fd table knows. */
struct eddy__watcher {
    struct eddy__watcher *next; /* of the watchers of one descriptor */
    struct eddy__watcher *prev;
    unsigned (*ready)(struct eddy__watcher *watcher, int status,
                      unsigned events);
    int fd;
    unsigned short events; /* wanted; 0 is stopped */
    unsigned short before; /* what it wanted when the dispatch began */
    uint64_t changed;      /* in which it was last changed */
};

struct eddy_io {
    EDDY_HANDLE_UNION;
    /* private */
    struct eddy__watcher watcher;
    eddy_io_cb cb;
    void *reserved;
};

/**
 * Makes a watcher of `fd`, which stays the caller's and is not changed in any
 * way. Several watchers may share a descriptor. Nothing is asked of the kernel
 * yet: whether it can watch the descriptor, the callback learns.
 *
 * EDDY_EINVAL: NULL argument or fd < 0. EDDY_ENOMEM: the fd table could not
 * grow. EDDY_EBADF: a number far beyond the open ones that is not open.
 */
EDDY_EXTERN int eddy_io_init(eddy_loop *loop, eddy_io *io, int fd);

/**
 * Starts to watch for `events` (EDDY_READABLE, EDDY_WRITABLE, EDDY_DISCONNECT,
 * EDDY_PRIORITY, or'ed); on a started watcher, changes events and callback.
 * Costs no system call: the kernel is told once, before the loop sleeps, of
 * what changed in the end.
 *
 * EDDY_EINVAL: NULL argument, no or unknown events, closing handle.
 * EDDY_ENOTSUP: an event that the loop's backend cannot watch here.
 */
EDDY_EXTERN int eddy_io_start(eddy_io *io, unsigned events, eddy_io_cb cb);

/**
 * Stops watching: no callback comes until the next start, also not for what
 * was ready already, nor in the same turn if a neighbour's callback stops and
 * starts it. This is not enough before close(fd), as the kernel may
 * still be told to watch it: close every handle on the descriptor first.
 *
 * EDDY_EINVAL: NULL or closing. Stopping a stopped watcher is 0.
 */
EDDY_EXTERN int eddy_io_stop(eddy_io *io);

/** The descriptor given to eddy_io_init, EDDY_EINVAL for NULL. */
EDDY_EXTERN int eddy_io_fd(const eddy_io *io);

EDDY_END_DECLS

#endif
