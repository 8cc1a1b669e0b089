/* SPDX-License-Identifier: MIT */
/*
 * An eddy_os around the default one. Every function first counts itself and
 * asks whether it is to fail; only then the default table is called. Counters
 * change by atomic builtins, as wakeup_write comes from any thread.
 */
#include "support/fake_os.h"

#include "support/test.h"

/* 0, or the error with which this call is to fail. */
static int failure(struct fake_os *fake, enum fake_call call)
{
    unsigned number =
        __atomic_add_fetch(&fake->calls[call], 1, __ATOMIC_RELAXED);
    unsigned first = fake->fail_from[call];

    if (number >= first && number - first < fake->fail_times[call])
        return fake->fail_with[call];
    return 0;
}

static uint64_t fake_now(void *context)
{
    struct fake_os *fake = context;

    (void) failure(fake, FAKE_NOW);
    if (!fake->own_clock)
        return eddy_hrtime();
    fake->now_ns += fake->tick_ns;
    return fake->now_ns;
}

/* An own wakeup has a number that is really open, so that none is doubled. */
static int fake_wakeup_open(void *context, int fds[2])
{
    struct fake_os *fake = context;
    const eddy_os *real = eddy_os_default();
    int error = failure(fake, FAKE_WAKEUP_OPEN);

    if (error != 0)
        return error;
    if (!fake->own_wakeup)
        return real->wakeup_open(real->context, fds);
    fake->wakeup_pending = 0;
    fds[0] = real->reserve(real->context);
    fds[1] = fds[0];
    return fds[0] < 0 ? fds[0] : 0;
}

static int fake_wakeup_write(void *context, int fd)
{
    struct fake_os *fake = context;
    const eddy_os *real = eddy_os_default();
    int error = failure(fake, FAKE_WAKEUP_WRITE);

    if (error != 0)
        return error;
    if (!fake->own_wakeup)
        return real->wakeup_write(real->context, fd);
    fake->wakeup_pending = fd;
    return 0;
}

static int fake_wakeup_drain(void *context, int fd)
{
    struct fake_os *fake = context;
    const eddy_os *real = eddy_os_default();
    int error = failure(fake, FAKE_WAKEUP_DRAIN);

    if (error != 0)
        return error;
    if (!fake->own_wakeup)
        return real->wakeup_drain(real->context, fd);
    fake->wakeup_pending = 0;
    return 0;
}

static int fake_socket(void *context, int domain, int type, int protocol)
{
    const eddy_os *real = eddy_os_default();
    int error = failure(context, FAKE_SOCKET);

    return error != 0 ? error
                      : real->socket(real->context, domain, type, protocol);
}

static int fake_accept(void *context, int fd)
{
    const eddy_os *real = eddy_os_default();
    int error = failure(context, FAKE_ACCEPT);

    return error != 0 ? error : real->accept(real->context, fd);
}

static int fake_bind(void *context, int fd, const struct sockaddr *address,
                     socklen_t length)
{
    const eddy_os *real = eddy_os_default();
    int error = failure(context, FAKE_BIND);

    return error != 0 ? error : real->bind(real->context, fd, address, length);
}

static int fake_listen(void *context, int fd, int backlog)
{
    const eddy_os *real = eddy_os_default();
    int error = failure(context, FAKE_LISTEN);

    return error != 0 ? error : real->listen(real->context, fd, backlog);
}

static int fake_connect(void *context, int fd, const struct sockaddr *address,
                        socklen_t length)
{
    const eddy_os *real = eddy_os_default();
    int error = failure(context, FAKE_CONNECT);

    return error != 0 ? error
                      : real->connect(real->context, fd, address, length);
}

static int fake_shutdown(void *context, int fd, int how)
{
    const eddy_os *real = eddy_os_default();
    int error = failure(context, FAKE_SHUTDOWN);

    return error != 0 ? error : real->shutdown(real->context, fd, how);
}

