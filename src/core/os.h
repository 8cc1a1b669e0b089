/* SPDX-License-Identifier: MIT */
/*
 * What the files behind the default system table give each other. Everything
 * here returns a negative errno on failure and retries nothing but what cannot
 * be left half done.
 */
#ifndef EDDY_CORE_OS_H
#define EDDY_CORE_OS_H

#include <eddy/os.h>

/* Sockets and pipes that are born non-blocking and close-on-exec, by
 * os_socket_atomic.c or os_socket_fcntl.c. */
int eddy__os_socket(void *context, int domain, int type, int protocol);
int eddy__os_accept(void *context, int fd);
int eddy__os_socketpair(int type, int protocol, int fds[2]);
int eddy__os_pipe(int fds[2]);

/* Has writes to the socket raise no SIGPIPE, on systems where that is a
 * property of the socket; elsewhere each write says so, and this does
 * nothing. */
static inline int eddy__os_mute(int fd)
{
#ifdef SO_NOSIGPIPE
    int on = 1;

    return setsockopt(fd, SOL_SOCKET, SO_NOSIGPIPE, &on, sizeof(on));
#else
    (void) fd;
    return 0;
#endif
}

#endif
