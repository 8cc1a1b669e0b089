/* SPDX-License-Identifier: MIT */
/*
 * The connection callback: takes what the kernel accepted and hands each to a
 * connection, which from then on lives by its own callbacks.
 */
#include "server.h"

#include "connection.h"

#include <netinet/in.h>

enum {
    BACKLOG = 4096,
    ACCEPTED_MAX = 64 /* in one turn, so that clients wait for no crowd */
};

static void on_connection(eddy_stream *listener, int status)
{
    struct server *server = listener->loop->data;
    int left = ACCEPTED_MAX;

    /* Out of descriptors, or the like: the loop shed the connection, and tries
     * again by itself. */
    if (status < 0)
        return;
    while (left-- > 0 && connection_accept(server) == 0)
        server->connections++;
}

static int listen_on(struct server *server,
                     const struct server_options *options)
{
    eddy_tcp *listener = &server->listener;
    unsigned flags = options->shares_port ? EDDY_TCP_REUSEPORT : 0;
    int error = eddy_tcp_init(&server->loop, listener);

    listener->data = server;
    if (error == 0)
        error = eddy_tcp_bind(listener, options->address, flags);
    if (error == 0)
        error = eddy_listen(&listener->stream, BACKLOG, on_connection);
    return error;
}

int server_init(struct server *server, const struct server_options *options)
{
    eddy_loop_options loop_options = {.backend = options->backend};
    int error;

    *server = (struct server){.idle_ns = options->idle_ns};
    error = eddy_loop_init(&server->loop, &loop_options);
    if (error < 0)
        return error;
    server->loop.data = server;
    error = listen_on(server, options);
    if (error < 0)
        server_close(server);
    return error;
}

int server_port(const struct server *server)
{
    struct sockaddr_storage address;
    socklen_t length = sizeof address;
    int error = eddy_tcp_getsockname(&server->listener,
                                     (struct sockaddr *) &address, &length);

    if (error < 0)
        return error;
    return address.ss_family == AF_INET6
               ? ntohs(((struct sockaddr_in6 *) &address)->sin6_port)
               : ntohs(((struct sockaddr_in *) &address)->sin_port);
}

/* All handles but the listener are parts of connections. */
static void on_closed(eddy_handle *handle)
{
    if (handle->data != handle->loop->data)
        connection_on_closed(handle);
}

int server_close(struct server *server)
{
    int error = eddy_loop_close_all(&server->loop, EDDY_SEC(5), on_closed);

    output_release(&server->output);
    return error;
}
