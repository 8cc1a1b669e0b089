/* SPDX-License-Identifier: MIT */
/*
 * Sockets and pipes made non-blocking and close-on-exec by the call that makes
 * them: no fork and exec of another thread can come between.
 */
#include "core/os.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

/* The value, or -1 with errno and the descriptor closed. */
static int muted(int fd)
{
    if (fd >= 0 && eddy__os_mute(fd) < 0) {
        /* GCOV_EXCL_START: Linux has MSG_NOSIGNAL, and mutes no socket */
        int error = errno;

        close(fd);
        errno = error;
        return -1;
        /* GCOV_EXCL_STOP */
    }
    return fd;
}

int eddy__os_socket(void *context, int domain, int type, int protocol)
{
    int fd =
        muted(socket(domain, type | SOCK_NONBLOCK | SOCK_CLOEXEC, protocol));

    (void) context;
    return fd < 0 ? -errno : fd;
}

/* Some systems refuse an option on a connection that was reset while it
 * waited: to the caller it never arrived. */
int eddy__os_accept(void *context, int fd)
{
    int accepted = accept4(fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

    (void) context;
    if (accepted < 0)
        return -errno;
    return muted(accepted) < 0 ? -ECONNABORTED : accepted;
}

int eddy__os_socketpair(int type, int protocol, int fds[2])
{
    int error;

    if (socketpair(AF_UNIX, type | SOCK_NONBLOCK | SOCK_CLOEXEC, protocol,
                   fds) < 0)
        return -errno;
    if (eddy__os_mute(fds[0]) == 0 && eddy__os_mute(fds[1]) == 0)
        return 0;
    /* GCOV_EXCL_START: Linux has MSG_NOSIGNAL, and mutes no socket */
    error = errno;
    close(fds[0]);
    close(fds[1]);
    return -error;
    /* GCOV_EXCL_STOP */
}

int eddy__os_pipe(int fds[2])
{
    return pipe2(fds, O_NONBLOCK | O_CLOEXEC) < 0 ? -errno : 0;
}
