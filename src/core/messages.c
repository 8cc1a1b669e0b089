/* SPDX-License-Identifier: MIT */
/*
 * Running what arrived: asyncs and tasks, in order of arrival.
 */
#include "core/messages.h"

#include "core/arrivals.h"
#include "core/handle.h"
#include <eddy/async.h>

#include <assert.h>

/* Turns of tasks and asyncs in one poll phase: those that send to themselves
 * shall not keep descriptors waiting. */
enum { MAX_BATCHES = 16 };

static unsigned run(eddy_loop *loop, struct eddy__message *message)
{
    if (__atomic_load_n(&message->state, __ATOMIC_RELAXED) & EDDY__ASYNC)
        return eddy__async_run(message);
    loop->stats.tasks_run++;
    return eddy__task_run(message, 0);
}

unsigned eddy__messages_run(eddy_loop *loop)
{
    unsigned ran = 0;

    for (int batch = 0; batch < MAX_BATCHES; batch++) {
        struct eddy__message *message;

        if (!eddy__arrivals_wait(loop))
            break;
        for (message = eddy__arrivals_take(loop); message != NULL;) {
            struct eddy__message *next = message->next;

            ran += run(loop, message); /* may free the message */
            message = next;
        }
    }
    return ran;
}

/* All handles are closed, so what is left are tasks. */
void eddy__messages_close(eddy_loop *loop)
{
    struct eddy__message *message;

    assert(eddy__list_empty(&loop->handles) && loop->closing_handles == 0);
    if (eddy__loop_inherited(loop))
        loop->senders = 0; /* they are the parent's threads */
    eddy__arrivals_shut(loop);
    for (message = eddy__arrivals_take(loop); message != NULL;) {
        struct eddy__message *next = message->next;

        eddy__task_run(message, EDDY_ECANCELED);
        message = next;
    }
}

static void push_pending(eddy_handle *handle, void *arg)
{
    eddy_async *async = (eddy_async *) (void *) handle;

    (void) arg;
    if (handle->type == EDDY_HANDLE_ASYNC &&
        (async->message.state & EDDY__PENDING))
        eddy__arrivals_push(handle->loop, &async->message);
}

/* No sender can be inside an async that closes: nothing is left to wait for. */
static void release_closing(eddy_loop *loop)
{
    struct eddy__link *link = loop->waiting.next;

    while (link != &loop->waiting) {
        eddy_handle *handle = EDDY__CONTAINER(link, eddy_handle, link);

        link = link->next;
        if (handle->type == EDDY_HANDLE_ASYNC)
            eddy__handle_closable(handle);
    }
}

void eddy__messages_fork(eddy_loop *loop)
{
    struct eddy__message *message = eddy__arrivals_take(loop);

    loop->senders = 0;
    loop->sleeping = 0;
    while (message != NULL) {
        struct eddy__message *next = message->next;

        if (!(message->state & EDDY__ASYNC))
            eddy__arrivals_push(loop, message);
        message = next;
    }
    eddy_walk(loop, push_pending, NULL);
    release_closing(loop);
}
