/* SPDX-License-Identifier: MIT */
/*
 * The system table: each function strikes its own kind and then does what it
 * is for, on the network of the world or, for descriptors that are not of it,
 * on the system's.
 *
 * Some failures have done their work all the same, as the real ones have: an
 * interrupted connect goes on, a close that fails has closed, an accept that
 * finds nobody has taken the connection with it.
 */
#include "faults/world.h"

#include <netinet/in.h>
#include <netinet/tcp.h>

enum { HOUR_S = 3600, TICK_NS = 50 };

/* The errno of an ordinary fault, negative; 0 for none. */
static int error_of(int fault)
{
    return fault == 0 ? 0 : -fault;
}

static const eddy_os *real(void)
{
    return eddy_os_default();
}

static uint64_t now(void *context)
{
    (void) context;
    world.now_ns += TICK_NS;
    if (tally_strike(KIND_NOW) == FAULT_JUMP)
        world.now_ns += EDDY_SEC(HOUR_S);
    return world.now_ns;
}

static int wakeup_open(void *context, int fds[2])
{
    int error = error_of(tally_strike(KIND_WAKEUP_OPEN));

    (void) context;
    return error < 0 ? error : real()->wakeup_open(NULL, fds);
}

static int wakeup_write(void *context, int fd)
{
    int error = error_of(tally_strike(KIND_WAKEUP_WRITE));

    (void) context;
    if (error == 0)
        error = real()->wakeup_write(NULL, fd);
    if (error < 0 && error != EDDY_EINTR) {
        world.unwoken = true;
        world.unwritten++;
    }
    gate_written(error != EDDY_EINTR);
    return error;
}

static int wakeup_drain(void *context, int fd)
{
    int error = error_of(tally_strike(KIND_WAKEUP_DRAIN));

    (void) context;
    return error < 0 ? error : real()->wakeup_drain(NULL, fd);
}

static int make_socket(void *context, int domain, int type, int protocol)
{
    int error = error_of(tally_strike(KIND_SOCKET));

    (void) context;
    REQUIRE(type == SOCK_STREAM && protocol == 0);
    return error < 0 ? error : network_socket(domain);
}

static int accept_one(void *context, int fd)
{
    int fault = tally_strike(KIND_ACCEPT);
    int accepted;

    (void) context;
    if (fault != 0 && fault != FAULT_GONE)
        return -fault;
    accepted = network_accept(fd);
    if (fault == 0 || accepted < 0)
        return accepted;
    network_forget(accepted);
    (void) real()->close(NULL, accepted);
    return EDDY_ECONNABORTED;
}

static int bind_to(void *context, int fd, const struct sockaddr *address,
                   socklen_t length)
{
    int error = error_of(tally_strike(KIND_BIND));

    (void) context;
    (void) length;
    return error < 0 ? error : network_bind(fd, address);
}

static int listen_on(void *context, int fd, int backlog)
{
    int error = error_of(tally_strike(KIND_LISTEN));

    (void) context;
    (void) backlog;
    return error < 0 ? error : network_listen(fd);
}

static int connect_to(void *context, int fd, const struct sockaddr *address,
                      socklen_t length)
{
    int fault = tally_strike(KIND_CONNECT);
    int error;

    (void) context;
    (void) length;
    if (fault != 0 && fault != EINTR && fault != FAULT_DONE)
        return -fault;
    error = network_connect(fd, address);
    if (fault == FAULT_DONE)
        return error == -EINPROGRESS ? 0 : error;
    if (error == EDDY_ECONNREFUSED) {
        network_fail(fd, ECONNREFUSED);
        error = -EINPROGRESS;
    }
    return fault == EINTR && error == -EINPROGRESS ? EDDY_EINTR : error;
}

static int shut_down(void *context, int fd, int how)
{
    int error = error_of(tally_strike(KIND_SHUTDOWN));

    (void) context;
    return error < 0 ? error : real()->shutdown(NULL, fd, how);
}

