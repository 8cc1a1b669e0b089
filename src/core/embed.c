/* SPDX-License-Identifier: MIT */
/*
 * A loop inside another one. What the outer loop polls is the backend's own
 * descriptor. It knows of ready descriptors by itself; of everything else it
 * is told through the wakeup, as by another thread: between two runs the loop
 * counts as asleep.
 */
#include "core/embed.h"

#include "core/alive.h"
#include "core/fdtable.h"
#include "core/loop.h"
#include "core/timer.h"

static uint64_t deadline(const eddy_loop *loop)
{
    int64_t sleep_ns = eddy__timers_sleep(loop);

    if (sleep_ns < 0)
        return EDDY_NEVER;
    return loop->now_ns + (uint64_t) sleep_ns;
}

/* What is left to do makes it readable at once: refused descriptors have been
 * told, which may have left more. The loop counts as asleep even if the
 * descriptor could not be had: it would be deaf ever after. */
static int publish(eddy_loop *loop)
{
    bool left = eddy__fds_flush(loop) > 0;
    int fd;

    eddy__timers_begin_fresh(loop);
    fd = loop->ops->fd(loop->backend, deadline(loop));
    if (!eddy__sleep_begin(loop) || left || fd < 0 ||
        eddy__loop_has_work(loop) || loop->first_changed >= 0) {
        __atomic_store_n(&loop->sleeping, 1, __ATOMIC_SEQ_CST);
        eddy__rouse(loop);
    }
    return fd;
}

int eddy__embed_leave(eddy_loop *loop)
{
    int fd = publish(loop);

    return fd < 0 ? fd : 0;
}

/* Inside eddy_run the descriptor is only handed out: the run publishes when it
 * returns. Publishing may call back watchers that the kernel refuses, for whom
 * this is a run. */
int eddy_loop_fd(eddy_loop *loop)
{
    int fd;

    if (loop == NULL || !(loop->state & EDDY__LOOP_OPEN))
        return EDDY_EINVAL;
    if (eddy__loop_inherited(loop))
        return EDDY_EPERM;
    if (loop->state & EDDY__LOOP_RUNNING) {
        fd = loop->ops->fd(loop->backend, EDDY_NEVER);
    } else {
        eddy__loop_enter(loop);
        fd = publish(loop);
        eddy__loop_exit(loop);
    }
    if (fd >= 0) {
        loop->state |= EDDY__LOOP_EMBEDDED;
        loop->state &= ~(unsigned) EDDY__LOOP_MOVED;
    }
    return fd;
}
