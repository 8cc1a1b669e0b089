/* SPDX-License-Identifier: MIT */
/*
 * TCP: an echo server and its clients, each on a loop of its own, and what an
 * idle connection costs. With bufferevents, as this library's manual has it.
 */
#include "event_bench.h"

#include "common/net.h"
#include "common/threads.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/listener.h>
#include <stdlib.h>

static struct {
    struct event_base *clients;
    struct event_base *servers;
    int *client_fds;
    int *server_fds;
    long count;
    long open; /* connections of the server's */
    long left; /* round trips */
} echo;

static const char message[BENCH_MESSAGE] = "an echo";

static void on_request(struct bufferevent *conn, void *arg)
{
    (void) arg;
    bufferevent_write_buffer(conn, bufferevent_get_input(conn));
}

static void on_response(struct bufferevent *conn, void *arg)
{
    struct evbuffer *input = bufferevent_get_input(conn);

    (void) arg;
    if (evbuffer_get_length(input) < BENCH_MESSAGE || echo.left == 0)
        return;
    evbuffer_drain(input, BENCH_MESSAGE);
    if (--echo.left == 0)
        event_base_loopbreak(echo.clients);
    bufferevent_write(conn, message, sizeof message);
}

/* The client has closed. */
static void on_end(struct bufferevent *conn, short what, void *arg)
{
    (void) what;
    (void) arg;
    bufferevent_free(conn);
    if (--echo.open == 0)
        event_base_loopbreak(echo.servers);
}

static struct bufferevent *open_conn(struct event_base *base, int fd,
                                     bufferevent_data_cb on_data,
                                     bufferevent_event_cb on_event)
{
    struct bufferevent *conn =
        bufferevent_socket_new(base, fd, BEV_OPT_CLOSE_ON_FREE);

    bench_check(conn != NULL, "bufferevent_socket_new");
    bufferevent_setcb(conn, on_data, NULL, on_event, NULL);
    bufferevent_enable(conn, EV_READ | EV_WRITE);
    return conn;
}

static void open_echo(const struct bench_args *args)
{
    echo.count = echo.open = args->n;
    echo.left = args->m;
    echo.client_fds = bench_alloc(args->n, sizeof(int));
    echo.server_fds = bench_alloc(args->n, sizeof(int));
    bench_connections(args->n, echo.client_fds, echo.server_fds);
}

/* Until the clients have closed. */
static void run_servers(void *arg)
{
    (void) arg;
    echo.servers = open_base();
    for (long i = 0; i < echo.count; i++)
        open_conn(echo.servers, echo.server_fds[i], on_request, on_end);
    bench_meet();
    event_base_loop(echo.servers, 0);
    event_base_free(echo.servers);
}

static void tcp_echo(const struct bench_args *args)
{
    struct bench_peer peer;
    struct bufferevent **conns;

    open_echo(args);
    echo.clients = open_base();
    conns = bench_alloc(args->n, sizeof *conns);
    for (long i = 0; i < echo.count; i++)
        conns[i] =
            open_conn(echo.clients, echo.client_fds[i], on_response, NULL);
    bench_peer_start(&peer, run_servers, NULL);
    bench_meet();
    bench_begin();
    for (long i = 0; i < echo.count; i++)
        bufferevent_write(conns[i], message, sizeof message);
    event_base_loop(echo.clients, 0);
    bench_end(args->m);
    bench_check(echo.left == 0, "all round trips");
    for (long i = 0; i < echo.count; i++)
        bufferevent_free(conns[i]);
    /* They are freed, and their sockets closed, in the loop's next turn. */
    event_base_loop(echo.clients, EVLOOP_NONBLOCK);
    bench_peer_join(&peer);
    event_base_free(echo.clients);
}

/* --- idle connections --------------------------------------------------------
 */

static long accepted;
static long expected;

static void on_connection(struct evconnlistener *listener, evutil_socket_t fd,
                          struct sockaddr *address, int length, void *arg)
{
    struct event_base *base = arg;

    (void) listener;
    (void) address;
    (void) length;
    open_conn(base, fd, on_request, on_end);
    if (++accepted == expected)
        event_base_loopbreak(base);
}

static void idle_conn_mem(const struct bench_args *args)
{
    struct bench_child child;
    struct sockaddr_in address;
    struct event_base *base;
    struct evconnlistener *listener;
    double before;

    bench_child_start(&child, args->n);
    base = open_base();
    listener = evconnlistener_new(base, on_connection, base, 0, 0,
                                  bench_listen(&address));
    bench_check(listener != NULL, "evconnlistener_new");
    before = bench_memory();
    expected = args->n;
    bench_child_connect(&child, &address);
    event_base_loop(base, 0);
    event_base_loop(base, EVLOOP_NONBLOCK);
    bench_check(accepted == expected, "all connections");
    bench_result((bench_memory() - before) / (double) args->n, "bytes");
    bench_child_end(&child);
}

const struct bench_workload tcp_workloads[] = {
    {"tcp_echo", tcp_echo}, {"idle_conn_mem", idle_conn_mem}, {0}};
