/* SPDX-License-Identifier: MIT */
/*
 * The fixture of tests of streams. A test that failed before its end leaves
 * its loop behind, as the handles on it stand in memory that is gone.
 */
#include "support/net.h"

#include "support/fds.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

static int callbacks; /* of writings */

int net_setup(void **state)
{
    struct net *net = calloc(1, sizeof(*net));
    eddy_loop_options options = {0};

    if (net == NULL)
        return -1;
    callbacks = 0;
    net->fds = test_fds_open();
    fake_os_init(&net->os);
    counting_allocator_init(&net->memory);
    options.os = &net->os.base;
    options.allocator = &net->memory.base;
    *state = net;
    return eddy_loop_init(&net->loop, &options);
}

int net_setup_plain(void **state)
{
    const eddy_os *plain = eddy_os_default();
    int err = net_setup(state);
    struct net *net = *state;

    net->os.base.socket = plain->socket;
    net->os.base.accept = plain->accept;
    net->os.base.recv = plain->recv;
    net->os.base.sendmsg = plain->sendmsg;
    return err;
}

int net_teardown(void **state)
{
    struct net *net = *state;
    bool closed = net->closed;
    int leaked;

    for (int i = 0; i < net->raw_count; i++)
        close(net->raw[i]);
    leaked = closed ? test_fds_open() - net->fds : 0;
    if (leaked != 0)
        print_error("%d descriptors leaked\n", leaked);
    free(net);
    return closed && leaked == 0 ? 0 : -1;
}

void net_close(struct net *net)
{
    assert_int_equal(eddy_loop_check(&net->loop), 0);
    assert_int_equal(eddy_loop_close_all(&net->loop, EDDY_SEC(60), NULL), 0);
    assert_int_equal(net->memory.live_blocks, 0);
    assert_int_equal(net->memory.mistakes, 0);
    net->closed = true;
}

void net_turns(struct net *net, int count)
{
    for (int i = 0; i < count; i++) {
        assert_true(eddy_run(&net->loop, EDDY_RUN_NOWAIT) >= 0);
        assert_int_equal(eddy_loop_check(&net->loop), 0);
    }
}

void net_until(struct net *net, const int *counter, int wanted)
{
    while (*counter < wanted) {
        int rc = eddy_run(&net->loop, EDDY_RUN_ONCE);

        assert_true(rc > 0 || *counter >= wanted);
        assert_int_equal(eddy_loop_check(&net->loop), 0);
    }
}

void net_until_size(struct net *net, const size_t *counter, size_t wanted)
{
    while (*counter < wanted) {
        int rc = eddy_run(&net->loop, EDDY_RUN_ONCE);

        assert_true(rc > 0 || *counter >= wanted);
    }
    assert_int_equal(eddy_loop_check(&net->loop), 0);
}

struct sockaddr_in net_any(void)
{
    struct sockaddr_in address;

    assert_int_equal(eddy_ip4_addr("127.0.0.1", 0, &address), 0);
    return address;
}

/* A descriptor that the fixture will close. */
static int own(struct net *net, int fd)
{
    assert_true(fd >= 0);
    assert_true((size_t) net->raw_count < sizeof(net->raw) / sizeof(int));
    net->raw[net->raw_count++] = fd;
    return fd;
}

int net_listen_raw(struct net *net, struct sockaddr_in *address)
{
    socklen_t length = sizeof(*address);
    int fd = own(net, socket(AF_INET, SOCK_STREAM, 0));

    *address = net_any();
    assert_int_equal(bind(fd, (struct sockaddr *) address, length), 0);
    assert_int_equal(listen(fd, 128), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *) address, &length), 0);
    return fd;
}

int net_dial_raw(struct net *net, const struct sockaddr_in *address)
{
    int fd = own(net, socket(AF_INET, SOCK_STREAM, 0));

    assert_int_equal(
        connect(fd, (const struct sockaddr *) address, sizeof(*address)), 0);
    return fd;
}

int net_connect_raw(struct net *net, struct peer *peer)
{
    const int large = 400000; /* the tests send without looking back */
    struct sockaddr_in address;
    int server = net_listen_raw(net, &address);
    int client = net_dial_raw(net, &address);
    int fd = accept(server, NULL, NULL);

    assert_true(fd >= 0);
    net_close_raw(net, server);
    assert_int_equal(fcntl(client, F_SETFL, O_NONBLOCK), 0);
    (void) setsockopt(client, SOL_SOCKET, SO_SNDBUF, &large, sizeof(large));
    net_peer(net, peer);
    assert_int_equal(eddy_tcp_open(&peer->tcp, fd), 0);
    return client;
}

void net_connect(struct net *net, struct peer *a, struct peer *b)
{
    struct sockaddr_in address;
    int server = net_listen_raw(net, &address);
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    assert_int_equal(connect(fd, (struct sockaddr *) &address, sizeof(address)),
                     0);
    net_peer(net, a);
    net_peer(net, b);
    assert_int_equal(eddy_tcp_open(&a->tcp, fd), 0);
    assert_int_equal(eddy_tcp_open(&b->tcp, accept(server, NULL, NULL)), 0);
    net_close_raw(net, server);
}

void net_close_raw(struct net *net, int fd)
{
    for (int i = 0; i < net->raw_count; i++) {
        if (net->raw[i] == fd) {
            close(fd);
            net->raw[i] = net->raw[--net->raw_count];
            return;
        }
    }
    fail_msg("descriptor %d is not the fixture's", fd);
}

