/* SPDX-License-Identifier: MIT */
/*
 * A loop with a listening socket, and what its connections share. One thread
 * runs one server; servers of the same port share nothing.
 */
#ifndef EXAMPLES_HTTP_SERVER_H
#define EXAMPLES_HTTP_SERVER_H

#include "output.h"
#include "response.h"

#include <eddy.h>

struct server_options {
    const char *backend; /* NULL: the library's choice */
    const struct sockaddr *address;
    bool shares_port; /* with other servers of this process */
    uint64_t idle_ns; /* how long a client may take for a whole request */
};

struct server {
    eddy_loop loop; /* loop.data is the server */
    uint64_t idle_ns;
    eddy_tcp listener;
    struct connection *spare; /* made, and waiting for a client */
    struct output output;     /* of the connection whose turn it is */
    struct http_date date;
    uint64_t requests;
    uint64_t connections; /* accepted */
};

/* Makes the loop and listens. Negative on failure, with nothing left open. */
int server_init(struct server *server, const struct server_options *options);

/* The port it listens on, or a negative error. */
int server_port(const struct server *server);

/* Closes all connections and the loop. */
int server_close(struct server *server);

#endif
