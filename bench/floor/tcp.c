/* SPDX-License-Identifier: MIT */
/*
 * TCP: an echo server and its clients, each on a loop of its own, and what an
 * idle connection costs.
 */
#include "floor.h"

#include "common/net.h"
#include "common/threads.h"

#include <poll.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

struct conn {
    struct watcher watcher; /* first: the connection is found by it */
    long got;               /* bytes of the message under way */
};

static struct {
    struct loop clients;
    struct loop servers;
    int *client_fds;
    int *server_fds;
    long count;
    long open; /* connections of the server's */
    long left; /* round trips */
} echo;

static const char message[BENCH_MESSAGE] = "an echo";

static void write_now(int fd, const char *bytes, size_t length)
{
    bench_check(write(fd, bytes, length) == (ssize_t) length, "write");
}

static void on_request(struct watcher *watcher, uint32_t events)
{
    char bytes[65536];
    ssize_t nread = read(watcher->fd, bytes, sizeof bytes);

    (void) events;
    if (nread > 0) {
        write_now(watcher->fd, bytes, (size_t) nread);
        return;
    }
    close(watcher->fd);
    echo.servers.stopped = --echo.open == 0;
}

static void on_response(struct watcher *watcher, uint32_t events)
{
    struct conn *conn = (struct conn *) watcher;
    char bytes[65536];
    ssize_t nread = read(watcher->fd, bytes, sizeof bytes);

    (void) events;
    bench_check(nread > 0, "reading an echo");
    conn->got += nread;
    if (conn->got < BENCH_MESSAGE || echo.left == 0)
        return;
    conn->got = 0;
    if (--echo.left == 0)
        echo.clients.stopped = true;
    write_now(watcher->fd, message, sizeof message);
}

static struct conn *open_conns(struct loop *loop, const int *fds,
                               void (*ready)(struct watcher *, uint32_t))
{
    struct conn *conns = bench_alloc(echo.count, sizeof *conns);

    loop_open(loop);
    for (long i = 0; i < echo.count; i++) {
        conns[i].watcher.fd = fds[i];
        conns[i].watcher.ready = ready;
        watcher_want(loop, &conns[i].watcher, EPOLLIN);
    }
    return conns;
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
    struct conn *conns = open_conns(&echo.servers, echo.server_fds, on_request);

    (void) arg;
    bench_meet();
    loop_run(&echo.servers);
    loop_close(&echo.servers);
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
        write_now(echo.client_fds[i], message, sizeof message);
    loop_run(&echo.clients);
    bench_end(args->m);
    bench_check(echo.left == 0, "all round trips");
    for (long i = 0; i < echo.count; i++)
        close(echo.client_fds[i]);
    bench_peer_join(&peer);
    loop_close(&echo.clients);
    free(conns);
}

/* --- idle connections --------------------------------------------------------
 */

/* All that a connection needs, where memory is what counts. */
struct slot {
    void (*ready)(void *data, int fd);
    void *data;
};

static void on_idle_ready(void *data, int fd)
{
    (void) data;
    (void) fd;
}

static void idle_conn_mem(const struct bench_args *args)
{
    struct bench_child child;
    struct sockaddr_in address;
    struct slot *slots = NULL; /* by descriptor */
    int epoll = epoll_create1(EPOLL_CLOEXEC);
    int listener, fd = 0, room = 0;
    double before;

    bench_child_start(&child, args->n);
    listener = bench_listen(&address);
    before = bench_memory();
    bench_child_connect(&child, &address);
    for (long i = 0; i < args->n; i++) {
        struct epoll_event event = {.events = EPOLLIN};
        struct pollfd waiting = {.fd = listener, .events = POLLIN};

        poll(&waiting, 1, -1);
        fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
        bench_check(fd >= 0, "accept4");
        while (fd >= room) {
            room = room ? 2 * room : 16;
            slots = realloc(slots, (size_t) room * sizeof *slots);
            bench_check(slots != NULL, "realloc");
        }
        event.data.fd = fd;
        slots[fd] = (struct slot){.ready = on_idle_ready};
        epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
    }
    bench_result((bench_memory() - before) / (double) args->n, "bytes");
    bench_child_end(&child);
}

const struct bench_workload tcp_workloads[] = {
    {"tcp_echo", tcp_echo}, {"idle_conn_mem", idle_conn_mem}, {0}};
