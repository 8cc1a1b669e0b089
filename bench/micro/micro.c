/* SPDX-License-Identifier: MIT */
/*
 * bench-micro: what the regression guard counts besides the workloads of
 * bench-eddy. One thread does both sides, so that each run does exactly the
 * same.
 */
#include "eddy_bench.h"

#include "common/net.h"

#include <stddef.h>
#include <unistd.h>

const char *const bench_library = "eddy";

const char *bench_library_version(void)
{
    return eddy_version_string();
}

static eddy_loop loop;
static long left;

/* --- tasks -------------------------------------------------------------------
 */

enum { BATCH = 100 };

static void on_task(eddy_task *task, int status)
{
    (void) task;
    left -= status == 0;
}

static void task_post(const struct bench_args *args)
{
    static eddy_task tasks[BATCH];
    long batches = args->n / BATCH;

    left = batches * BATCH;
    open_loop(&loop);
    bench_begin();
    for (long i = 0; i < batches; i++) {
        for (int k = 0; k < BATCH; k++)
            must(eddy_post(&loop, &tasks[k], on_task), "eddy_post");
        eddy_run(&loop, EDDY_RUN_NOWAIT);
    }
    bench_end(args->n);
    bench_check(left == 0, "all tasks");
    close_loop(&loop);
}

/* --- TCP ---------------------------------------------------------------------
 */

static char message[BENCH_MESSAGE] = "an echo";
static eddy_write_req *writes; /* one a connection, of the server's */
static eddy_tcp *tcps;         /* the clients, then the servers */
static long connections;

static void on_written(eddy_write_req *req, int status)
{
    (void) req;
    bench_check(status == 0, "writing");
}

/* The server writes by request, and the client at once: both are counted. */
static void on_request(eddy_stream *stream, ssize_t nread, const eddy_buf *buf)
{
    eddy_tcp *tcp = (eddy_tcp *) stream;
    eddy_write_req *req = &writes[tcp - tcps - connections];
    eddy_buf out = {.base = buf->base, .len = (size_t) nread};

    bench_check(nread == BENCH_MESSAGE, "reading a request");
    must(eddy_write(req, stream, &out, 1, on_written), "eddy_write");
}

static void on_response(eddy_stream *stream, ssize_t nread, const eddy_buf *buf)
{
    eddy_buf out = {.base = message, .len = sizeof message};

    (void) buf;
    bench_check(nread == BENCH_MESSAGE, "reading an echo");
    if (--left <= 0) {
        eddy_stop(stream->loop);
        return;
    }
    bench_check(eddy_try_write(stream, &out, 1) == BENCH_MESSAGE,
                "eddy_try_write");
}

static void open_tcp(eddy_tcp *tcp, int fd, eddy_read_cb cb)
{
    must(eddy_tcp_init(&loop, tcp), "tcp_init");
    must(eddy_tcp_open(tcp, fd), "tcp_open");
    must(eddy_read_start(&tcp->stream, NULL, cb), "read_start");
}

static void tcp_echo_alone(const struct bench_args *args)
{
    int *fds = bench_alloc(2 * args->n, sizeof *fds);
    eddy_buf out = {.base = message, .len = sizeof message};

    connections = args->n;
    left = args->m;
    tcps = bench_alloc(2 * args->n, sizeof *tcps);
    writes = bench_alloc(args->n, sizeof *writes);
    bench_connections(args->n, fds, fds + args->n);
    open_loop(&loop);
    for (long i = 0; i < 2 * args->n; i++)
        open_tcp(&tcps[i], fds[i], i < args->n ? on_response : on_request);
    bench_begin();
    for (long i = 0; i < args->n; i++)
        bench_check(eddy_try_write(&tcps[i].stream, &out, 1) == BENCH_MESSAGE,
                    "eddy_try_write");
    eddy_run(&loop, EDDY_RUN_DEFAULT);
    bench_end(args->m);
    close_loop(&loop);
}

static eddy_tcp accepted;

static void on_closed(eddy_handle *handle)
{
    (void) handle;
    left--;
}

static void on_end(eddy_stream *stream, ssize_t nread, const eddy_buf *buf)
{
    (void) buf;
    bench_check(nread == EDDY_EOF, "the client's end");
    eddy_close(&stream->handle, on_closed);
}

static void on_connection(eddy_stream *listener, int status)
{
    bench_check(status == 0, "accepting");
    must(eddy_tcp_init(listener->loop, &accepted), "tcp_init");
    must(eddy_accept(listener, &accepted.stream), "accept");
    must(eddy_read_start(&accepted.stream, NULL, on_end), "read_start");
}

/* A client connects and ends; a server accepts, reads the end and closes. */
static void tcp_accept(const struct bench_args *args)
{
    struct sockaddr_in address;
    eddy_tcp listener;

    open_loop(&loop);
    must(eddy_tcp_init(&loop, &listener), "tcp_init");
    must(eddy_tcp_open(&listener, bench_listen(&address)), "tcp_open");
    must(eddy_listen(&listener.stream, 16, on_connection), "listen");
    left = args->n;
    bench_begin();
    while (left > 0) {
        long before = left;
        int fd = socket(AF_INET, SOCK_STREAM, 0);

        bench_check(connect(fd, (struct sockaddr *) &address, sizeof address) ==
                        0,
                    "connect");
        close(fd);
        while (left == before)
            eddy_run(&loop, EDDY_RUN_ONCE);
    }
    bench_end(args->n);
    close_loop(&loop);
}

static const struct bench_workload workloads[] = {
    {"task_post", task_post},
    {"tcp_echo_alone", tcp_echo_alone},
    {"tcp_accept", tcp_accept},
    {0}};

const struct bench_workload *const bench_tables[] = {workloads, NULL};
