/* SPDX-License-Identifier: MIT */
/*
 * TCP: an echo server and its clients, each on a loop of its own, and what an
 * idle connection costs.
 */
#include "eddy_bench.h"

#include "common/net.h"
#include "common/threads.h"

#include <stdlib.h>

struct conn {
    eddy_tcp tcp;
    long got; /* bytes of the message under way */
};

static struct {
    eddy_loop clients;
    eddy_loop servers;
    int *client_fds;
    int *server_fds;
    long count;
    long left; /* round trips */
} echo;

static const char message[BENCH_MESSAGE] = "an echo";

/* So little always fits in the socket's buffer: with a message under way at
 * most, there is room for the next. */
static void write_now(eddy_stream *stream, const char *bytes, size_t length)
{
    eddy_buf buf = {.base = (char *) (uintptr_t) bytes, .len = length};

    bench_check(eddy_try_write(stream, &buf, 1) == (ssize_t) length,
                "eddy_try_write");
}

static void on_request(eddy_stream *stream, ssize_t nread, const eddy_buf *buf)
{
    if (nread > 0)
        write_now(stream, buf->base, (size_t) nread);
    else
        eddy_close(&stream->handle, NULL);
}

static void on_response(eddy_stream *stream, ssize_t nread, const eddy_buf *buf)
{
    struct conn *conn = stream->data;

    (void) buf;
    bench_check(nread > 0, "reading an echo");
    conn->got += nread;
    if (conn->got < BENCH_MESSAGE || echo.left == 0)
        return;
    conn->got = 0;
    if (--echo.left == 0)
        eddy_stop(stream->loop);
    write_now(stream, message, sizeof message);
}

static struct conn *open_conns(eddy_loop *loop, const int *fds, eddy_read_cb cb)
{
    struct conn *conns = bench_alloc(echo.count, sizeof *conns);

    open_loop(loop);
    for (long i = 0; i < echo.count; i++) {
        must(eddy_tcp_init(loop, &conns[i].tcp), "tcp_init");
        must(eddy_tcp_open(&conns[i].tcp, fds[i]), "tcp_open");
        conns[i].tcp.data = &conns[i];
        must(eddy_read_start(&conns[i].tcp.stream, NULL, cb), "read_start");
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
    must(eddy_run(&echo.servers, EDDY_RUN_DEFAULT), "eddy_run");
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
        write_now(&conns[i].tcp.stream, message, sizeof message);
    eddy_run(&echo.clients, EDDY_RUN_DEFAULT);
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

static void on_connection(eddy_stream *server, int status)
{
    struct conn *conn = malloc(sizeof *conn);

    bench_check(conn && status == 0, "accepting");
    must(eddy_tcp_init(server->loop, &conn->tcp), "tcp_init");
    must(eddy_accept(server, &conn->tcp.stream), "accept");
    must(eddy_read_start(&conn->tcp.stream, NULL, on_request), "read_start");
    if (++accepted == expected)
        eddy_stop(server->loop);
}

static void idle_conn_mem(const struct bench_args *args)
{
    struct bench_child child;
    struct sockaddr_in address;
    eddy_loop loop;
    eddy_tcp listener;
    double before;

    bench_child_start(&child, args->n);
    open_loop(&loop);
    must(eddy_tcp_init(&loop, &listener), "tcp_init");
    must(eddy_tcp_open(&listener, bench_listen(&address)), "tcp_open");
    must(eddy_listen(&listener.stream, 4096, on_connection), "listen");
    before = bench_memory();
    expected = args->n;
    bench_child_connect(&child, &address);
    eddy_run(&loop, EDDY_RUN_DEFAULT);
    eddy_run(&loop, EDDY_RUN_NOWAIT);
    bench_check(accepted == expected, "all connections");
    bench_result((bench_memory() - before) / (double) args->n, "bytes");
    bench_child_end(&child);
}

const struct bench_workload tcp_workloads[] = {
    {"tcp_echo", tcp_echo}, {"idle_conn_mem", idle_conn_mem}, {0}};
