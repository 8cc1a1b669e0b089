/* SPDX-License-Identifier: MIT */
/*
 * The io handle: a watcher with a user's callback.
 */
#include <eddy/io.h>

#include "core/handle.h"
#include "core/watcher.h"

static unsigned ready(struct eddy__watcher *watcher, int status,
                      unsigned events)
{
    eddy_io *io = EDDY__CONTAINER(watcher, eddy_io, watcher);

    if (status < 0)
        eddy__handle_deactivate(&io->handle);
    io->cb(io, status, events & EDDY_ANY_EVENT);
    return 1;
}

static enum eddy__close close_io(eddy_handle *handle)
{
    eddy_io *io = (eddy_io *) (void *) handle;

    eddy__watcher_close(handle->loop, &io->watcher);
    return EDDY__CLOSE_NOW;
}

static const struct eddy__handle_class io_class = {
    .type = EDDY_HANDLE_IO,
    .close = close_io,
};

int eddy_io_init(eddy_loop *loop, eddy_io *io, int fd)
{
    int err;

    if (loop == NULL || io == NULL || fd < 0)
        return EDDY_EINVAL;
    err = eddy__loop_misused(loop);
    if (err == 0)
        err = eddy__watcher_open(loop, &io->watcher, fd, ready);
    if (err == 0)
        eddy__handle_init(loop, &io->handle, &io_class);
    return err;
}

int eddy_io_start(eddy_io *io, unsigned events, eddy_io_cb cb)
{
    int err;

    if (io == NULL || cb == NULL || events - 1 >= EDDY_ANY_EVENT)
        return EDDY_EINVAL; /* none wraps around, to more than all */
    err = eddy__handle_misused(&io->handle);
    if (err < 0)
        return err;
    err = eddy__watcher_set(io->loop, &io->watcher, events);
    if (err < 0)
        return err;
    io->cb = cb;
    eddy__handle_activate(&io->handle);
    return 0;
}

int eddy_io_stop(eddy_io *io)
{
    int err = io == NULL ? EDDY_EINVAL : eddy__handle_misused(&io->handle);

    if (err < 0)
        return err;
    eddy__handle_deactivate(&io->handle);
    return eddy__watcher_set(io->loop, &io->watcher, 0);
}

int eddy_io_fd(const eddy_io *io)
{
    return io == NULL ? EDDY_EINVAL : io->watcher.fd;
}
