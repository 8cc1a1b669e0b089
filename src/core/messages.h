/* SPDX-License-Identifier: MIT */
/*
 * What becomes of the messages that arrived.
 */
#ifndef EDDY_CORE_MESSAGES_H
#define EDDY_CORE_MESSAGES_H

#include <eddy/loop.h>

/* Runs what arrived, in batches; returns how many callbacks. */
unsigned eddy__messages_run(eddy_loop *loop);

/* At the loop's end: waits for senders, hands tasks back as cancelled. */
void eddy__messages_close(eddy_loop *loop);

/* In a forked child: forgets senders that do not exist here, and queues every
 * async that one of them had marked but not pushed. */
void eddy__messages_fork(eddy_loop *loop);

/* Posts a task that ends a request, also to a loop that takes no more posts: it
 * stays open for the request. Any thread. */
void eddy__task_return(eddy_loop *loop, eddy_task *task, eddy_task_cb cb);

/* Runs a message that was taken off the list: see async.c and task.c. Returns
 * whether there was anything to do. */
unsigned eddy__async_run(struct eddy__message *message);
unsigned eddy__task_run(struct eddy__message *message, int status);

#endif
