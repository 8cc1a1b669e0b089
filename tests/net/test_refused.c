/* SPDX-License-Identifier: MIT */
/*
 * A kernel that will not watch a stream's descriptor: whoever waits for it is
 * told, once, and nobody else.
 */
#include "support/fds.h"
#include "support/host.h"

#include <stdlib.h>

static struct {
    const eddy_backend_ops *real;
    eddy_backend_ops ops;
    int refusals; /* yet to come */
} kernel;

static int update(eddy_backend *backend, uint64_t token, int fd, unsigned known,
                  unsigned want)
{
    if (want != 0 && kernel.refusals > 0) {
        kernel.refusals--;
        return EDDY_ENOSPC;
    }
    return kernel.real->update(backend, token, fd, known, want);
}

/* The next registration that the loop asks for is refused. */
static void refuse_next(struct net *net)
{
    if (net->loop.ops != &kernel.ops) {
        kernel.real = net->loop.ops;
        kernel.ops = *kernel.real;
        kernel.ops.update = update;
        net->loop.ops = &kernel.ops;
    }
    net_turns(net, 1); /* what others asked for is through */
    kernel.refusals = 1;
}

static void a_reader_is_told(void **state)
{
    struct net *net = *state;
    struct peer peer;
    int fd = net_connect_raw(net, &peer);

    refuse_next(net);
    peer_read(&peer);
    net_until(net, &peer.ends, 1);
    assert_int_equal(peer.end, EDDY_ENOSPC);
    assert_false(eddy_is_active(&peer.tcp.handle));
    net_turns(net, 3);
    assert_int_equal(peer.ends, 1);
    peer_read(&peer);
    net_send_raw(fd, 0, 10);
    net_until(net, &peer.reads, 1);
    net_close(net);
}

static void writers_are_told(void **state)
{
    struct net *net = *state;
    struct peer peer;
    struct writing w[2] = {{.calls = 0}};
    int fd = net_connect_raw(net, &peer);

    refuse_next(net);
    fake_os_fail(&net->os, FAKE_SENDMSG, 1, 1, EDDY_EAGAIN);
    peer_write(&peer, &w[0], 0, 10);
    peer_write(&peer, &w[1], 10, 10);
    net_until(net, &w[1].calls, 1);
    assert_int_equal(w[0].status, EDDY_ENOSPC);
    assert_int_equal(w[1].status, EDDY_ECANCELED);
    assert_int_equal(eddy_stream_queued(&peer.tcp.stream), 0);
    assert_false(eddy_is_active(&peer.tcp.handle));
    peer_write(&peer, &w[0], 0, 10);
    net_until(net, &w[0].calls, 2);
    net_take_raw(fd, 0, 10);
    net_close(net);
}

static void close_it(struct peer *peer)
{
    peer_close(peer);
}

static void closed_when_told(void **state)
{
    struct net *net = *state;
    struct peer peer;
    struct writing writing = {.calls = 0};

    net_connect_raw(net, &peer);
    peer.act = close_it;
    refuse_next(net);
    fake_os_fail(&net->os, FAKE_SENDMSG, 1, 1, EDDY_EAGAIN);
    peer_write(&peer, &writing, 0, 10);
    peer_read(&peer);
    net_until(net, &peer.closes, 1);
    assert_int_equal(writing.calls, 1);
    assert_int_equal(writing.status, EDDY_ENOSPC);
    net_close(net);
}

struct attempt {
    eddy_connect_req req;
    int calls;
    int status;
};

static void on_connect(eddy_connect_req *req, int status)
{
    struct attempt *attempt = req->data;

    attempt->calls++;
    attempt->status = status;
}

static void a_connect_fails(void **state)
{
    struct net *net = *state;
    struct sockaddr_in address;
    struct attempt attempt = {.calls = 0};
    struct writing writing = {.calls = 0};
    struct peer peer;

    net_listen_raw(net, &address);
    net_peer(net, &peer);
    attempt.req.data = &attempt;
    refuse_next(net);
    assert_int_equal(eddy_tcp_connect(&attempt.req, &peer.tcp,
                                      (struct sockaddr *) &address, on_connect),
                     0);
    peer_write(&peer, &writing, 0, 10);
    net_until(net, &writing.calls, 1);
    assert_int_equal(attempt.calls, 1);
    assert_int_equal(attempt.status, EDDY_ENOSPC);
    assert_int_equal(writing.status, EDDY_ECANCELED);
    net_close(net);
}

static void a_listener_is_told_and_goes_on(void **state)
{
    struct net *net = *state;
    eddy_tcp *clients = host_prepare(4);
    struct sockaddr_in address;
    eddy_tcp server;

    refuse_next(net);
    net_listen(net, &server, host_on_connection);
    address = net_address(&server);
    net_until(net, &host.errors, 1);
    assert_int_equal(host.status, EDDY_ENOSPC);
    net_dial_raw(net, &address);
    net_until(net, &host.accepted, 1);
    assert_int_equal(host.errors, 1);
    net_close(net);
    free(clients);
}

/* A backend that cannot tell of room to write has no streams. */
static void lose_writing(struct net *net)
{
    kernel.real = net->loop.ops;
    kernel.ops = *kernel.real;
    kernel.ops.events &= ~(unsigned) EDDY_WRITABLE;
    net->loop.ops = &kernel.ops;
}

static void a_socket_is_refused(void **state)
{
    struct net *net = *state;
    struct sockaddr_in address;
    struct attempt attempt = {.calls = 0};
    eddy_tcp tcp;
    int server = net_listen_raw(net, &address);
    int fds = test_fds_open();

    lose_writing(net);
    assert_int_equal(eddy_tcp_init(&net->loop, &tcp), 0);
    assert_int_equal(eddy_tcp_open(&tcp, server), EDDY_ENOTSUP);
    assert_int_equal(eddy_tcp_connect(&attempt.req, &tcp,
                                      (struct sockaddr *) &address, on_connect),
                     EDDY_ENOTSUP);
    assert_int_equal(test_fds_open(), fds); /* which is open still */
    assert_int_equal(attempt.calls, 0);
    net_close(net);
}

static void a_connection_is_refused_and_the_listener_told(void **state)
{
    struct net *net = *state;
    eddy_tcp *clients = host_prepare(4);
    struct sockaddr_in address;
    eddy_tcp server;
    int fds;

    net_listen(net, &server, host_on_connection);
    address = net_address(&server);
    net_dial_raw(net, &address);
    lose_writing(net);
    fds = test_fds_open();
    net_until(net, &host.errors, 1);
    assert_int_equal(host.result, EDDY_ENOTSUP);
    assert_int_equal(host.status, EDDY_ENOTSUP);
    assert_int_equal(test_fds_open(), fds);
    net_close(net);
    free(clients);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        NET_TEST(a_reader_is_told),
        NET_TEST(writers_are_told),
        NET_TEST(closed_when_told),
        NET_TEST(a_connect_fails),
        NET_TEST(a_listener_is_told_and_goes_on),
        NET_TEST(a_socket_is_refused),
        NET_TEST(a_connection_is_refused_and_the_listener_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