void net_reset_raw(struct net *net, int fd)
{
    const struct linger linger = {.l_onoff = 1};

    assert_int_equal(
        setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger)), 0);
    net_close_raw(net, fd);
}

void net_listen(struct net *net, eddy_tcp *server, eddy_connection_cb cb)
{
    struct sockaddr_in any = net_any();

    assert_int_equal(eddy_tcp_init(&net->loop, server), 0);
    assert_int_equal(eddy_tcp_bind(server, (struct sockaddr *) &any, 0), 0);
    assert_int_equal(eddy_listen(&server->stream, 128, cb), 0);
}

struct sockaddr_in net_address(const eddy_tcp *tcp)
{
    struct sockaddr_in address;
    socklen_t length = sizeof(address);

    assert_int_equal(
        eddy_tcp_getsockname(tcp, (struct sockaddr *) &address, &length), 0);
    assert_int_equal(length, sizeof(address));
    return address;
}

void net_peer(struct net *net, struct peer *peer)
{
    *peer = (struct peer){.reads = 0};
    assert_int_equal(eddy_tcp_init(&net->loop, &peer->tcp), 0);
    peer->tcp.data = peer;
}

/* Neighbours differ, and so do blocks at any power of two. */
char net_byte(size_t offset)
{
    return (char) (offset % 251);
}

eddy_buf net_pattern(size_t offset, size_t size)
{
    static char pattern[NET_PATTERN + 251];

    if (pattern[1] == 0)
        for (size_t i = 0; i < sizeof(pattern); i++)
            pattern[i] = net_byte(i);
    assert_true(size <= NET_PATTERN);
    return (eddy_buf){pattern + offset % 251, size};
}

static void same(const char *bytes, size_t offset, size_t size)
{
    assert_memory_equal(bytes, net_pattern(offset, size).base, size);
}

void peer_on_read(eddy_stream *stream, ssize_t nread, const eddy_buf *buf)
{
    struct peer *peer = stream->data;

    assert_int_not_equal(nread, 0);
    if (nread < 0) {
        peer->ends++;
        peer->end = nread;
        assert_false(eddy_is_closing(&stream->handle));
    }
    if (nread > 0) {
        same(buf->base, peer->received, (size_t) nread);
        peer->reads++;
        peer->received += (size_t) nread;
    }
    if (peer->act != NULL)
        peer->act(peer);
}

void peer_read(struct peer *peer)
{
    assert_int_equal(eddy_read_start(&peer->tcp.stream, NULL, peer_on_read), 0);
}

void peer_on_close(eddy_handle *handle)
{
    ((struct peer *) handle->data)->closes++;
}

void peer_close(struct peer *peer)
{
    assert_int_equal(eddy_close(&peer->tcp.handle, peer_on_close), 1);
}

void writing_done(eddy_write_req *req, int status)
{
    struct writing *writing = req->data;

    writing->calls++;
    writing->status = status;
    writing->nwritten = req->nwritten;
    writing->number = ++callbacks;
    if (writing->act != NULL)
        writing->act(writing);
}

void peer_write(struct peer *peer, struct writing *writing, size_t offset,
                size_t size)
{
    eddy_buf buf = net_pattern(offset, size);
    int calls = writing->calls;

    writing->req.data = writing;
    assert_int_equal(
        eddy_write(&writing->req, &peer->tcp.stream, &buf, 1, writing_done), 0);
    assert_int_equal(writing->calls, calls);
}

size_t net_drain_raw(int fd, size_t offset)
{
    char bytes[65536];
    size_t total = 0;
    ssize_t count;

    while ((count = recv(fd, bytes, sizeof(bytes), 0)) > 0) {
        same(bytes, offset + total, (size_t) count);
        total += (size_t) count;
    }
    assert_true(count == 0 || errno == EAGAIN || errno == ECONNRESET);
    return total;
}

void net_await(int fd)
{
    struct pollfd entry = {.fd = fd, .events = POLLIN};
    int ready;

    do
        ready = poll(&entry, 1, -1);
    while (ready < 0 && errno == EINTR);
    assert_int_equal(ready, 1);
}

void net_take_raw(int fd, size_t offset, size_t size)
{
    size_t got = 0;

    while (got < size) {
        size_t part;

        net_await(fd);
        part = net_drain_raw(fd, offset + got);
        assert_true(part > 0);
        got += part;
    }
    assert_int_equal(got, size);
}

void net_send_raw(int fd, size_t offset, size_t size)
{
    eddy_buf buf = net_pattern(offset, size);

    assert_int_equal(send(fd, buf.base, buf.len, MSG_NOSIGNAL), size);
}

/* A small buffer of the kernel's makes that soon. */
size_t peer_fill(struct peer *peer, struct writing *writing)
{
    int small = 4096;
    size_t total = 0;
    ssize_t count;

    assert_int_equal(setsockopt(peer->tcp.stream.watcher.fd, SOL_SOCKET,
                                SO_SNDBUF, &small, sizeof(small)),
                     0);
    do {
        eddy_buf buf = net_pattern(total, 65536);

        count = eddy_try_write(&peer->tcp.stream, &buf, 1);
        total += count > 0 ? (size_t) count : 0;
    } while (count > 0);
    assert_int_equal(count, EDDY_EAGAIN);
    peer_write(peer, writing, total, 10000);
    assert_true(eddy_stream_queued(&peer->tcp.stream) > 0);
    return total + 10000;
}
