/* SPDX-License-Identifier: MIT */
/*
 * Every system call that a loop makes itself, other than its backend's, as a
 * table: the clock, the wakeup, sockets, reading and writing. The default one
 * asks the system. A program may give its own in eddy_loop_options: to make
 * any call fail in a test, to count, or to replace the world whole.
 *
 * Threads of the pool, child processes and signal dispositions belong to the
 * process, not to a loop, and are not here.
 */
#ifndef EDDY_OS_H
#define EDDY_OS_H

#include <eddy/export.h>

#include <sys/socket.h>
#include <sys/types.h>
#include <sys/uio.h>

EDDY_BEGIN_DECLS

/**
 * The table. `context` is the first argument of every call. The functions
 * return 0, a count or a descriptor, or a negative errno: errno itself is not
 * looked at. Every descriptor that one makes is non-blocking and
 * close-on-exec. wakeup_write is called from any thread and from signal
 * handlers and keeps errno; the others only on the loop's thread. EINTR may
 * be returned by any but close: the caller tries again.
 */
typedef struct eddy_os {
    void *context;

    /* Monotonic nanoseconds, never 0. */
    uint64_t (*now)(void *context);

    /* fds[0] polls readable after a write to fds[1]; both may be the same.
     * Opening returns the events to watch it for: EDDY_READABLE, and EDDY_EDGE
     * too if an edge-triggered backend reports each write anew without the
     * descriptor being drained. */
    int (*wakeup_open)(void *context, int fds[2]);
    int (*wakeup_write)(void *context, int fd);
    int (*wakeup_drain)(void *context, int fd);

    /* socket() and accept() also see to it that a write to a closed peer
     * raises no SIGPIPE, where that is a property of the socket. */
    int (*socket)(void *context, int domain, int type, int protocol);
    int (*accept)(void *context, int fd);
    int (*bind)(void *context, int fd, const struct sockaddr *address,
                socklen_t length);
    int (*listen)(void *context, int fd, int backlog);
    int (*connect)(void *context, int fd, const struct sockaddr *address,
                   socklen_t length);
    int (*shutdown)(void *context, int fd, int how);
    int (*getsockopt)(void *context, int fd, int level, int option, void *value,
                      socklen_t *length);
    int (*setsockopt)(void *context, int fd, int level, int option,
                      const void *value, socklen_t length);
    int (*getsockname)(void *context, int fd, struct sockaddr *address,
                       socklen_t *length);
    int (*getpeername)(void *context, int fd, struct sockaddr *address,
                       socklen_t *length);
    /* May do less than was asked for, and are called again as long as the
     * descriptor is ready. Where they are the system's, as are socket and
     * accept, a loop may know that nothing is left, and save that call. */
    ssize_t (*recv)(void *context, int fd, void *buffer, size_t size);
    ssize_t (*sendmsg)(void *context, int fd, const struct msghdr *message);

    /* For descriptors of the caller's: makes it non-blocking. */
    int (*set_nonblocking)(void *context, int fd);
    int (*close)(void *context, int fd);

    /* A descriptor that does nothing but keep its number (/dev/null). */
    int (*reserve)(void *context);

    /* 0 if the descriptor is open, else EDDY_EBADF. */
    int (*is_open)(void *context, int fd);

    void *reserved[6];
} eddy_os;

/**
 * The system's own table, the default: copy it and replace what is to differ.
 * Static. Any thread.
 */
EDDY_EXTERN const eddy_os *eddy_os_default(void);

/** os->now() of the default table: monotonic nanoseconds. Any thread. */
EDDY_EXTERN uint64_t eddy_hrtime(void);

EDDY_END_DECLS

#endif
