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
    err = eddy__watcher_open(loop, &loop->wakeup, fds[0], drain);
    if (err == 0) {
        loop->wakeup_write_fd = fds[1];
        loop->wakeup_events = (unsigned) events | EDDY_READABLE;
        return eddy__watcher_set(loop, &loop->wakeup, loop->wakeup_events);
    }
    os->close(os->context, fds[0]);
    if (fds[1] != fds[0])
        os->close(os->context, fds[1]);
    return err;
}

void eddy__wakeup_close(eddy_loop *loop)
{
    const eddy_os *os = loop->os;
    int fd = loop->wakeup.fd;

    eddy__watcher_close(loop, &loop->wakeup);
    os->close(os->context, fd);
    if (loop->wakeup_write_fd != fd)
        os->close(os->context, loop->wakeup_write_fd);
}
