/* SPDX-License-Identifier: MIT */
/*
 * The life of a handle, the same for every type; what a type adds is in its
 * class. An open handle is on loop->handles; a closing one on loop->closing if
 * the closing phase can finish it, else on loop->waiting.
 */
#include "core/handle.h"

#include "core/loop.h"

#include <assert.h>

static eddy_handle *handle_of(struct eddy__link *link)
{
    return EDDY__CONTAINER(link, eddy_handle, link);
}

void eddy__handle_init(eddy_loop *loop, eddy_handle *handle,
                       const struct eddy__handle_class *kind)
{
    loop->classes[kind->type] = kind;
    handle->loop = loop;
    handle->type = kind->type;
    handle->flags = EDDY__REF;
    handle->close_cb = NULL;
    eddy__list_append(&loop->handles, &handle->link);
}

void eddy__handle_hide(eddy_handle *handle)
{
    eddy__list_remove(&handle->link);
}

void eddy__handle_closable(eddy_handle *handle)
{
    eddy__list_remove(&handle->link);
    eddy__list_append(&handle->loop->closing, &handle->link);
    eddy__loop_touched(handle->loop);
}

int eddy_close(eddy_handle *handle, eddy_close_cb cb)
{
    enum eddy__close when;
    int err = eddy__handle_misused(handle);

    if (err < 0)
        return err;
    handle->flags |= EDDY__CLOSING;
    when = handle->loop->classes[handle->type]->close(handle);
    eddy__handle_deactivate(handle);
    assert(!(handle->flags & EDDY__CLOSED));
    if (eddy__link_linked(&handle->link))
        eddy__list_remove(&handle->link);
    if (when == EDDY__CLOSE_NOW && cb == NULL) {
        handle->flags |= EDDY__CLOSED;
        return 0;
    }
    handle->close_cb = cb;
    handle->loop->closing_handles++;
    eddy__list_append(&handle->loop->waiting, &handle->link);
    if (when != EDDY__CLOSE_LATER)
        eddy__handle_closable(handle);
    return 1;
}

/* Only what was closable when the phase began: a handle that a close callback
 * closes is finished in the next iteration. */
unsigned eddy__handles_finish(eddy_loop *loop)
{
    struct eddy__link batch;
    unsigned finished = 0;

    eddy__list_init(&batch);
    eddy__list_splice(&batch, &loop->closing);
    while (!eddy__list_empty(&batch)) {
        eddy_handle *handle = handle_of(batch.next);

        eddy__list_remove(&handle->link);
        assert(handle->flags & EDDY__CLOSING && loop->closing_handles > 0);
        handle->flags |= EDDY__CLOSED;
        loop->closing_handles--;
        finished++;
        if (handle->close_cb != NULL)
            handle->close_cb(handle);
    }
    return finished;
}

void eddy_ref(eddy_handle *handle)
{
    if (handle->flags & EDDY__REF)
        return;
    handle->flags |= EDDY__REF;
    if (handle->flags & EDDY__ACTIVE)
        handle->loop->active++;
}

void eddy_unref(eddy_handle *handle)
{
    if (!(handle->flags & EDDY__REF))
        return;
    handle->flags &= ~(unsigned) EDDY__REF;
    if (handle->flags & EDDY__ACTIVE)
        handle->loop->active--;
}

bool eddy_has_ref(const eddy_handle *handle)
{
    return (handle->flags & EDDY__REF) != 0;
}

bool eddy_is_active(const eddy_handle *handle)
{
    return (handle->flags & EDDY__ACTIVE) != 0;
}

bool eddy_is_closing(const eddy_handle *handle)
{
    return (handle->flags & EDDY__CLOSING) != 0;
}

/* A marker of no type holds the place, so that the callback may close the next
 * handle too; walks within walks skip each other's markers. */
void eddy_walk(eddy_loop *loop, void (*cb)(eddy_handle *handle, void *arg),
               void *arg)
{
    eddy_handle marker = {.loop = loop, .type = EDDY_HANDLE_UNKNOWN};
    struct eddy__link *link = loop->handles.next;

    while (link != &loop->handles) {
        eddy_handle *handle = handle_of(link);

        if (handle->type == EDDY_HANDLE_UNKNOWN) {
            link = link->next;
            continue;
        }
        eddy__list_append(link->next, &marker.link); /* right behind it */
        cb(handle, arg);
        link = marker.link.next;
        eddy__list_remove(&marker.link);
    }
}

bool eddy__handles_open(const eddy_loop *loop)
{
    const struct eddy__link *link;

    for (link = loop->handles.next; link != &loop->handles; link = link->next)
        if (EDDY__CONTAINER(link, eddy_handle, link)->type !=
            EDDY_HANDLE_UNKNOWN)
            return true;
    return false;
}
