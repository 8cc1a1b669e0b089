/* SPDX-License-Identifier: MIT */
/*
 * Sends back what it is sent: the smallest server that does so in full. It
 * copies what it reads, as that memory is the loop's; it stops reading from a
 * client that does not take its bytes back; and a client that ends its side
 * still gets all that it sent before.
 */
#include "options.h"

#include <eddy.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { QUEUED_MAX = 64 * 1024 };

struct client {
    eddy_tcp tcp;
    eddy_shutdown_req shutdown;
};

/* Bytes on their way back. */
struct echo {
    eddy_write_req req;
    char bytes[];
};

static eddy_loop loop;
static eddy_tcp server;

static void on_read(eddy_stream *stream, ssize_t nread, const eddy_buf *buf);

/* Frees a client. Of the server nothing needs to be. */
static void on_closed(eddy_handle *handle)
{
    if (handle != &server.handle)
        free(handle->data);
}

static void on_written(eddy_write_req *req, int status)
{
    struct client *client = req->data;
    eddy_stream *stream = &client->tcp.stream;

    free(req); /* The first member of a struct echo. */
    if (status == EDDY_ECANCELED)
        return;
    if (status < 0)
        eddy_close(&stream->handle, on_closed);
    else if (!client->shutdown.data && eddy_stream_queued(stream) == 0)
        eddy_read_start(stream, NULL, on_read);
}

static int echo(struct client *client, const char *bytes, size_t length)
{
    eddy_stream *stream = &client->tcp.stream;
    struct echo *echo = malloc(sizeof *echo + length);
    int error;

    if (!echo)
        return EDDY_ENOMEM;
    echo->req = (eddy_write_req){.data = client};
    memcpy(echo->bytes, bytes, length);
    error = eddy_write(&echo->req, stream,
                       &(eddy_buf){.base = echo->bytes, .len = length}, 1,
                       on_written);
    if (error < 0)
        free(echo);
    else if (eddy_stream_queued(stream) > QUEUED_MAX)
        eddy_read_stop(stream);
    return error;
}

static void on_shutdown(eddy_shutdown_req *req, int status)
{
    struct client *client = req->data;

    if (status != EDDY_ECANCELED)
        eddy_close(&client->tcp.handle, on_closed);
}

static void on_read(eddy_stream *stream, ssize_t nread, const eddy_buf *buf)
{
    struct client *client = stream->data;
    int error;

    if (nread == EDDY_EOF) {
        client->shutdown.data = client;
        error = eddy_shutdown(&client->shutdown, stream, on_shutdown);
    } else if (nread < 0) {
        error = (int) nread;
    } else {
        error = echo(client, buf->base, (size_t) nread);
    }
    if (error < 0)
        eddy_close(&stream->handle, on_closed);
}

static void on_connection(eddy_stream *listener, int status)
{
    struct client *client;

    if (status < 0)
        return;
    client = calloc(1, sizeof *client);
    if (!client)
        return;
    eddy_tcp_init(listener->loop, &client->tcp);
    client->tcp.data = client;
    if (eddy_accept(listener, &client->tcp.stream) < 0 ||
        eddy_read_start(&client->tcp.stream, NULL, on_read) < 0)
        eddy_close(&client->tcp.handle, on_closed);
}

static void on_signal(int number)
{
    (void) number;
    /* It is async-signal-safe, and wakes the loop.
     * NOLINTNEXTLINE(bugprone-signal-handler,cert-sig30-c) */
    eddy_stop(&loop);
}

static int serve(const struct sockaddr *address)
{
    struct sockaddr_in bound = {0};
    socklen_t length = sizeof bound;
    struct sockaddr *bound_to = (struct sockaddr *) &bound;
    int error = eddy_tcp_bind(&server, address, 0);

    if (error == 0)
        error = eddy_listen(&server.stream, 128, on_connection);
    if (error == 0)
        error = eddy_tcp_getsockname(&server, bound_to, &length);
    if (error < 0)
        return error;
    printf("listening on 127.0.0.1:%d\n", ntohs(bound.sin_port));
    fflush(stdout);
    return eddy_run(&loop, EDDY_RUN_DEFAULT);
}

int main(int argc, char *argv[])
{
    eddy_loop_options loop_options = {0};
    struct options options;
    int error;

    options_read(&options, OPTION_PORT | OPTION_BACKEND,
                 "sends back what it is sent", argc, argv);
    loop_options.backend = options.backend;
    error = eddy_loop_init(&loop, &loop_options);
    if (error == 0) {
        signal(SIGINT, on_signal);
        signal(SIGTERM, on_signal);
        eddy_tcp_init(&loop, &server);
        error = serve((struct sockaddr *) &options.address);
        signal(SIGINT, SIG_IGN); /* A loop that closes must not be stopped. */
        signal(SIGTERM, SIG_IGN);
        eddy_loop_close_all(&loop, EDDY_SEC(5), on_closed);
    }
    if (error < 0)
        fprintf(stderr, "echo-server: %s\n", eddy_strerror(error));
    return error < 0 ? 1 : 0;
}
