/* SPDX-License-Identifier: MIT */
/*
 * The loop's end of the wakeup: one descriptor for all asyncs, tasks and stops,
 * watched like any other.
 */
#include "core/wakeup.h"

#include "core/list.h"

static unsigned drain(struct eddy__watcher *watcher, int status,
                      unsigned events)
{
    eddy_loop *loop = EDDY__CONTAINER(watcher, eddy_loop, wakeup);
    const eddy_os *os = loop->os;

    if (status < 0) {
        loop->wakeup_error = status; /* eddy_run returns it */
        (void) eddy__watcher_set(loop, watcher, loop->wakeup_events);
    } else if (!(events & EDDY_EDGE)) {
        while (os->wakeup_drain(os->context, watcher->fd) == EDDY_EINTR)
            continue;
    }
    return 0;
}

static void close_both(const eddy_os *os, const int fds[2])
{
    os->close(os->context, fds[0]);
    if (fds[1] != fds[0])
        os->close(os->context, fds[1]);
}

static int watch(eddy_loop *loop, const int fds[2], int events)
{
    int err = eddy__watcher_open(loop, &loop->wakeup, fds[0], drain);

    if (err < 0)
        return err;
    loop->wakeup_write_fd = fds[1];
    loop->wakeup_events = (unsigned) events | EDDY_READABLE;
    err = eddy__watcher_set(loop, &loop->wakeup, loop->wakeup_events);
    if (err < 0)
        eddy__watcher_close(loop, &loop->wakeup);
    return err;
}

int eddy__wakeup_init(eddy_loop *loop)
{
    const eddy_os *os = loop->os;
    int fds[2];
    int events;
    int err;

    do
        events = os->wakeup_open(os->context, fds);
    while (events == EDDY_EINTR);
    if (events < 0)
        return events;
    err = watch(loop, fds, events);
    if (err < 0)
        close_both(os, fds);
    return err;
}

void eddy__wakeup_close(eddy_loop *loop)
{
    const int fds[2] = {loop->wakeup.fd, loop->wakeup_write_fd};

    eddy__watcher_close(loop, &loop->wakeup);
    close_both(loop->os, fds);
}
