/* SPDX-License-Identifier: MIT */
/*
 * Sockets and pipes for systems that cannot make them non-blocking and
 * close-on-exec in one call: they are made so right after. A fork and exec of
 * another thread in between inherits the descriptor; nothing can be done about
 * that here.
 */
#include "core/os.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

static int prepare(int fd)
{
    int flags = fcntl(fd, F_GETFL);

    if (flags < 0 || fcntl(fd, F_SETFD, FD_CLOEXEC) < 0 ||
        fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0)
        return -errno;
    return 0;
}

static int prepare_socket(int fd)
{
    int err = prepare(fd);

    if (err == 0 && eddy__os_mute(fd) < 0)
        err = -errno; /* GCOV_EXCL_LINE: Linux mutes no socket */
    return err;
}

/* Both or none. */
static int prepare_both(int fds[2], int (*prepare_one)(int fd))
{
    int err = prepare_one(fds[0]);

    if (err == 0)
        err = prepare_one(fds[1]);
    if (err < 0) {
        close(fds[0]);
        close(fds[1]);
    }
    return err;
}

int eddy__os_socket(void *context, int domain, int type, int protocol)
{
    int fd = socket(domain, type, protocol);
    int err;

    (void) context;
    if (fd < 0)
        return -errno;
    err = prepare_socket(fd);
    if (err == 0)
        return fd;
    close(fd);
    return err;
}

/* Some systems refuse an option on a connection that was reset while it
 * waited: to the caller it never arrived. */
int eddy__os_accept(void *context, int fd)
{
    int accepted = accept(fd, NULL, NULL);

    (void) context;
    if (accepted < 0)
        return -errno;
    if (prepare_socket(accepted) == 0)
        return accepted;
    close(accepted);
    return -ECONNABORTED;
}

int eddy__os_socketpair(int type, int protocol, int fds[2])
{
    if (socketpair(AF_UNIX, type, protocol, fds) < 0)
        return -errno;
    return prepare_both(fds, prepare_socket);
}

int eddy__os_pipe(int fds[2])
{
    if (pipe(fds) < 0)
        return -errno;
    return prepare_both(fds, prepare);
}
