/* SPDX-License-Identifier: MIT */
/*
 * TCP: an echo server and its clients, each on a loop of its own, and what an
 * idle connection costs. All connections of a loop read into one buffer, and
 * write at once, which is the fastest way there is in this library.
 */
#include "uv_bench.h"

#include "common/net.h"
#include "common/threads.h"

#include <stdlib.h>

struct conn {
    uv_tcp_t tcp;
    long got; /* bytes of the message under way */
};

static struct {
    uv_loop_t clients;
    uv_loop_t servers;
    int *client_fds;
    int *server_fds;
    long count;
    long left; /* round trips */
} echo;

static char message[BENCH_MESSAGE] = "an echo";

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
    *buf = uv_buf_init(handle->loop->data, (unsigned) suggested);
}

/* So little always fits in the socket's buffer: with a message under way at
 * most, there is room for the next. */
static void write_now(uv_stream_t *stream, char *bytes, size_t length)
{
    uv_buf_t buf = uv_buf_init(bytes, (unsigned) length);

    bench_check(uv_try_write(stream, &buf, 1) == (int) length, "uv_try_write");
}

static void on_request(uv_stream_t *stream, ssize_t nread, const uv_buf_t *buf)
{
    if (nread > 0)
        write_now(stream, buf->base, (size_t) nread);
    else if (nread < 0)
        uv_close((uv_handle_t *) stream, NULL);
}

static void on_response(uv_stream_t *stream, ssize_t nread, const uv_buf_t *buf)
{
    struct conn *conn = stream->data;

    (void) buf;
    if (nread == 0)
        return;
    bench_check(nread > 0, "reading an echo");
    conn->got += nread;
    if (conn->got < BENCH_MESSAGE || echo.left == 0)
        return;
    conn->got = 0;
    if (--echo.left == 0)
        uv_stop(stream->loop);
    write_now(stream, message, sizeof message);
}

static void open_loop(uv_loop_t *loop)
{
    must(uv_loop_init(loop), "uv_loop_init");
    loop->data = bench_alloc(1, 65536);
}

static struct conn *open_conns(uv_loop_t *loop, const int *fds, uv_read_cb cb)
{
    struct conn *conns = bench_alloc(echo.count, sizeof *conns);

    open_loop(loop);
    for (long i = 0; i < echo.count; i++) {
        uv_stream_t *stream = (uv_stream_t *) &conns[i].tcp;

        must(uv_tcp_init(loop, &conns[i].tcp), "tcp_init");
        must(uv_tcp_open(&conns[i].tcp, fds[i]), "tcp_open");
        conns[i].tcp.data = &conns[i];
        must(uv_read_start(stream, on_alloc, cb), "read_start");
    }
    return conns;
}

static void open_echo(const struct bench_args *args)
{
    echo.count = args->n;
    echo.left = args->m;
    echo.client_fds = bench_alloc(args->n, sizeof(int));
    echo.server_fds = bench_alloc(args->n, sizeof(int));
    bench_connections(args->n, echo.client_fds, echo.server_fds);
}

/* Until the clients have closed. */
static void run_servers(void *arg)
{
    struct conn *conns = open_conns(&echo.servers, echo.server_fds, on_request);

    (void) arg;
    bench_meet();
    must(uv_run(&echo.servers, UV_RUN_DEFAULT), "uv_run");
    close_loop(&echo.servers);
    free(conns);
}

static void tcp_echo(const struct bench_args *args)
{
    struct bench_peer peer;
    struct conn *conns;

    open_echo(args);
    conns = open_conns(&echo.clients, echo.client_fds, on_response);
    bench_peer_start(&peer, run_servers, NULL);
    bench_meet();
    bench_begin();
    for (long i = 0; i < echo.count; i++)
        write_now((uv_stream_t *) &conns[i].tcp, message, sizeof message);
    uv_run(&echo.clients, UV_RUN_DEFAULT);
    bench_end(args->m);
    bench_check(echo.left == 0, "all round trips");
    close_loop(&echo.clients);
    bench_peer_join(&peer);
    free(conns);
}

/* --- idle connections --------------------------------------------------------
 */

static long accepted;
static long expected;

static void on_connection(uv_stream_t *server, int status)
{
    struct conn *conn = malloc(sizeof *conn);
    uv_stream_t *stream = (uv_stream_t *) &conn->tcp;

    bench_check(conn && status == 0, "accepting");
    must(uv_tcp_init(server->loop, &conn->tcp), "tcp_init");
    must(uv_accept(server, stream), "accept");
    must(uv_read_start(stream, on_alloc, on_request), "read_start");
    if (++accepted == expected)
        uv_stop(server->loop);
}

static void idle_conn_mem(const struct bench_args *args)
{
    struct bench_child child;
    struct sockaddr_in address;
    uv_loop_t loop;
    uv_tcp_t listener;
    double before;

    bench_child_start(&child, args->n);
    open_loop(&loop);
    must(uv_tcp_init(&loop, &listener), "tcp_init");
    must(uv_tcp_open(&listener, bench_listen(&address)), "tcp_open");
    must(uv_listen((uv_stream_t *) &listener, 4096, on_connection), "listen");
    before = bench_memory();
    expected = args->n;
    bench_child_connect(&child, &address);
    uv_run(&loop, UV_RUN_DEFAULT);
    uv_run(&loop, UV_RUN_NOWAIT);
    bench_check(accepted == expected, "all connections");
    bench_result((bench_memory() - before) / (double) args->n, "bytes");
    bench_child_end(&child);
}

const struct bench_workload tcp_workloads[] = {
    {"tcp_echo", tcp_echo}, {"idle_conn_mem", idle_conn_mem}, {0}};
