/* SPDX-License-Identifier: MIT */
/*
 * The async handle. Its one word of state is changed by read-modify-writes
 * alone: the sender's orders all that the sender wrote before, also when it
 * finds the handle pending already and returns; a plain load there would lose
 * wakeups. The loop's, which clears the mark before the callback, makes all of
 * that visible to the callback.
 *
 * Closing marks it pending, too, so that a sender needs to know of one bit
 * alone what it was: that is a single instruction on most processors.
 */
#include <eddy/async.h>

#include "core/handle.h"
#include "core/messages.h"

/* A sender whose mark came before ours still has to push: the message comes by
 * on the list of arrivals, and until then the memory is in use. */
static enum eddy__close close_async(eddy_handle *handle)
{
    eddy_async *async = (eddy_async *) (void *) handle;
    int state = __atomic_fetch_or(
        &async->message.state, EDDY__REFUSED | EDDY__PENDING, __ATOMIC_SEQ_CST);

    return state & EDDY__PENDING ? EDDY__CLOSE_LATER : EDDY__CLOSE_PHASE;
}

static const struct eddy__handle_class async_class = {
    .type = EDDY_HANDLE_ASYNC,
    .close = close_async,
};

int eddy_async_init(eddy_loop *loop, eddy_async *async, eddy_async_cb cb)
{
    int err;

    if (loop == NULL || async == NULL)
        return EDDY_EINVAL;
    err = eddy__loop_misused(loop);
    if (err < 0)
        return err;
    eddy__handle_init(loop, &async->handle, &async_class);
    async->message.next = NULL;
    __atomic_store_n(&async->message.state, EDDY__ASYNC, __ATOMIC_RELAXED);
    async->cb = cb;
    eddy__handle_activate(&async->handle);
    return 0;
}

/* What is found of a handle that is closed just now may be what it was before:
 * to the caller the send then came first. After the mark the handle is looked
 * at by those alone whom closing waits for. */
int eddy_async_send(eddy_async *async)
{
    int before;

    if (async == NULL)
        return EDDY_EINVAL;
    before = __atomic_load_n(&async->message.state, __ATOMIC_RELAXED);
    if (__atomic_fetch_or(&async->message.state, EDDY__PENDING,
                          __ATOMIC_SEQ_CST) &
        EDDY__PENDING)
        return before & EDDY__REFUSED ? EDDY_EINVAL : 0;
    eddy__send(async->loop, &async->message);
    return 0;
}

unsigned eddy__async_run(struct eddy__message *message)
{
    eddy_async *async = EDDY__CONTAINER(message, eddy_async, message);

    if (async->handle.flags & EDDY__CLOSING) {
        eddy__handle_closable(&async->handle);
        return 0;
    }
    __atomic_fetch_and(&message->state, ~EDDY__PENDING, __ATOMIC_SEQ_CST);
    async->loop->stats.asyncs_run++;
    if (async->cb != NULL)
        async->cb(async);
    return 1;
}
