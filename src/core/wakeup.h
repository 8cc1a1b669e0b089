/* SPDX-License-Identifier: MIT */
/*
 * How other threads reach a loop: they push a message on its list of arrivals,
 * and write the wakeup descriptor if it sleeps.
 *
 * The loop publishes that it sleeps and then looks at the list for the last
 * time; a sender pushes and then looks at the flag. All four accesses are
 * sequentially consistent, so at least one of them sees the other: release and
 * acquire would let both look before either has written, on x86 too.
 */
#ifndef EDDY_CORE_WAKEUP_H
#define EDDY_CORE_WAKEUP_H

#include "core/watcher.h"
#include <eddy/loop.h>
#include <eddy/os.h>
#include <eddy/task.h>

/* message->state */
enum {
    EDDY__PENDING = 1, /* on the list of arrivals, or about to be */
    EDDY__REFUSED = 2, /* an async that closes: takes no more */
    EDDY__ASYNC = 4    /* is part of an async, not of a task */
};

/* The wakeup calls of the default eddy_os, in the file that CMake picked. */
int eddy__wakeup_open(void *context, int fds[2]);
int eddy__wakeup_write(void *context, int fd);
int eddy__wakeup_drain(void *context, int fd);

/* Opens the loop's wakeup and its watcher; closes both. */
int eddy__wakeup_init(eddy_loop *loop);
void eddy__wakeup_close(eddy_loop *loop);

/* Ends the loop's sleep if it sleeps. Any thread, counted as a sender. */
int eddy__wakeup_rouse(eddy_loop *loop);

/* Has the loop run the message, which is marked pending already. Any thread.
 * A failed write is returned, but the message is on the list all the same. */
int eddy__arrive(eddy_loop *loop, struct eddy__message *message);

/* Runs what arrived, in order of arrival; returns how many callbacks. */
unsigned eddy__arrivals_run(eddy_loop *loop);

/* Whether anything waits on the list of arrivals. */
static inline bool eddy__arrivals_wait(const eddy_loop *loop)
{
    return __atomic_load_n(&loop->arrivals, __ATOMIC_SEQ_CST) != NULL;
}

/* Whether a task does. */
bool eddy__arrivals_have_task(const eddy_loop *loop);

/* At the loop's end: waits for senders, hands tasks back as cancelled. */
void eddy__arrivals_close(eddy_loop *loop);

/* In a forked child: forgets senders that do not exist here, and queues every
 * async that one of them had marked but not pushed. */
void eddy__arrivals_fork(eddy_loop *loop);

/* Publishes that the loop sleeps; false, and nothing published, when there is
 * something to do. */
bool eddy__sleep_begin(eddy_loop *loop);
void eddy__sleep_end(eddy_loop *loop);

/* Runs a message that was taken off the list: see async.c and task.c. Returns
 * whether there was anything to do. */
unsigned eddy__async_run(struct eddy__message *message);
unsigned eddy__task_run(struct eddy__message *message, int status);

#endif
