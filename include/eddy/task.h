/* SPDX-License-Identifier: MIT */
/*
 * Running a function on a loop's thread, from any thread: data with a wakeup.
 * Each posted task is run exactly once, in the order in which its sender
 * posted. For a signal that may coalesce see eddy/async.h.
 *
 *     static void on_result(eddy_task *task, int status)
 *     {
 *         struct result *result = task->data;    // status: 0, or the loop
 *         use(result);                           // closed: EDDY_ECANCELED
 *         free(result);
 *     }
 *
 *     result->task.data = result;                // zero-filled before
 *     eddy_post(loop, &result->task, on_result);
 */
#ifndef EDDY_TASK_H
#define EDDY_TASK_H

#include <eddy/handle.h>

EDDY_BEGIN_DECLS

typedef struct eddy_task eddy_task;

/**
 * Runs on the loop's thread. `status` is 0, or EDDY_ECANCELED when the loop
 * closed before the task's turn came. The task is the caller's again when this
 * is called: it may be freed, or posted anew.
 */
typedef void (*eddy_task_cb)(eddy_task *task, int status);

/* private: what hangs on a loop's list of arrivals, an async or a task. The
 * state is shared between threads. */
struct eddy__message {
    struct eddy__message *next;
    int state;
    int reserved;
};

/* Zero-filled before its first use. */
struct eddy_task {
    void *data; /* the caller's */
    /* private */
    struct eddy__message message;
    eddy_task_cb cb;
    void *reserved;
};

/**
 * Queues the task to be run by the loop, and wakes it if it sleeps. All memory
 * written before the call is seen by the callback. The task must stay in
 * place until then. A queued task keeps eddy_run going. Takes no lock and
 * allocates nothing.
 *
 * EDDY_EINVAL: NULL argument, or the loop is closing.
 * EDDY_EBUSY: the task is still queued.
 *
 * Any thread, also a signal handler (errno is kept). A call must not begin
 * once eddy_loop_close has: the loop's memory is what it writes to.
 */
EDDY_EXTERN int eddy_post(eddy_loop *loop, eddy_task *task, eddy_task_cb cb);

EDDY_END_DECLS

#endif
