/* SPDX-License-Identifier: MIT */
/*
 * What TCP's files share.
 */
#ifndef EDDY_NET_TCP_H
#define EDDY_NET_TCP_H

#include "net/stream.h"
#include <eddy/tcp.h>

/* Makes the socket if the handle has none yet. On failure it has none. */
int eddy__tcp_make(eddy_tcp *tcp, int family);

/* What was asked for before there was a socket. */
int eddy__tcp_apply(eddy_stream *stream);

/* The size of an IPv4 or IPv6 address; 0 for NULL and any other. */
socklen_t eddy__address_size(const struct sockaddr *address);

#endif
