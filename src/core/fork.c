/* SPDX-License-Identifier: MIT */
/*
 * Forked children. A counter that only grows in the child tells an inherited
 * loop from an own one, however many forks lie between, and without asking for
 * the process's number on every call.
 */
#include "core/fdtable.h"
#include "core/handle.h"
#include "core/loop.h"
#include "core/wakeup.h"

#include <pthread.h>

static unsigned generation;

/* The child has one thread: nobody else counts. */
static void count_fork(void)
{
    __atomic_add_fetch(&generation, 1, __ATOMIC_RELAXED);
}

int eddy__fork_watch(void)
{
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    static bool watching;
    int err = 0;

    pthread_mutex_lock(&lock);
    if (!watching)
        err = pthread_atfork(NULL, NULL, count_fork);
    watching = err == 0;
    pthread_mutex_unlock(&lock);
    return -err;
}

unsigned eddy__fork_generation(void)
{
    return __atomic_load_n(&generation, __ATOMIC_RELAXED);
}

bool eddy__loop_inherited(const eddy_loop *loop)
{
    return loop->fork_generation != eddy__fork_generation();
}

int eddy__loop_rebuild(eddy_loop *loop, bool inherited)
{
    eddy_backend *backend;
    int err = loop->ops->create(loop->allocator, &backend);

    if (err < 0)
        return err;
    loop->ops->destroy(loop->backend, inherited);
    loop->backend = backend;
    loop->state &= ~(unsigned) EDDY__LOOP_REBUILD;
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
    eddy__arrivals_fork(loop);
    return 0;
}
