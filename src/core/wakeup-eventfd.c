/* SPDX-License-Identifier: MIT */
/*
 * The wakeup as one eventfd. Each write is told anew by an edge-triggered
 * backend, so that nothing needs to be read: the counter just grows. Should it
 * ever be full, it is emptied and written again, as a refused write is not
 * told.
 *
 * System calls are made raw: they keep errno by being undone, are legal in a
 * signal handler, and are no cancellation point, as read() and write() are.
 */
#include "core/wakeup.h"

#include <errno.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <unistd.h>

int eddy__wakeup_open(void *context, int fds[2])
{
    int fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);

    (void) context;
    if (fd < 0)
        return -errno;
    fds[0] = fd;
    fds[1] = fd;
    return EDDY_READABLE | EDDY_EDGE;
}

/* 0, or a negative errno; EINTR is retried. errno changes. */
static int add_one(int fd)
{
    const uint64_t one = 1;
    long written;

    do
        written = syscall(SYS_write, fd, &one, sizeof(one));
    while (written < 0 && errno == EINTR);
    return written < 0 ? -errno : 0;
}

static int empty(int fd)
{
    uint64_t count;
    long taken;

    do
        taken = syscall(SYS_read, fd, &count, sizeof(count));
    while (taken < 0 && errno == EINTR);
    return taken < 0 && errno != EAGAIN ? -errno : 0;
}

int eddy__wakeup_write(void *context, int fd)
{
    int saved = errno;
    int err;

    (void) context;
    while ((err = add_one(fd)) == -EAGAIN && (err = empty(fd)) == 0)
        continue;
    errno = saved;
    return err;
}

int eddy__wakeup_drain(void *context, int fd)
{
    (void) context;
    return empty(fd);
}
