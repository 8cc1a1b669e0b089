/* SPDX-License-Identifier: MIT */
/*
 * What asks the kernel which descriptors are ready: epoll, kqueue or poll(2)
 * behind one table, or one of the program's own given in eddy_loop_options.
 *
 * A backend translates masks, makes system calls and knows its kernel's
 * quirks. It calls nobody: it fills an array. Everything else (who watches
 * what, order, stale events, EINTR, time-outs) is the core's, once for all
 * backends.
 */
#ifndef EDDY_BACKEND_H
#define EDDY_BACKEND_H

#include <eddy/allocator.h>
#include <eddy/error.h>
#include <eddy/export.h>

EDDY_BEGIN_DECLS

/* What can be wanted of, and what can have happened to, a descriptor. */
enum {
    EDDY_READABLE = 1,   /* a read would not block: data, end of file, error */
    EDDY_WRITABLE = 2,   /* a write would not block, or would fail */
    EDDY_DISCONNECT = 4, /* the peer will send no more (half-close) */
    EDDY_PRIORITY = 8,   /* out-of-band data */
    EDDY_ANY_EVENT = 15, /* all of the above: also how error and hangup come */
    EDDY_EDGE = 16,      /* wanted: edge-triggered will do. Back: it was, so
                            what is there need not be drained */
    EDDY_SNAPSHOT = 32   /* of a backend: see its events */
};

/* A deadline that never comes. */
#define EDDY_NEVER UINT64_MAX

/* What wait() reports about one descriptor. */
typedef struct eddy_ready {
    uint64_t token;  /* as last given to update() for this descriptor */
    unsigned events; /* EDDY_READABLE | …; 0 when error is set */
    int error;       /* 0, or why a buffered change failed (negative) */
} eddy_ready;

/* A backend's own object, of its own type: never looked into. */
typedef struct eddy_backend eddy_backend;

/**
 * A backend. All functions are called on the loop's thread. The functions
 * return 0 or a count, or a negative errno.
 */
typedef struct eddy_backend_ops {
    const char *name;

    /* The events it can watch on this system, EDDY_EDGE among them if it can
     * report a descriptor once per arrival. EDDY_SNAPSHOT if an edge-triggered
     * report holds all of what is wanted that is true at that moment, and not
     * only what is new: with it alone are streams edge-triggered. */
    unsigned events;

    /**
     * Opens the kernel object, close-on-exec, and stores the backend in *out.
     * All memory comes from the allocator, which outlives the backend. On
     * failure nothing is left open or allocated.
     */
    int (*create)(const eddy_allocator *allocator, eddy_backend **out);

    /**
     * Closes the kernel object and frees the memory. With `inherited` (in a
     * forked child) it leaves alone whatever belongs to the parent.
     */
    void (*destroy)(eddy_backend *backend, bool inherited);

    /**
     * Goes from the mask that the kernel has (`known`, 0 for none) to the one
     * wanted (0 to remove). At most once per descriptor between two waits,
     * except removal: that takes effect before the return and purges whatever
     * was buffered for the descriptor. With EDDY_EDGE in both, they may be the
     * same: that is a new look. Events of this registration carry
     * `token`, which is the caller's but for bit 31: that is 0, and the
     * backend's to mark its own with. After an error nothing is left
     * registered for the descriptor.
     *
     * A descriptor that cannot be watched is EDDY_EPERM on every backend, a
     * closed one EDDY_EBADF. Removing one that is not there: EDDY_ENOENT, or
     * EDDY_EBADF if it is closed.
     */
    int (*update)(eddy_backend *backend, uint64_t token, int fd, unsigned known,
                  unsigned want);

    /**
     * Applies what was buffered, sleeps until something is ready or
     * timeout_ns has passed (rounded up, never early; 0: does not sleep,
     * negative: for ever), and fills at most `capacity` (> 0) entries of
     * `ready`, at most one with events per descriptor. Returns how many, or
     * EDDY_EINTR and other errors. Error or hangup comes as EDDY_ANY_EVENT.
     * When more is ready than there is room for, the next calls report the rest
     * before repeating what came first.
     */
    int (*wait)(eddy_backend *backend, int64_t timeout_ns, eddy_ready *ready,
                int capacity);

    /**
     * Flushes what was buffered, arms the deadline (on the monotonic clock,
     * EDDY_NEVER for none) and returns a descriptor that polls readable when
     * something is ready or the deadline has passed. It stays the backend's.
     * EDDY_ENOTSUP where there is none.
     */
    int (*fd)(eddy_backend *backend, uint64_t deadline_ns);

    void *reserved[6];
} eddy_backend_ops;

/**
 * The names of the backends compiled in, best first, in *names (which may be
 * NULL); returns how many. The array is static and ends with NULL. Any thread.
 */
EDDY_EXTERN size_t eddy_backends(const char *const **names);

EDDY_END_DECLS

#endif
