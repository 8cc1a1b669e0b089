/* SPDX-License-Identifier: MIT */
/*
 * What TCP adds to streams: its sockets, their addresses and options. The
 * socket is made when its family is known, by bind or connect.
 */
#include "net/tcp.h"

#include "core/loop.h"

#include <limits.h>
#include <netinet/tcp.h>

/* The option that has the kernel spread connections over the listeners of a
 * port. Where SO_REUSEPORT only gives them all to one, this is undefined. */
#if defined(SO_REUSEPORT_LB)
enum { REUSEPORT = SO_REUSEPORT_LB };
#elif defined(SO_REUSEPORT) && defined(SO_ATTACH_REUSEPORT_CBPF)
enum { REUSEPORT = SO_REUSEPORT };
#else
enum { REUSEPORT = -1 };
#endif

/* The option for the time before the first keep-alive probe. OpenBSD has one
 * time for all connections, which only the administrator changes. */
#if defined(TCP_KEEPIDLE)
enum { KEEPIDLE = TCP_KEEPIDLE };
#elif defined(TCP_KEEPALIVE)
enum { KEEPIDLE = TCP_KEEPALIVE };
#else
enum { KEEPIDLE = -1 };
#endif

/* The option that tells a socket's protocol. */
#if defined(SO_PROTOCOL)
enum { PROTOCOL = SO_PROTOCOL };
#else
enum { PROTOCOL = -1 };
#endif

static const struct eddy__handle_class tcp_class = {
    .type = EDDY_HANDLE_TCP,
    .close = eddy__stream_close,
};

int eddy_tcp_init(eddy_loop *loop, eddy_tcp *tcp)
{
    int err;

    if (loop == NULL || tcp == NULL)
        return EDDY_EINVAL;
    err = eddy__loop_misused(loop);
    if (err == 0)
        eddy__stream_init(loop, &tcp->stream, &tcp_class);
    return err;
}

/* 0 if the handle is in order, and has a socket if it must have one. */
static int check(const eddy_tcp *tcp, bool open)
{
    int err = tcp == NULL ? EDDY_EINVAL : eddy__handle_misused(&tcp->handle);

    if (err == 0 && open && !(tcp->handle.flags & EDDY__STREAM_OPEN))
        err = EDDY_EBADF;
    return err;
}

static int set_option(const eddy_tcp *tcp, int level, int option, int value)
{
    return eddy__stream_set_option(tcp->loop, tcp->stream.watcher.fd, level,
                                   option, value);
}

int eddy__tcp_apply(eddy_stream *stream)
{
    if (!(stream->handle.flags & EDDY__STREAM_NODELAY))
        return 0;
    return eddy__stream_set_option(stream->loop, stream->watcher.fd,
                                   IPPROTO_TCP, TCP_NODELAY, 1);
}

/* Where an event is told once, one must know what is left after a read or a
 * write. The kernel's TCP says it by doing less than was asked for; a table of
 * the program's own may do less for reasons of its own, or mean another
 * protocol. */
static bool edge_will_do(const eddy_loop *loop)
{
    const unsigned needed = EDDY_ANY_EVENT | EDDY_EDGE | EDDY_SNAPSHOT;
    const eddy_os *system = eddy_os_default();
    const eddy_os *os = loop->os;

    return (loop->ops->events & needed) == needed && os->recv == system->recv &&
           os->sendmsg == system->sendmsg && os->socket == system->socket &&
           os->accept == system->accept;
}

/* Whether a descriptor of the caller's, too, is TCP: others, such as AF_UNIX,
 * may read less than there is. */
static bool is_tcp(const eddy_loop *loop, int fd)
{
    int protocol = 0;
    socklen_t length = sizeof(protocol);
    int err;

    do
        err = loop->os->getsockopt(loop->os->context, fd, SOL_SOCKET, PROTOCOL,
                                   &protocol, &length);
    while (err == EDDY_EINTR);
    return err == 0 && protocol == IPPROTO_TCP;
}