static int fake_getsockopt(void *context, int fd, int level, int option,
                           void *value, socklen_t *length)
{
    const eddy_os *real = eddy_os_default();
    int error = failure(context, FAKE_GETSOCKOPT);

    return error != 0 ? error
                      : real->getsockopt(real->context, fd, level, option,
                                         value, length);
}

static int fake_setsockopt(void *context, int fd, int level, int option,
                           const void *value, socklen_t length)
{
    const eddy_os *real = eddy_os_default();
    int error = failure(context, FAKE_SETSOCKOPT);

    return error != 0 ? error
                      : real->setsockopt(real->context, fd, level, option,
                                         value, length);
}

static int fake_getsockname(void *context, int fd, struct sockaddr *address,
                            socklen_t *length)
{
    const eddy_os *real = eddy_os_default();
    int error = failure(context, FAKE_GETSOCKNAME);

    return error != 0 ? error
                      : real->getsockname(real->context, fd, address, length);
}

static int fake_getpeername(void *context, int fd, struct sockaddr *address,
                            socklen_t *length)
{
    const eddy_os *real = eddy_os_default();
    int error = failure(context, FAKE_GETPEERNAME);

    return error != 0 ? error
                      : real->getpeername(real->context, fd, address, length);
}

static ssize_t fake_recv(void *context, int fd, void *buffer, size_t size)
{
    const eddy_os *real = eddy_os_default();
    int error = failure(context, FAKE_RECV);

    return error != 0 ? error : real->recv(real->context, fd, buffer, size);
}

static ssize_t fake_sendmsg(void *context, int fd, const struct msghdr *message)
{
    const eddy_os *real = eddy_os_default();
    int error = failure(context, FAKE_SENDMSG);

    return error != 0 ? error : real->sendmsg(real->context, fd, message);
}

static int fake_set_nonblocking(void *context, int fd)
{
    const eddy_os *real = eddy_os_default();
    int error = failure(context, FAKE_SET_NONBLOCKING);

    return error != 0 ? error : real->set_nonblocking(real->context, fd);
}

/* As everywhere: what fails has closed all the same. */
static int fake_close(void *context, int fd)
{
    const eddy_os *real = eddy_os_default();
    int error = failure(context, FAKE_CLOSE);
    int err = real->close(real->context, fd);

    return error != 0 ? error : err;
}

static int fake_reserve(void *context)
{
    const eddy_os *real = eddy_os_default();
    int error = failure(context, FAKE_RESERVE);

    return error != 0 ? error : real->reserve(real->context);
}

static int fake_is_open(void *context, int fd)
{
    const eddy_os *real = eddy_os_default();
    int error = failure(context, FAKE_IS_OPEN);

    return error != 0 ? error : real->is_open(real->context, fd);
}

void fake_os_init(struct fake_os *fake)
{
    *fake = (struct fake_os){.base = {.context = fake,
                                      .now = fake_now,
                                      .wakeup_open = fake_wakeup_open,
                                      .wakeup_write = fake_wakeup_write,
                                      .wakeup_drain = fake_wakeup_drain,
                                      .socket = fake_socket,
                                      .accept = fake_accept,
                                      .bind = fake_bind,
                                      .listen = fake_listen,
                                      .connect = fake_connect,
                                      .shutdown = fake_shutdown,
                                      .getsockopt = fake_getsockopt,
                                      .setsockopt = fake_setsockopt,
                                      .getsockname = fake_getsockname,
                                      .getpeername = fake_getpeername,
                                      .recv = fake_recv,
                                      .sendmsg = fake_sendmsg,
                                      .set_nonblocking = fake_set_nonblocking,
                                      .close = fake_close,
                                      .reserve = fake_reserve,
                                      .is_open = fake_is_open}};
}

void fake_os_fail(struct fake_os *fake, enum fake_call call, unsigned nth,
                  unsigned times, int error)
{
    fake->fail_from[call] = fake->calls[call] + nth;
    fake->fail_times[call] = times;
    fake->fail_with[call] = error;
}
