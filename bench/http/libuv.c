/* SPDX-License-Identifier: MIT */
/*
 * The server of examples/http-server on libuv: the same parser, the same way
 * of putting an answer together and of writing it at once, an idle timer a
 * connection. It leaves out what the benchmark does not use: routes, bodies,
 * and the orderly end of a connection that it closes.
 */
#include "http_bench.h"

#include "http/parser.h"
#include "http/response.h"

#include <stdlib.h>
#include <string.h>
#include <uv.h>

struct server {
    uv_loop_t loop; /* loop.data is the server */
    uv_tcp_t listener;
    struct output output; /* of the connection whose turn it is */
    struct http_date date;
    char bytes[65536]; /* what is being read */
};

struct connection {
    uv_tcp_t tcp;
    uv_timer_t timer;
    struct parser parser;
    int open_handles;
};

/* What the kernel did not take at once. */
struct unwritten {
    uv_write_t req;
    char bytes[];
};

static void on_closed(uv_handle_t *handle)
{
    struct connection *connection = handle->data;

    if (--connection->open_handles > 0)
        return;
    parser_release(&connection->parser);
    free(connection);
}

static void close_now(struct connection *connection)
{
    uv_handle_t *tcp = (uv_handle_t *) &connection->tcp;

    if (uv_is_closing(tcp))
        return;
    uv_close(tcp, on_closed);
    uv_close((uv_handle_t *) &connection->timer, on_closed);
}

static void on_timer(uv_timer_t *timer)
{
    close_now(timer->data);
}

static void restart_timer(struct connection *connection)
{
    uv_timer_start(&connection->timer, on_timer, HTTP_IDLE_S * 1000, 0);
}

static bool on_request(void *data, const struct request *request)
{
    struct connection *connection = data;
    struct server *server = connection->tcp.loop->data;

    restart_timer(connection);
    response_write(&server->output, &server->date, request,
                   &(struct response){.status = 200,
                                      .body = HTTP_TEXT,
                                      .length = sizeof HTTP_TEXT - 1});
    return request->keep_alive;
}

static void on_written(uv_write_t *req, int status)
{
    struct connection *connection = req->data;

    free(req); /* The first member of a struct unwritten. */
    if (status < 0 && status != UV_ECANCELED)
        close_now(connection);
}

static int queue(struct connection *connection, const char *bytes,
                 size_t length)
{
    struct unwritten *unwritten = malloc(sizeof *unwritten + length);
    uv_buf_t buf;

    if (!unwritten)
        return UV_ENOMEM;
    unwritten->req.data = connection;
    memcpy(unwritten->bytes, bytes, length);
    buf = uv_buf_init(unwritten->bytes, (unsigned) length);
    return uv_write(&unwritten->req, (uv_stream_t *) &connection->tcp, &buf, 1,
                    on_written);
}

static int flush(struct connection *connection, const struct output *output)
{
    uv_buf_t buf = uv_buf_init(output->bytes, (unsigned) output->length);
    int written;

    if (output->failed)
        return UV_ENOMEM;
    if (output->length == 0)
        return 0;
    written = uv_try_write((uv_stream_t *) &connection->tcp, &buf, 1);
    if (written == UV_EAGAIN)
        written = 0;
    if (written < 0 || (size_t) written == output->length)
        return written < 0 ? written : 0;
    return queue(connection, output->bytes + written,
                 output->length - (size_t) written);
}

static void on_read(uv_stream_t *stream, ssize_t nread, const uv_buf_t *buf)
{
    struct connection *connection = stream->data;
    struct server *server = stream->loop->data;
    int error;

    if (nread == 0)
        return;
    if (nread < 0) {
        close_now(connection);
        return;
    }
    http_date_refresh(&server->date, uv_now(stream->loop) * 1000000);
    error = parser_feed(&connection->parser, buf->base, (size_t) nread);
    if (error > 0)
        response_write_refusal(&server->output, &server->date, error);
    if (flush(connection, &server->output) < 0 || error > 0 ||
        connection->parser.ended)
        close_now(connection);
    output_clear(&server->output);
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
    struct server *server = handle->loop->data;

    (void) suggested;
    *buf = uv_buf_init(server->bytes, sizeof server->bytes);
}

static void on_connection(uv_stream_t *listener, int status)
{
    struct connection *connection = calloc(1, sizeof *connection);

    http_check(connection != NULL && status == 0, "accepting");
    uv_tcp_init(listener->loop, &connection->tcp);
    uv_timer_init(listener->loop, &connection->timer);
    connection->tcp.data = connection->timer.data = connection;
    connection->open_handles = 2;
    parser_init(&connection->parser, on_request, connection);
    if (uv_accept(listener, (uv_stream_t *) &connection->tcp) < 0) {
        close_now(connection);
        return;
    }
    uv_tcp_nodelay(&connection->tcp, 1);
    uv_read_start((uv_stream_t *) &connection->tcp, on_alloc, on_read);
    restart_timer(connection);
}

static void serve(int listener)
{
    struct server *server = calloc(1, sizeof *server);

    http_check(server != NULL, "calloc");
    http_check(uv_loop_init(&server->loop) == 0, "uv_loop_init");
    server->loop.data = server;
    uv_tcp_init(&server->loop, &server->listener);
    http_check(uv_tcp_open(&server->listener, listener) == 0, "uv_tcp_open");
    http_check(
        uv_listen((uv_stream_t *) &server->listener, 4096, on_connection) == 0,
        "uv_listen");
    uv_run(&server->loop, UV_RUN_DEFAULT);
}

int main(int argc, char *argv[])
{
    return http_main(argc, argv, serve);
}
