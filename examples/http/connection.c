/* SPDX-License-Identifier: MIT */
/*
 * The life of a connection. It reads, answers all requests of a read turn in
 * one write, and stops reading while its client is slow to take the answers.
 *
 * It ends in order: after the last answer it ends its own side, and then
 * discards what comes until the client has ended, too. Closing at once would
 * have the kernel reset the connection, and the answer be lost on its way.
 */
#include "connection.h"

#include "parser.h"
#include "routes.h"

#include <stdlib.h>
#include <string.h>

/* How long a client may take to end its side after we ended ours. */
#define LINGER_NS EDDY_SEC(10)

enum {
    QUEUED_HIGH = 256 * 1024, /* more unwritten bytes stop the reading … */
    QUEUED_LOW = 64 * 1024    /* … until there are no more than these */
};

struct connection {
    eddy_tcp tcp;
    eddy_timer timer;
    eddy_shutdown_req shutdown;
    struct parser parser;
    unsigned open_handles;
    bool ending; /* the last answer is written, or queued */
    bool ended;  /* and out, and our side ended */
    bool eof;    /* the client's side ended */
};

/* What the kernel did not take at once. */
struct unwritten {
    eddy_write_req req;
    char bytes[];
};

static struct server *server_of(const struct connection *connection)
{
    return connection->tcp.loop->data;
}

void connection_on_closed(eddy_handle *handle)
{
    struct connection *connection = handle->data;

    if (--connection->open_handles > 0)
        return;
    parser_release(&connection->parser);
    free(connection);
}

static void close_now(struct connection *connection)
{
    eddy_close(&connection->tcp.handle, connection_on_closed);
    eddy_close(&connection->timer.handle, connection_on_closed);
}

static void on_timer(eddy_timer *timer)
{
    close_now(timer->data);
}

/* From now on the client has as long as it may be idle. */
static int restart_timer(struct connection *connection)
{
    return eddy_timer_start(&connection->timer, on_timer,
                            server_of(connection)->idle_ns, 0);
}

static void on_shutdown(eddy_shutdown_req *req, int status)
{
    struct connection *connection = req->data;

    if (status == EDDY_ECANCELED)
        return;
    if (status < 0 || connection->eof) {
        close_now(connection);
        return;
    }
    connection->ended = true;
    eddy_timer_start(&connection->timer, on_timer, LINGER_NS, 0);
}

/* Ends our side once all answers are out. */
static void end(struct connection *connection)
{
    connection->ending = true;
    connection->shutdown.data = connection;
    if (eddy_shutdown(&connection->shutdown, &connection->tcp.stream,
                      on_shutdown) < 0)
        close_now(connection);
}

static void on_read(eddy_stream *stream, ssize_t nread, const eddy_buf *buf);

static void on_written(eddy_write_req *req, int status)
{
    struct connection *connection = req->data;
    eddy_stream *stream = &connection->tcp.stream;

    free(req); /* The first member of a struct unwritten. */
    if (status == EDDY_ECANCELED)
        return;
    if (status < 0) {
        close_now(connection);
        return;
    }
    /* Slow is not idle. */
    restart_timer(connection);
    if (!connection->ending && eddy_stream_queued(stream) <= QUEUED_LOW)
        eddy_read_start(stream, NULL, on_read);
}

static int queue(struct connection *connection, const char *bytes,
                 size_t length)
{
    struct unwritten *unwritten = malloc(sizeof *unwritten + length);
    eddy_buf buf;
    int error;

    if (!unwritten)
        return EDDY_ENOMEM;
    unwritten->req = (eddy_write_req){.data = connection};
    memcpy(unwritten->bytes, bytes, length);
    buf = (eddy_buf){.base = unwritten->bytes, .len = length};
    error = eddy_write(&unwritten->req, &connection->tcp.stream, &buf, 1,
                       on_written);
    if (error < 0)
        free(unwritten);
    return error;
}

/* Writes the turn's answers: nearly always the kernel takes them all, and no
 * memory is needed. */
static int flush(struct connection *connection, const struct output *output)
{
    eddy_buf buf = {.base = output->bytes, .len = output->length};
    ssize_t written;

    if (output->failed)
        return EDDY_ENOMEM;
    if (output->length == 0)
        return 0;
    written = eddy_try_write(&connection->tcp.stream, &buf, 1);
    if (written == EDDY_EAGAIN)
        written = 0;
    if (written < 0)
        return (int) written;
    if ((size_t) written == output->length)
        return 0;
    return queue(connection, output->bytes + written,
                 output->length - (size_t) written);
}

static bool on_request(void *data, const struct request *request)
{
    struct connection *connection = data;
    struct server *server = server_of(connection);

    server->requests++;
    restart_timer(connection);
    routes_answer(server, request);
    return request->keep_alive;
}

static void take_bytes(struct connection *connection, const char *bytes,
                       size_t length)
{
    struct server *server = server_of(connection);
    eddy_stream *stream = &connection->tcp.stream;
    bool last;
    int error;

    http_date_refresh(&server->date, eddy_now(&server->loop));
    error = parser_feed(&connection->parser, bytes, length);
    if (error > 0)
        response_write_refusal(&server->output, &server->date, error);
    last = error > 0 || connection->parser.ended;
    error = flush(connection, &server->output);
    output_clear(&server->output);
    if (error < 0)
        close_now(connection);
    else if (last)
        end(connection);
    else if (eddy_stream_queued(stream) > QUEUED_HIGH)
        eddy_read_stop(stream);
}

/* A client may end its side and still want its answers. */
static void on_eof(struct connection *connection)
{
    bool all_out = eddy_stream_queued(&connection->tcp.stream) == 0;

    connection->eof = true;
    if (connection->ended || (!connection->ending && all_out))
        close_now(connection);
    else if (!connection->ending)
        end(connection);
}

static void on_read(eddy_stream *stream, ssize_t nread, const eddy_buf *buf)
{
    struct connection *connection = stream->data;

    if (nread == EDDY_EOF)
        on_eof(connection);
    else if (nread < 0)
        close_now(connection);
    else if (!connection->ending)
        take_bytes(connection, buf->base, (size_t) nread);
}

/* Makes both handles; on failure there are none. */
static int init_handles(struct connection *connection, eddy_loop *loop)
{
    int error = eddy_timer_init(loop, &connection->timer);

    if (error < 0)
        return error;
    error = eddy_tcp_init(loop, &connection->tcp);
    if (error < 0) {
        eddy_close(&connection->timer.handle, NULL);
        return error;
    }
    connection->timer.data = connection;
    connection->tcp.data = connection;
    connection->open_handles = 2;
    return 0;
}

static struct connection *new_connection(eddy_loop *loop)
{
    struct connection *connection = calloc(1, sizeof *connection);

    if (connection && init_handles(connection, loop) < 0) {
        free(connection);
        return NULL;
    }
    if (connection)
        parser_init(&connection->parser, on_request, connection);
    return connection;
}

static void begin(struct connection *connection)
{
    eddy_tcp_nodelay(&connection->tcp, true); /* Without, it is but slower. */
    if (eddy_read_start(&connection->tcp.stream, NULL, on_read) < 0 ||
        restart_timer(connection) < 0)
        close_now(connection);
}

int connection_accept(struct server *server)
{
    struct connection *connection = server->spare;
    int error;

    if (!connection)
        connection = new_connection(&server->loop);
    if (!connection)
        return EDDY_ENOMEM;
    error = eddy_accept(&server->listener.stream, &connection->tcp.stream);
    server->spare = error < 0 ? connection : NULL;
    if (error == 0)
        begin(connection);
    return error;
}