int eddy__tcp_make(eddy_tcp *tcp, int family)
{
    const eddy_os *os = tcp->loop->os;
    int err;
    int fd;

    if (tcp->handle.flags & EDDY__STREAM_OPEN)
        return 0;
    do
        fd = os->socket(os->context, family, SOCK_STREAM, 0);
    while (fd == EDDY_EINTR);
    if (fd < 0)
        return fd;
    err = eddy__stream_attach(&tcp->stream, fd);
    if (err < 0) {
        eddy__stream_close_fd(tcp->loop, fd);
        return err;
    }
    if (edge_will_do(tcp->loop))
        tcp->handle.flags |= EDDY__STREAM_EDGE;
    err = eddy__tcp_apply(&tcp->stream);
    if (err < 0)
        eddy__stream_drop(&tcp->stream);
    return err;
}

/* Whether it is a stream socket, and whether connected: 1. EDDY_EINVAL is how
 * some systems say of a connection that was reset that it is none. Any other
 * error says nothing: the socket must not be taken for a new one. */
static int examine(eddy_loop *loop, int fd)
{
    const eddy_os *os = loop->os;
    struct sockaddr_storage peer;
    socklen_t length = sizeof(peer);
    int type = 0;
    socklen_t type_length = sizeof(type);
    int err;

    do
        err = os->getsockopt(os->context, fd, SOL_SOCKET, SO_TYPE, &type,
                             &type_length);
    while (err == EDDY_EINTR);
    if (err < 0)
        return err;
    if (type != SOCK_STREAM)
        return EDDY_EPROTOTYPE;
    do
        err = os->getpeername(os->context, fd, (struct sockaddr *) &peer,
                              &length);
    while (err == EDDY_EINTR);
    if (err == EDDY_ENOTCONN || err == EDDY_EINVAL)
        return 0;
    return err < 0 ? err : 1;
}

static int adopt(eddy_tcp *tcp, int fd)
{
    const eddy_os *os = tcp->loop->os;
    int err = eddy__stream_attach(&tcp->stream, fd);

    if (err < 0)
        return err;
    do
        err = os->set_nonblocking(os->context, fd);
    while (err == EDDY_EINTR);
    if (err == 0)
        err = eddy__tcp_apply(&tcp->stream);
    if (err < 0)
        eddy__stream_release(&tcp->stream);
    return err;
}

int eddy_tcp_open(eddy_tcp *tcp, int fd)
{
    int connected;
    int err = check(tcp, false);

    if (err < 0)
        return err;
    if (fd < 0)
        return EDDY_EINVAL;
    if (tcp->handle.flags & EDDY__STREAM_OPEN)
        return EDDY_EBUSY;
    connected = examine(tcp->loop, fd);
    if (connected < 0)
        return connected;
    err = adopt(tcp, fd);
    if (err < 0)
        return err;
    if (connected)
        tcp->handle.flags |= EDDY__STREAM_CONNECTED;
    if (edge_will_do(tcp->loop) && is_tcp(tcp->loop, fd))
        tcp->handle.flags |= EDDY__STREAM_EDGE;
    return 0;
}

/* That IPv4 is taken too cannot be had everywhere, and is not insisted on. */
static int set_ipv6_only(const eddy_tcp *tcp, bool on)
{
    int err = set_option(tcp, IPPROTO_IPV6, IPV6_V6ONLY, on);

    return on ? err : 0;
}

static int bind_socket(const eddy_tcp *tcp, const struct sockaddr *address,
                       unsigned flags)
{
    const eddy_os *os = tcp->loop->os;
    int err = set_option(tcp, SOL_SOCKET, SO_REUSEADDR, 1);

    if (err == 0 && (flags & EDDY_TCP_REUSEPORT))
        err = set_option(tcp, SOL_SOCKET, REUSEPORT, 1);
    if (err == 0 && address->sa_family == AF_INET6)
        err = set_ipv6_only(tcp, (flags & EDDY_TCP_IPV6ONLY) != 0);
    if (err < 0)
        return err;
    do
        err = os->bind(os->context, tcp->stream.watcher.fd, address,
                       eddy__address_size(address));
    while (err == EDDY_EINTR);
    return err;
}

static int check_bind(const eddy_tcp *tcp, const struct sockaddr *address,
                      unsigned flags)
{
    const unsigned unfit = EDDY__STREAM_BOUND | EDDY__STREAM_CONNECTING |
                           EDDY__STREAM_CONNECTED | EDDY__STREAM_LISTENING;
    int err = check(tcp, false);

    if (err < 0)
        return err;
    if (eddy__address_size(address) == 0 ||
        (flags & ~(unsigned) (EDDY_TCP_IPV6ONLY | EDDY_TCP_REUSEPORT)) ||
        ((flags & EDDY_TCP_IPV6ONLY) && address->sa_family != AF_INET6) ||
        (tcp->handle.flags & unfit))
        return EDDY_EINVAL;
    if ((flags & EDDY_TCP_REUSEPORT) && REUSEPORT < 0)
        return EDDY_ENOTSUP;
    return 0;
}

