/* SPDX-License-Identifier: MIT */
/*
 * What Linux says of a descriptor, in the words of kqueue (KQUEUE.md, sections
 * 5 and 6).
 */
#include "knote.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>

enum file_kind double_file_kind(int fd)
{
    struct stat status;

    if (fstat(fd, &status) != 0)
        return FILE_OTHER;
    if (S_ISSOCK(status.st_mode))
        return FILE_SOCKET;
    return S_ISFIFO(status.st_mode) ? FILE_FIFO : FILE_OTHER;
}

static unsigned poll_now(int fd)
{
    struct pollfd polled = {
        .fd = fd,
        .events = POLLIN | POLLOUT | POLLPRI | POLLRDHUP,
    };

    if (poll(&polled, 1, 0) != 1)
        return 0;
    return (unsigned short) polled.revents;
}

static int option(int fd, int level, int name)
{
    int value = 0;
    socklen_t length = sizeof value;

    if (getsockopt(fd, level, name, &value, &length) != 0)
        return 0;
    return value;
}

static int64_t amount(int fd, unsigned long request)
{
    int bytes = 0;

    return ioctl(fd, request, &bytes) == 0 ? bytes : 0;
}

/* TCP's state, or -1 for what is not TCP. */
static int tcp_info(int fd, struct tcp_info *info)
{
    socklen_t length = sizeof *info;

    if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, info, &length) != 0)
        return -1;
    return info->tcpi_state;
}

bool double_file_connected(int fd)
{
    struct tcp_info info;
    int state = tcp_info(fd, &info);

    return state >= 0 && state != TCP_CLOSE && state != TCP_SYN_SENT &&
           state != TCP_LISTEN;
}

/* Asking for the error would take it away, so it is guessed. */
static unsigned socket_error(const struct knote *knote, unsigned events)
{
    struct tcp_info info = {.tcpi_state = 0};

    if (!(events & POLLERR))
        return 0;
    if (tcp_info(knote->fd, &info) < 0 || knote->connected || info.tcpi_rtt > 0)
        return ECONNRESET;
    return ECONNREFUSED;
}

/* A stream socket that was never connected: Linux calls that a hangup. */
static bool is_unconnected(unsigned events)
{
    return (events & POLLHUP) && !(events & POLLRDHUP);
}

static bool is_listener(int fd)
{
    return option(fd, SOL_SOCKET, SO_ACCEPTCONN) != 0;
}

static int64_t queue_length(int fd)
{
    struct tcp_info info;

    return tcp_info(fd, &info) == TCP_LISTEN ? (int64_t) info.tcpi_unacked : 1;
}

static bool is_low(const struct knote *knote, int64_t data)
{
    return (knote->fflags & NOTE_LOWAT) && data < knote->data;
}

static struct outcome socket_readable(const struct knote *knote)
{
    unsigned events = poll_now(knote->fd);
    struct outcome outcome = {.data = amount(knote->fd, FIONREAD)};

    if (is_unconnected(events))
        return outcome;
    if (is_listener(knote->fd)) {
        outcome.fires = events & POLLIN;
        outcome.data = queue_length(knote->fd);
    } else if (events & (POLLRDHUP | POLLHUP)) {
        outcome.fires = true;
        outcome.flags = EV_EOF;
        outcome.fflags = socket_error(knote, events);
    } else {
        outcome.fires = (events & POLLERR) ||
                        ((events & POLLIN) && !is_low(knote, outcome.data));
    }
    return outcome;
}

/* The sending half: shut down, reset, or an AF_UNIX peer's end. An empty send
 * on a Unix-domain stream sends nothing, and says it. */
static bool cannot_send(int fd, unsigned events)
{
    struct tcp_info info;
    int state = tcp_info(fd, &info);

    if ((events & POLLHUP) && (events & POLLRDHUP))
        return true;
    if (state >= 0)
        return state != TCP_ESTABLISHED && state != TCP_SYN_SENT &&
               state != TCP_SYN_RECV && state != TCP_CLOSE_WAIT;
    return option(fd, SOL_SOCKET, SO_DOMAIN) == AF_UNIX &&
           option(fd, SOL_SOCKET, SO_TYPE) == SOCK_STREAM &&
           send(fd, "", 0, MSG_NOSIGNAL | MSG_DONTWAIT) != 0 && errno == EPIPE;
}

static struct outcome socket_writable(const struct knote *knote)
{
    unsigned events = poll_now(knote->fd);
    struct outcome outcome = {
        .data = option(knote->fd, SOL_SOCKET, SO_SNDBUF) -
                amount(knote->fd, TIOCOUTQ),
    };

    if (is_unconnected(events) || is_listener(knote->fd))
        return outcome;
    if (cannot_send(knote->fd, events)) {
        outcome.fires = true;
        outcome.flags = EV_EOF;
        outcome.fflags = socket_error(knote, events);
    } else {
        outcome.fires = (events & POLLERR) ||
                        ((events & POLLOUT) && !is_low(knote, outcome.data));
    }
    return outcome;
}

static bool is_opened_for(int fd, int other_mode)
{
    return (fcntl(fd, F_GETFL) & O_ACCMODE) != other_mode;
}

bool double_pipe_broken(int fd)
{
    return is_opened_for(fd, O_RDONLY) && (poll_now(fd) & POLLERR);
}

/* Either end, either way: the wrong way only tells of the pipe's end. */
static struct outcome fifo_state(const struct knote *knote)
{
    bool reads = knote->kind == KIND_READ;
    unsigned events = poll_now(knote->fd);
    unsigned wanted = reads ? POLLIN : POLLOUT;
    struct outcome outcome = {
        .data = reads ? amount(knote->fd, FIONREAD) : PIPE_BUF,
    };

    if (!is_opened_for(knote->fd, reads ? O_WRONLY : O_RDONLY))
        wanted = 0;
    if (events & (POLLHUP | POLLERR))
        outcome.flags = EV_EOF;
    outcome.fires = outcome.flags != 0 || (events & wanted);
    return outcome;
}

static struct outcome other_state(const struct knote *knote)
{
    unsigned wanted = knote->kind == KIND_READ ? POLLIN : POLLOUT;
    unsigned events = poll_now(knote->fd);
    struct outcome outcome = {.data = amount(knote->fd, FIONREAD)};

    if (events & (POLLHUP | POLLERR))
        outcome.flags = EV_EOF;
    outcome.fires = outcome.flags != 0 || (events & wanted);
    return outcome;
}

static struct outcome urgent_state(const struct knote *knote)
{
    struct outcome outcome = {.fires = poll_now(knote->fd) & POLLPRI};

#ifdef NOTE_OOB
    outcome.fflags = outcome.fires ? NOTE_OOB : 0;
#endif
    return outcome;
}

static struct outcome timer_state(const struct knote *knote)
{
    return (struct outcome){
        .fires = poll_now(knote->fd) & POLLIN,
        .data = 1,
    };
}

struct outcome double_evaluate(const struct knote *knote)
{
    if (knote->kind == KIND_TIMER)
        return timer_state(knote);
    if (knote->kind == KIND_EXCEPT)
        return urgent_state(knote);
    if (knote->file == FILE_FIFO)
        return fifo_state(knote);
    if (knote->file == FILE_OTHER)
        return other_state(knote);
    return knote->kind == KIND_READ ? socket_readable(knote)
                                    : socket_writable(knote);
}
