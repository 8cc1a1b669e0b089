/* SPDX-License-Identifier: MIT */
/*
 * The default system table: each call is the system's own, with its errno as
 * the negative result. How sockets are made and how a loop is woken differs by
 * system and has files of its own (os_socket_*.c, wakeup-*.c).
 *
 * No call here raises SIGPIPE for a socket. Nothing is retried: that is the
 * caller's, so that a table of the program's own gets the same treatment.
 */
#include "core/os.h"
#include "core/wakeup.h"

#include <errno.h>
#include <fcntl.h>
#include <time.h>
#include <unistd.h>

/* Where writes cannot say it themselves, eddy__os_mute has said it. */
#ifdef MSG_NOSIGNAL
enum { SEND_FLAGS = MSG_NOSIGNAL };
#else
enum { SEND_FLAGS = 0 };
#endif

static int result(int value)
{
    return value < 0 ? -errno : value;
}

/* The clock exists on every POSIX system, so that the call does not fail. */
static uint64_t now(void *context)
{
    struct timespec time = {0};
    uint64_t ns;

    (void) context;
    clock_gettime(CLOCK_MONOTONIC, &time);
    ns = (uint64_t) time.tv_sec * 1000000000U + (uint64_t) time.tv_nsec;
    return ns != 0 ? ns : 1;
}

static int bind_to(void *context, int fd, const struct sockaddr *address,
                   socklen_t length)
{
    (void) context;
    return result(bind(fd, address, length));
}

static int listen_on(void *context, int fd, int backlog)
{
    (void) context;
    return result(listen(fd, backlog));
}

/* An interrupted connect goes on in the kernel; asked again, it would say so
 * by EALREADY. */
static int connect_to(void *context, int fd, const struct sockaddr *address,
                      socklen_t length)
{
    (void) context;
    if (connect(fd, address, length) == 0)
        return 0;
    return errno == EINTR ? -EINPROGRESS : -errno;
}

static int shut_down(void *context, int fd, int how)
{
    (void) context;
    return result(shutdown(fd, how));
}

static int get_option(void *context, int fd, int level, int option, void *value,
                      socklen_t *length)
{
    (void) context;
    return result(getsockopt(fd, level, option, value, length));
}

static int set_option(void *context, int fd, int level, int option,
                      const void *value, socklen_t length)
{
    (void) context;
    return result(setsockopt(fd, level, option, value, length));
}

static int local_name(void *context, int fd, struct sockaddr *address,
                      socklen_t *length)
{
    (void) context;
    return result(getsockname(fd, address, length));
}

static int peer_name(void *context, int fd, struct sockaddr *address,
                     socklen_t *length)
{
    (void) context;
    return result(getpeername(fd, address, length));
}

static ssize_t receive(void *context, int fd, void *buffer, size_t size)
{
    ssize_t count = recv(fd, buffer, size, 0);

    (void) context;
    return count < 0 ? -errno : count;
}

/* One plain buffer is cheaper to hand over without the header. */
static ssize_t send_any(int fd, const struct msghdr *message)
{
    if (message->msg_iovlen == 1 && message->msg_name == NULL &&
        message->msg_controllen == 0)
        return send(fd, message->msg_iov->iov_base, message->msg_iov->iov_len,
                    SEND_FLAGS);
    return sendmsg(fd, message, SEND_FLAGS);
}

/* macOS answers EPROTOTYPE for a moment while a reset connection is taken
 * down; a stream has no other reason to. */
static ssize_t send_message(void *context, int fd, const struct msghdr *message)
{
    ssize_t count = send_any(fd, message);

    (void) context;
    if (count >= 0)
        return count;
    return errno == EPROTOTYPE && message->msg_name == NULL ? -ECONNRESET
                                                            : -errno;
}

/* A descriptor that was the caller's becomes the library's here, so that its
 * writes must not raise SIGPIPE either. It need not be a socket. */
static int set_nonblocking(void *context, int fd)
{
    int flags = fcntl(fd, F_GETFL);

    (void) context;
    if (flags < 0)
        return -errno;
    (void) eddy__os_mute(fd);
    if (flags & O_NONBLOCK)
        return 0;
    return result(fcntl(fd, F_SETFL, flags | O_NONBLOCK));
}

/* Interrupted or not, the number is free afterwards: to close it again could
 * hit somebody else's new descriptor. */
static int close_one(void *context, int fd)
{
    (void) context;
    if (close(fd) == 0 || errno == EINTR || errno == EINPROGRESS)
        return 0;
    return -errno;
}

/* A changed root may lack the device, but never itself. */
static int reserve(void *context)
{
    int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

    (void) context;
    if (fd < 0 && errno != EMFILE && errno != ENFILE)
        fd = open("/", O_RDONLY | O_CLOEXEC);
    return result(fd);
}

static int is_open(void *context, int fd)
{
    (void) context;
    return fcntl(fd, F_GETFD) < 0 ? -errno : 0;
}

static const eddy_os table = {
    .now = now,
    .wakeup_open = eddy__wakeup_open,
    .wakeup_write = eddy__wakeup_write,
    .wakeup_drain = eddy__wakeup_drain,
    .socket = eddy__os_socket,
    .accept = eddy__os_accept,
    .bind = bind_to,
    .listen = listen_on,
    .connect = connect_to,
    .shutdown = shut_down,
    .getsockopt = get_option,
    .setsockopt = set_option,
    .getsockname = local_name,
    .getpeername = peer_name,
    .recv = receive,
    .sendmsg = send_message,
    .set_nonblocking = set_nonblocking,
    .close = close_one,
    .reserve = reserve,
    .is_open = is_open,
};

const eddy_os *eddy_os_default(void)
{
    return &table;
}

uint64_t eddy_hrtime(void)
{
    return now(NULL);
}