/* A socket that the caller had opened stays, whatever becomes of the bind. */
int eddy_tcp_bind(eddy_tcp *tcp, const struct sockaddr *address, unsigned flags)
{
    int err = check_bind(tcp, address, flags);
    bool made;

    if (err < 0)
        return err;
    made = !(tcp->handle.flags & EDDY__STREAM_OPEN);
    err = eddy__tcp_make(tcp, address->sa_family);
    if (err < 0)
        return err;
    err = bind_socket(tcp, address, flags);
    if (err == 0)
        tcp->handle.flags |= EDDY__STREAM_BOUND;
    else if (made)
        eddy__stream_drop(&tcp->stream);
    return err;
}

int eddy_tcp_nodelay(eddy_tcp *tcp, bool on)
{
    int err = check(tcp, false);

    if (err == 0 && (tcp->handle.flags & EDDY__STREAM_OPEN))
        err = set_option(tcp, IPPROTO_TCP, TCP_NODELAY, on);
    if (err < 0)
        return err;
    if (on)
        tcp->handle.flags |= EDDY__STREAM_NODELAY;
    else
        tcp->handle.flags &= ~(unsigned) EDDY__STREAM_NODELAY;
    return 0;
}

/* The time first: it has no effect while the probes are off. */
int eddy_tcp_keepalive(eddy_tcp *tcp, bool on, unsigned delay_s)
{
    int err = check(tcp, true);

    if (err == 0 && on && (delay_s == 0 || delay_s > INT_MAX))
        err = EDDY_EINVAL;
    if (err == 0 && on && KEEPIDLE >= 0)
        err = set_option(tcp, IPPROTO_TCP, KEEPIDLE, (int) delay_s);
    if (err == 0)
        err = set_option(tcp, SOL_SOCKET, SO_KEEPALIVE, on);
    return err;
}

static int name(const eddy_tcp *tcp, bool peer, struct sockaddr *address,
                socklen_t *length)
{
    int err = check(tcp, true);
    const eddy_os *os;

    if (address == NULL || length == NULL)
        return EDDY_EINVAL;
    if (err < 0)
        return err;
    os = tcp->loop->os;
    do
        err = (peer ? os->getpeername : os->getsockname)(
            os->context, tcp->stream.watcher.fd, address, length);
    while (err == EDDY_EINTR);
    return err;
}

int eddy_tcp_getsockname(const eddy_tcp *tcp, struct sockaddr *address,
                         socklen_t *length)
{
    return name(tcp, false, address, length);
}

int eddy_tcp_getpeername(const eddy_tcp *tcp, struct sockaddr *address,
                         socklen_t *length)
{
    return name(tcp, true, address, length);
}

/* Not to wait for unsent data is what makes the kernel reset the connection.
 * Some systems refuse the option once the peer has ended its side, when
 * nothing is left to be reset but by the close itself. */
static int linger_not(const eddy_tcp *tcp)
{
    const eddy_os *os = tcp->loop->os;
    const struct linger reset = {.l_onoff = 1, .l_linger = 0};
    int err;

    do
        err = os->setsockopt(os->context, tcp->stream.watcher.fd, SOL_SOCKET,
                             SO_LINGER, &reset, sizeof(reset));
    while (err == EDDY_EINTR);
    return err == EDDY_EINVAL ? 0 : err;
}

/* In a forked child the connection is the parent's, who would be reset. */
int eddy_tcp_close_reset(eddy_tcp *tcp, eddy_close_cb cb)
{
    int err = check(tcp, false);

    if (err < 0)
        return err;
    if (tcp->handle.flags & EDDY__STREAM_SHUT)
        return EDDY_EINVAL;
    if ((tcp->handle.flags & EDDY__STREAM_OPEN) &&
        !eddy__loop_inherited(tcp->loop))
        err = linger_not(tcp);
    return err < 0 ? err : eddy_close(&tcp->handle, cb);
}
