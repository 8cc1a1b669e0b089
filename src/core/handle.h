/* SPDX-License-Identifier: MIT */
/*
 * The life of a handle: made, active, closing, closed. A type of handle is a
 * class: what the core needs to know of types it does not include.
 *
 * Active and referenced handles are counted in loop->active; the counter is
 * changed here and nowhere else.
 */
#ifndef EDDY_CORE_HANDLE_H
#define EDDY_CORE_HANDLE_H

#include "core/loop.h"
#include <eddy/error.h>

enum {
    EDDY__ACTIVE = 1,
    EDDY__REF = 2,
    EDDY__CLOSING = 4,
    EDDY__CLOSED = 8,    /* the memory is the caller's again */
    EDDY__FLAG_FREE = 16 /* the first flag that a type may use as it likes */
};

/* When a handle's memory can be the caller's again. */
enum eddy__close {
    EDDY__CLOSE_NOW,   /* at once, if there is no close callback */
    EDDY__CLOSE_PHASE, /* in the closing phase */
    EDDY__CLOSE_LATER  /* after eddy__handle_closable was called for it */
};

struct eddy__handle_class {
    eddy_handle_type type;

    /* Stops every callback of the handle; it is marked closing already and is
     * deactivated by the caller. Cannot fail. */
    enum eddy__close (*close)(eddy_handle *handle);
};

/* Enters a handle into its loop: open, referenced, not active. */
void eddy__handle_init(eddy_loop *loop, eddy_handle *handle,
                       const struct eddy__handle_class *kind);

/* Takes a handle that the library made for itself out of the caller's sight:
 * eddy_walk and eddy_loop_close do not see it, and its maker must close it. */
void eddy__handle_hide(eddy_handle *handle);

/* For a class whose close said EDDY__CLOSE_LATER: finish it in the next
 * closing phase. */
void eddy__handle_closable(eddy_handle *handle);

/* Whether a handle is open that the caller made. */
bool eddy__handles_open(const eddy_loop *loop);

/* The closing phase; returns how many handles it finished. */
unsigned eddy__handles_finish(eddy_loop *loop);

/* EDDY_EINVAL for no handle or a closing one, EDDY_EPERM on another thread. */
static inline int eddy__handle_misused(const eddy_handle *handle)
{
    if (handle == NULL || (handle->flags & EDDY__CLOSING))
        return EDDY_EINVAL;
    return eddy__loop_misused(handle->loop);
}

static inline void eddy__handle_activate(eddy_handle *handle)
{
    if (handle->flags & EDDY__ACTIVE)
        return;
    handle->flags |= EDDY__ACTIVE;
    if (handle->flags & EDDY__REF)
        handle->loop->active++;
}

static inline void eddy__handle_deactivate(eddy_handle *handle)
{
    if (!(handle->flags & EDDY__ACTIVE))
        return;
    handle->flags &= ~(unsigned) EDDY__ACTIVE;
    if (handle->flags & EDDY__REF)
        handle->loop->active--;
}

#endif