static int get_option(void *context, int fd, int level, int option, void *value,
                      socklen_t *length)
{
    int error = error_of(tally_strike(KIND_GETSOCKOPT));
    int outcome;

    (void) context;
    if (error < 0)
        return error;
    if (level != SOL_SOCKET || option != SO_ERROR || !network_has(fd))
        return real()->getsockopt(NULL, fd, level, option, value, length);
    outcome = tally_strike(KIND_OUTCOME);
    if (outcome != 0)
        network_fail(fd, outcome);
    return network_outcome(fd, value);
}

/* Of TCP and IP there is nothing to set, but to remember one. */
static int set_option(void *context, int fd, int level, int option,
                      const void *value, socklen_t length)
{
    int error = error_of(tally_strike(KIND_SETSOCKOPT));

    (void) context;
    if (error == 0 && level == IPPROTO_TCP && option == TCP_NODELAY &&
        network_has(fd))
        network_set_nodelay(fd);
    if (error < 0 || level != SOL_SOCKET || network_has(fd))
        return error;
    return real()->setsockopt(NULL, fd, level, option, value, length);
}

static int local_name(void *context, int fd, struct sockaddr *address,
                      socklen_t *length)
{
    int error = error_of(tally_strike(KIND_GETSOCKNAME));

    (void) context;
    if (error < 0)
        return error;
    return network_has(fd) ? network_name(fd, false, address, length)
                           : real()->getsockname(NULL, fd, address, length);
}

static int peer_name(void *context, int fd, struct sockaddr *address,
                     socklen_t *length)
{
    int error = error_of(tally_strike(KIND_GETPEERNAME));

    (void) context;
    if (error < 0)
        return error;
    return network_has(fd) ? network_name(fd, true, address, length)
                           : real()->getpeername(NULL, fd, address, length);
}

static ssize_t receive(void *context, int fd, void *buffer, size_t size)
{
    int fault = tally_strike(KIND_RECV);

    (void) context;
    if (fault == FAULT_END)
        return 0;
    if (fault != 0 && fault != FAULT_PART)
        return -fault;
    return real()->recv(NULL, fd, buffer, fault == FAULT_PART ? 1 : size);
}

/* A short write is one byte of the first buffer. */
static ssize_t send_message(void *context, int fd, const struct msghdr *message)
{
    int fault = tally_strike(KIND_SENDMSG);
    struct msghdr less = *message;
    struct iovec one = message->msg_iov[0];

    (void) context;
    if (fault != 0 && fault != FAULT_PART)
        return -fault;
    if (fault == FAULT_PART) {
        one.iov_len = 1;
        less.msg_iov = &one;
        less.msg_iovlen = 1;
    }
    return real()->sendmsg(NULL, fd, &less);
}

static int set_nonblocking(void *context, int fd)
{
    int error = error_of(tally_strike(KIND_SET_NONBLOCKING));

    (void) context;
    return error < 0 ? error : real()->set_nonblocking(NULL, fd);
}

static int close_one(void *context, int fd)
{
    int error = error_of(tally_strike(KIND_CLOSE));
    int err;

    (void) context;
    network_forget(fd);
    err = real()->close(NULL, fd);
    REQUIRE(err == 0); /* nobody closes what is not open */
    return error;
}

static int reserve(void *context)
{
    int error = error_of(tally_strike(KIND_RESERVE));

    (void) context;
    return error < 0 ? error : real()->reserve(NULL);
}

static int is_open(void *context, int fd)
{
    int error = error_of(tally_strike(KIND_IS_OPEN));

    (void) context;
    return error < 0 ? error : real()->is_open(NULL, fd);
}

const eddy_os world_os = {.now = now,
                          .wakeup_open = wakeup_open,
                          .wakeup_write = wakeup_write,
                          .wakeup_drain = wakeup_drain,
                          .socket = make_socket,
                          .accept = accept_one,
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
                          .is_open = is_open};
