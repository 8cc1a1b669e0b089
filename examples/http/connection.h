/* SPDX-License-Identifier: MIT */
/*
 * A client's connection: a stream, a parser of what it reads, and a timer that
 * ends it when nothing comes.
 */
#ifndef EXAMPLES_HTTP_CONNECTION_H
#define EXAMPLES_HTTP_CONNECTION_H

#include "server.h"

/* Accepts a client of the server's listener, and serves it until one of the
 * two ends it. EDDY_EAGAIN: none waits. */
int connection_accept(struct server *server);

/* The close callback of a connection's handles: frees it with the last. */
void connection_on_closed(eddy_handle *handle);

#endif
