/* SPDX-License-Identifier: MIT */
/*
 * Waking a loop from any thread or signal handler. Sends coalesce: any number
 * of them before the callback begins give one callback; a send after it began
 * gives another. When each message counts, use eddy/task.h.
 *
 *     eddy_async_init(loop, &async, on_wake);
 *     …
 *     // on another thread: publish, however plainly, then send
 *     atomic_store_explicit(&head, item, memory_order_release);
 *     eddy_async_send(&async);
 *
 * The callback sees all memory written before each send that it stands for.
 * The sender needs no fence of its own.
 */
#ifndef EDDY_ASYNC_H
#define EDDY_ASYNC_H

#include <eddy/task.h>

EDDY_BEGIN_DECLS

typedef struct eddy_async eddy_async;
typedef void (*eddy_async_cb)(eddy_async *async);

struct eddy_async {
    EDDY_HANDLE_UNION;
    /* private */
    struct eddy__message message;
    eddy_async_cb cb;
    void *reserved;
};

/**
 * Makes an async handle, active at once. With no callback a send only ends
 * the loop's sleep. Allocates nothing and opens nothing: all of a loop's
 * asyncs share its one wakeup, and delivering one costs the same with ten
 * handles as with a hundred thousand.
 *
 * EDDY_EINVAL: loop or async is NULL.
 */
EDDY_EXTERN int eddy_async_init(eddy_loop *loop, eddy_async *async,
                                eddy_async_cb cb);

/**
 * Has the callback called, soon, on the loop's thread. Never blocks, takes no
 * lock; makes a system call only if the loop sleeps.
 *
 * EDDY_EINVAL: NULL, or eddy_close was called before (a send that began
 * earlier is finished with the handle before the close callback). The memory
 * must outlive every thread that may still call this.
 *
 * Any thread, also a signal handler (errno is kept).
 */
EDDY_EXTERN int eddy_async_send(eddy_async *async);

EDDY_END_DECLS

#endif
