/* SPDX-License-Identifier: MIT */
/*
 * TCP: an echo server and its clients, each on a loop of its own, and what an
 * idle connection costs. This library watches sockets; reading and writing is
 * done by hand.
 */
#include "ev_bench.h"

#include "common/net.h"
#include "common/threads.h"

#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

struct conn {
    ev_io io;
    long got; /* bytes of the message under way */
};

static struct {
    struct ev_loop *clients;
    struct ev_loop *servers;
    int *client_fds;
    int *server_fds;
    long count;
    long left; /* round trips */
} echo;

static const char message[BENCH_MESSAGE] = "an echo";

typedef void (*io_cb)(struct ev_loop *loop, ev_io *io, int events);

static void write_now(int fd, const char *bytes, size_t length)
{
    bench_check(write(fd, bytes, length) == (ssize_t) length, "write");
}

static void on_request(struct ev_loop *loop, ev_io *io, int events)
{
    char bytes[65536];
    ssize_t nread = read(io->fd, bytes, sizeof bytes);

    (void) events;
    if (nread > 0) {
        write_now(io->fd, bytes, (size_t) nread);
        return;
    }
    ev_io_stop(loop, io);
    close(io->fd);
}

static void on_response(struct ev_loop *loop, ev_io *io, int events)
{
    struct conn *conn = (struct conn *) io;
    char bytes[65536];
    ssize_t nread = read(io->fd, bytes, sizeof bytes);

    (void) events;
    bench_check(nread > 0, "reading an echo");
    conn->got += nread;
    if (conn->got < BENCH_MESSAGE || echo.left == 0)
        return;
    conn->got = 0;
    if (--echo.left == 0)
        ev_break(loop, EVBREAK_ONE);
    write_now(io->fd, message, sizeof message);
}

static struct conn *open_conns(struct ev_loop *loop, const int *fds, io_cb cb)
{
    struct conn *conns = bench_alloc(echo.count, sizeof *conns);

    for (long i = 0; i < echo.count; i++) {
        ev_io_init(&conns[i].io, cb, fds[i], EV_READ);
        ev_io_start(loop, &conns[i].io);
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
    struct conn *conns;

    (void) arg;
    echo.servers = open_loop();
    conns = open_conns(echo.servers, echo.server_fds, on_request);
    bench_meet();
    ev_run(echo.servers, 0);
    ev_loop_destroy(echo.servers);
    free(conns);
}

static void tcp_echo(const struct bench_args *args)
{
    struct bench_peer peer;
    struct conn *conns;

    open_echo(args);
    echo.clients = open_loop();
    conns = open_conns(echo.clients, echo.client_fds, on_response);
    bench_peer_start(&peer, run_servers, NULL);
    bench_meet();
    bench_begin();
    for (long i = 0; i < echo.count; i++)
        write_now(echo.client_fds[i], message, sizeof message);
    ev_run(echo.clients, 0);
    bench_end(args->m);
    bench_check(echo.left == 0, "all round trips");
    for (long i = 0; i < echo.count; i++) {
        ev_io_stop(echo.clients, &conns[i].io);
        close(echo.client_fds[i]);
    }
    bench_peer_join(&peer);
    ev_loop_destroy(echo.clients);
    free(conns);
}

/* --- idle connections --------------------------------------------------------
 */

static long accepted;
static long expected;

static void on_connection(struct ev_loop *loop, ev_io *io, int events)
{
    int fd = accept4(io->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    struct conn *conn = malloc(sizeof *conn);

    (void) events;
    bench_check(conn && fd >= 0, "accepting");
    ev_io_init(&conn->io, on_request, fd, EV_READ);
    ev_io_start(loop, &conn->io);
    if (++accepted == expected)
        ev_break(loop, EVBREAK_ONE);
}

static void idle_conn_mem(const struct bench_args *args)
{
    struct bench_child child;
    struct sockaddr_in address;
    struct ev_loop *loop;
    ev_io listener;
    double before;

    bench_child_start(&child, args->n);
    loop = open_loop();
    ev_io_init(&listener, on_connection, bench_listen(&address), EV_READ);
    ev_io_start(loop, &listener);
    before = bench_memory();
    expected = args->n;
    bench_child_connect(&child, &address);
    ev_run(loop, 0);
    ev_run(loop, EVRUN_NOWAIT);
    bench_check(accepted == expected, "all connections");
    bench_result((bench_memory() - before) / (double) args->n, "bytes");
    bench_child_end(&child);
}

const struct bench_workload tcp_workloads[] = {
    {"tcp_echo", tcp_echo}, {"idle_conn_mem", idle_conn_mem}, {0}};
