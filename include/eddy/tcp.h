/* SPDX-License-Identifier: MIT */
/*
 * TCP over IPv4 and IPv6. See eddy/stream.h for reading and writing.
 *
 * Urgent data is left out of what is read. A program that takes it by itself
 * (recv with MSG_OOB) has to learn of it from an eddy_io on the stream's
 * descriptor that watches for EDDY_PRIORITY, and not from SIGURG alone: the
 * loop would not know that reading stopped short at it, and go on only when
 * more comes.
 */
#ifndef EDDY_TCP_H
#define EDDY_TCP_H

#include <eddy/stream.h>

#include <netinet/in.h>
#include <sys/socket.h>

EDDY_BEGIN_DECLS

enum {
    EDDY_TCP_IPV6ONLY = 1, /* an IPv6 socket that takes no IPv4 */
    EDDY_TCP_REUSEPORT = 2 /* several listeners share the port and the kernel
                              spreads connections over them; EDDY_ENOTSUP
                              where it does not */
};

typedef struct eddy_tcp eddy_tcp;

struct eddy_tcp {
    __extension__ union {
        eddy_stream stream;
        eddy_handle handle;
        EDDY_HANDLE_FIELDS;
    };
};

/** Makes a TCP handle; it opens no socket yet. EDDY_EINVAL: NULL. */
EDDY_EXTERN int eddy_tcp_init(eddy_loop *loop, eddy_tcp *tcp);

/** Takes over a stream socket, connected or not: it is made non-blocking, and
 * closed with the handle. EDDY_EINVAL: negative. EDDY_EBUSY: the handle is
 * open already. EDDY_ENOTSOCK, EDDY_EBADF, EDDY_EPROTOTYPE (no stream socket):
 * whatever the error, the descriptor stays the caller's. */
EDDY_EXTERN int eddy_tcp_open(eddy_tcp *tcp, int fd);

/** Binds to a local address (port 0: any). SO_REUSEADDR is set, as servers
 * want. flags: EDDY_TCP_IPV6ONLY, EDDY_TCP_REUSEPORT, or'ed. EDDY_EINVAL:
 * bound or connected already, unknown flags, or not an IPv4 or IPv6 address.
 * An address in use is reported here or by eddy_listen. */
EDDY_EXTERN int eddy_tcp_bind(eddy_tcp *tcp, const struct sockaddr *address,
                              unsigned flags);

/**
 * Connects. The callback comes once, with the result; what the system says of
 * the attempt comes there, also if it is known at once. Writes may be queued
 * at once: they go out when the connection is made, and fail with it.
 *
 * After a failure, and after eddy_cancel, the socket is closed, also one that
 * was bound or opened before: from the callback on, the handle is as new.
 *
 * EDDY_EINVAL: a NULL argument, not an IPv4 or IPv6 address, or the handle
 * listens. EDDY_EALREADY: connecting already. EDDY_EISCONN: connected.
 * EDDY_EBUSY: the request is in flight. Or no socket could be made.
 */
EDDY_EXTERN int eddy_tcp_connect(eddy_connect_req *req, eddy_tcp *tcp,
                                 const struct sockaddr *address,
                                 eddy_connect_cb cb);

/** TCP_NODELAY: off is the system's default. On a handle that is not open yet
 * it takes effect when it opens. */
EDDY_EXTERN int eddy_tcp_nodelay(eddy_tcp *tcp, bool on);

/** SO_KEEPALIVE, first probe after delay_s seconds (at least 1 when on:
 * EDDY_EINVAL), or after the system's own time where no connection can have
 * its own (OpenBSD). On a handle that is not open yet: EDDY_EBADF. */
EDDY_EXTERN int eddy_tcp_keepalive(eddy_tcp *tcp, bool on, unsigned delay_s);

/** The local and the remote address; *length holds the room in, the size
 * out. */
EDDY_EXTERN int eddy_tcp_getsockname(const eddy_tcp *tcp,
                                     struct sockaddr *address,
                                     socklen_t *length);
EDDY_EXTERN int eddy_tcp_getpeername(const eddy_tcp *tcp,
                                     struct sockaddr *address,
                                     socklen_t *length);

/** Closes with a reset (RST) instead of an orderly end. As eddy_close. After
 * eddy_shutdown: EDDY_EINVAL, nothing changed. */
EDDY_EXTERN int eddy_tcp_close_reset(eddy_tcp *tcp, eddy_close_cb cb);

/** Two connected Unix-domain sockets (type SOCK_STREAM or SOCK_DGRAM), both
 * non-blocking and close-on-exec. They are the caller's. Any thread. */
EDDY_EXTERN int eddy_socketpair(int type, int protocol, int fds[2]);

/** A numeric address and port into a socket address. EDDY_EINVAL: not an
 * address, or a port outside 0..65535. IPv6 may carry a scope ("fe80::1%eth0").
 * Any thread. */
EDDY_EXTERN int eddy_ip4_addr(const char *ip, int port,
                              struct sockaddr_in *out);
EDDY_EXTERN int eddy_ip6_addr(const char *ip, int port,
                              struct sockaddr_in6 *out);

EDDY_END_DECLS

#endif
