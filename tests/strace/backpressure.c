/* SPDX-License-Identifier: MIT */
/*
 * A stream under backpressure: 100 times its peer takes nothing until writes
 * are queued, and then all. After the first time the kernel knows that the
 * stream wants to be told of room.
 */
#include "mark.h"

#include <eddy/tcp.h>

#include <fcntl.h>
#include <netinet/in.h>
#include <unistd.h>

enum { CYCLES = 100, CHUNK = 65536 };

static char bytes[CHUNK];
static int written;

static void on_written(eddy_write_req *write, int status)
{
    (void) write;
    must(status == 0, "written");
    written++;
}

static void on_read(eddy_stream *stream, ssize_t nread, const eddy_buf *buf)
{
    (void) stream;
    (void) buf;
    must(nread > 0, "read");
}

/* A connected stream; returns the other side, which is non-blocking. */
static int connect_pair(eddy_tcp *tcp)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t length = sizeof(address);
    int small = 4096;
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    int near = socket(AF_INET, SOCK_STREAM, 0);
    int far;

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    must(bind(listener, (struct sockaddr *) &address, length) == 0, "bind");
    must(listen(listener, 1) == 0, "listen");
    must(getsockname(listener, (struct sockaddr *) &address, &length) == 0,
         "getsockname");
    must(connect(near, (struct sockaddr *) &address, length) == 0, "connect");
    far = accept(listener, NULL, NULL);
    must(far >= 0 && fcntl(far, F_SETFL, O_NONBLOCK) == 0, "accept");
    must(setsockopt(near, SOL_SOCKET, SO_SNDBUF, &small, sizeof(small)) == 0,
         "setsockopt");
    must(eddy_tcp_open(tcp, near) == 0, "eddy_tcp_open");
    close(listener);
    return far;
}

static void cycle(eddy_loop *loop, eddy_tcp *tcp, int far)
{
    eddy_buf buf = {bytes, CHUNK};
    eddy_write_req write = {.nwritten = 0};
    int before = written;

    while (eddy_try_write(&tcp->stream, &buf, 1) > 0)
        continue;
    must(eddy_write(&write, &tcp->stream, &buf, 1, on_written) == 0, "write");
    must(eddy_stream_queued(&tcp->stream) > 0, "backpressure");
    while (written == before) {
        while (recv(far, bytes, CHUNK, 0) > 0)
            continue;
        must(eddy_run(loop, EDDY_RUN_NOWAIT) > 0, "eddy_run");
    }
    while (recv(far, bytes, CHUNK, 0) > 0)
        continue;
    must(eddy_run(loop, EDDY_RUN_NOWAIT) > 0, "eddy_run");
}

int main(void)
{
    eddy_loop loop;
    eddy_tcp tcp;
    int far;

    must(eddy_loop_init(&loop, NULL) == 0, "eddy_loop_init");
    must(eddy_tcp_init(&loop, &tcp) == 0, "eddy_tcp_init");
    far = connect_pair(&tcp);
    must(eddy_read_start(&tcp.stream, NULL, on_read) == 0, "eddy_read_start");
    cycle(&loop, &tcp, far);
    mark();
    for (int i = 0; i < CYCLES; i++)
        cycle(&loop, &tcp, far);
    mark();
    must(eddy_close(&tcp.handle, NULL) >= 0, "eddy_close");
    must(eddy_run(&loop, EDDY_RUN_DEFAULT) == 0, "eddy_run");
    must(eddy_loop_close(&loop) == 0, "eddy_loop_close");
    close(far);
    return 0;
}
