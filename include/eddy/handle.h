/* SPDX-License-Identifier: MIT */
/*
 * What all handles have in common. A handle is a long-lived object in the
 * caller's memory, tied to one loop by its init function until eddy_close.
 * The library keeps no copy of it and frees nothing of the caller's.
 *
 * Every handle type begins with an anonymous union, so that both forms work
 * without a cast: `timer.data`, `timer.loop`, `timer.type` and `&timer.handle`.
 *
 * Unless a function says otherwise it is called on the loop's thread, and
 * anything may be called from any callback: a callback may close its own
 * handle or any other.
 */
#ifndef EDDY_HANDLE_H
#define EDDY_HANDLE_H

#include <eddy/export.h>

EDDY_BEGIN_DECLS

typedef struct eddy_loop eddy_loop;
typedef struct eddy_handle eddy_handle;

typedef enum eddy_handle_type {
    EDDY_HANDLE_UNKNOWN = 0,
    EDDY_HANDLE_IO,
    EDDY_HANDLE_ASYNC,
    EDDY_HANDLE_TIMER,
    EDDY_HANDLE_IDLE,
    EDDY_HANDLE_PREPARE,
    EDDY_HANDLE_CHECK,
    EDDY_HANDLE_TCP,
    EDDY_HANDLE_PIPE,
    EDDY_HANDLE_UDP,
    EDDY_HANDLE_SIGNAL,
    EDDY_HANDLE_PROCESS,
    EDDY_HANDLE_WATCH,
    EDDY_HANDLE_TYPES /* how many there are */
} eddy_handle_type;

/** Called when a closed handle's memory is the caller's again. */
typedef void (*eddy_close_cb)(eddy_handle *handle);

/* private: a node of a circular list, and the list's own head. */
struct eddy__link {
    struct eddy__link *next;
    struct eddy__link *prev;
};

/* What is seldom used comes first, so that the rest lies beside what the handle
 * type adds: what a callback needs should be one cache line. */
struct eddy_handle {
    /* private */
    struct eddy__link link; /* of all open handles, then of the closing ones */
    eddy_close_cb close_cb;
    /* public */
    void *data;            /* the caller's: never touched by the library */
    eddy_loop *loop;       /* read-only */
    eddy_handle_type type; /* read-only */
    /* private */
    unsigned flags;
};

/* The public fields of a handle, once more, as members of what holds it. */
#define EDDY_HANDLE_FIELDS                                                     \
    __extension__ struct {                                                     \
        void *eddy__private[3];                                                \
        void *data;                                                            \
        eddy_loop *loop;                                                       \
        eddy_handle_type type;                                                 \
    }

/* The first member of every handle type. */
#define EDDY_HANDLE_UNION                                                      \
    __extension__ union {                                                      \
        eddy_handle handle;                                                    \
        EDDY_HANDLE_FIELDS;                                                    \
    }

/**
 * Closes a handle: none of its callbacks is called again, but for `cb`, which
 * comes once, in the closing phase of the loop, and may be NULL. Requests
 * still queued on the handle call back with EDDY_ECANCELED before that.
 *
 * Returns 0 when the memory is the caller's again at once: so it is for io,
 * timer, idle, prepare and check handles closed with no callback, which may
 * therefore live on the stack. Returns 1 when it is so only after the closing
 * phase: with `cb`, when that is called. A loop is alive until then.
 *
 * EDDY_EINVAL: handle is NULL, or closing already.
 * EDDY_EPERM: called on another thread than the loop's (debug builds).
 *
 * The last handle on a descriptor removes it from the kernel's set at once:
 * after that, and not before, close(fd) is safe. In a forked child that has
 * not called eddy_loop_fork it changes memory only.
 */
EDDY_EXTERN int eddy_close(eddy_handle *handle, eddy_close_cb cb);

/**
 * Whether an active handle keeps eddy_run going: yes from init on, until
 * eddy_unref; eddy_ref takes that back. Both may be called at any time, any
 * number of times: they set a mark, and do not count.
 */
EDDY_EXTERN void eddy_ref(eddy_handle *handle);
EDDY_EXTERN void eddy_unref(eddy_handle *handle);
EDDY_EXTERN bool eddy_has_ref(const eddy_handle *handle);

/**
 * Active: an io, timer or phase handle between start and stop (a timer that
 * does not repeat: until it fires), an async handle from init to close, a
 * stream while it listens, reads, connects, writes or shuts down.
 */
EDDY_EXTERN bool eddy_is_active(const eddy_handle *handle);

/** From eddy_close on. */
EDDY_EXTERN bool eddy_is_closing(const eddy_handle *handle);

/**
 * Calls cb(handle, arg) for each open handle of the loop, in order of their
 * making. Handles that are closing are left out. The callback may close any
 * handle and make new ones (which the walk may or may not reach).
 */
EDDY_EXTERN void eddy_walk(eddy_loop *loop,
                           void (*cb)(eddy_handle *handle, void *arg),
                           void *arg);

/** "timer", "tcp", …; "unknown" for any other number. Any thread. */
EDDY_EXTERN const char *eddy_handle_type_name(eddy_handle_type type);

/** sizeof the handle type in this library, 0 if it has none. Any thread. */
EDDY_EXTERN size_t eddy_handle_size(eddy_handle_type type);

EDDY_END_DECLS

#endif
