/* SPDX-License-Identifier: MIT */
/*
 * A new backend for a loop: in a forked child, where a new wakeup goes with it,
 * and where the old one reports what cannot be removed from it.
 */
#include "core/fork.h"

#include "core/backend.h"
#include "core/fdtable.h"
#include "core/loop.h"
#include "core/messages.h"
#include "core/wakeup.h"

int eddy__loop_rebuild(eddy_loop *loop, bool inherited)
{
    eddy_backend *backend;
    int err = eddy__backend_open(loop, &backend);

    if (err < 0)
        return err;
    loop->ops->destroy(loop->backend, inherited);
    loop->backend = backend;
    loop->state &= ~(unsigned) EDDY__LOOP_REBUILD;
    if (!inherited && (loop->state & EDDY__LOOP_EMBEDDED))
        loop->state |= EDDY__LOOP_MOVED;
    eddy__fds_forget(loop);
    loop->stats.rebuilds += !inherited;
    return 0;
}

/* A wakeup of its own: the parent's, which the child shares, would wake the
 * parent. The new one is opened first, so that a failure changes nothing. */
static int renew(eddy_loop *loop)
{
    struct eddy__watcher old = loop->wakeup;
    int old_write_fd = loop->wakeup_write_fd;
    int err;

    eddy__watcher_close(loop, &loop->wakeup);
    err = eddy__wakeup_init(loop);
    if (err == 0) {
        err = eddy__loop_rebuild(loop, true);
        if (err == 0) {
            loop->os->close(loop->os->context, old.fd);
            if (old_write_fd != old.fd)
                loop->os->close(loop->os->context, old_write_fd);
            return 0;
        }
        eddy__wakeup_close(loop);
    }
    loop->wakeup_write_fd = old_write_fd;
    (void) eddy__watcher_open(loop, &loop->wakeup, old.fd, old.ready);
    (void) eddy__watcher_set(loop, &loop->wakeup, old.events);
    return err;
}

int eddy_loop_fork(eddy_loop *loop)
{
    int err;

    if (loop == NULL || !(loop->state & EDDY__LOOP_OPEN))
        return EDDY_EINVAL;
    if (loop->state & EDDY__LOOP_RUNNING)
        return EDDY_EBUSY;
    err = renew(loop);
    if (err < 0)
        return err;
    loop->fork_generation = eddy__fork_generation();
    eddy__messages_fork(loop);
    return 0;
}
