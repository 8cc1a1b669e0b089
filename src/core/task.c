/* SPDX-License-Identifier: MIT */
/*
 * Tasks: messages that each count. The mark in the state keeps a task from
 * being queued twice; it is cleared before the callback, which may post the
 * task again or free it.
 */
#include <eddy/task.h>

#include "core/loop.h"
#include "core/messages.h"

static int post(eddy_loop *loop, eddy_task *task, eddy_task_cb cb)
{
    int state = __atomic_fetch_or(&task->message.state, EDDY__PENDING,
                                  __ATOMIC_SEQ_CST);

    if (state & EDDY__PENDING)
        return EDDY_EBUSY;
    task->cb = cb;
    eddy__deliver(loop, &task->message);
    return 0;
}

int eddy_post(eddy_loop *loop, eddy_task *task, eddy_task_cb cb)
{
    int err = EDDY_EINVAL;

    if (loop == NULL || task == NULL || cb == NULL)
        return EDDY_EINVAL;
    eddy__sender_enter(loop);
    if (__atomic_load_n(&loop->stopping, __ATOMIC_SEQ_CST) != EDDY__SHUT)
        err = post(loop, task, cb);
    eddy__sender_leave(loop);
    return err;
}

void eddy__task_return(eddy_loop *loop, eddy_task *task, eddy_task_cb cb)
{
    eddy__sender_enter(loop);
    (void) post(loop, task, cb);
    eddy__sender_leave(loop);
}

unsigned eddy__task_run(struct eddy__message *message, int status)
{
    eddy_task *task = EDDY__CONTAINER(message, eddy_task, message);
    eddy_task_cb cb = task->cb;

    __atomic_fetch_and(&message->state, ~EDDY__PENDING, __ATOMIC_SEQ_CST);
    cb(task, status);
    return 1;
}
