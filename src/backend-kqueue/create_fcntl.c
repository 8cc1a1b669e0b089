/* SPDX-License-Identifier: MIT */
/*
 * A kqueue that is made close-on-exec after it was opened: another thread that
 * starts a program between the two calls gives it the descriptor, but not the
 * kqueue, which no child inherits.
 */
#include "system.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

int eddy__kqueue_create(void)
{
    int fd = kqueue();
    int error;

    if (fd < 0)
        return -errno;
    if (fcntl(fd, F_SETFD, FD_CLOEXEC) == 0)
        return fd;
    error = -errno;
    (void) close(fd);
    return error;
}
