/* SPDX-License-Identifier: MIT */
/*
 * Ending one side, and that the other goes on.
 */
#include "support/net.h"

#include <sys/socket.h>

struct ending {
    eddy_shutdown_req req;
    int calls;
    int status;
};

static void on_shutdown(eddy_shutdown_req *req, int status)
{
    struct ending *ending = req->data;

    ending->calls++;
    ending->status = status;
}

static int end_writing(struct peer *peer, struct ending *ending)
{
    ending->req.data = ending;
    return eddy_shutdown(&ending->req, &peer->tcp.stream, on_shutdown);
}

/* Each side ends its writing at its own time; the other direction works on. */
static void half_closed_in_both_directions(void **state)
{
    struct net *net = *state;
    struct peer a;
    struct peer b;
    struct ending ends[2] = {{.calls = 0}};
    struct writing writing = {.calls = 0};

    net_connect(net, &a, &b);
    peer_read(&a);
    peer_read(&b);
    assert_int_equal(end_writing(&a, &ends[0]), 0);
    assert_int_equal(ends[0].calls, 0);
    net_until(net, &b.ends, 1);
    assert_int_equal(b.end, EDDY_EOF);
    assert_int_equal(ends[0].status, 0);
    peer_write(&b, &writing, 0, 100000);
    net_until_size(net, &a.received, 100000);
    assert_int_equal(a.ends, 0);
    assert_int_equal(end_writing(&b, &ends[1]), 0);
    net_until(net, &a.ends, 1);
    assert_int_equal(a.end, EDDY_EOF);
    net_until(net, &ends[1].calls, 1);
    assert_int_equal(ends[1].status, 0);
    net_close(net);
}

static void comes_after_what_is_queued(void **state)
{
    struct net *net = *state;
    struct peer peer;
    struct writing writing = {.calls = 0};
    struct ending ending = {.calls = 0};
    char byte;
    int fd = net_connect_raw(net, &peer);
    size_t total = peer_fill(&peer, &writing);

    assert_int_equal(end_writing(&peer, &ending), 0);
    assert_true(eddy_is_active(&peer.tcp.handle));
    net_turns(net, 3);
    assert_int_equal(ending.calls, 0);
    assert_int_equal(net->os.calls[FAKE_SHUTDOWN], 0);
    for (size_t got = 0; got < total; net_turns(net, 1))
        got += net_drain_raw(fd, got);
    net_until(net, &ending.calls, 1);
    assert_int_equal(ending.status, 0);
    assert_int_equal(writing.calls, 1);
    net_await(fd);
    assert_int_equal(recv(fd, &byte, 1, 0), 0);
    assert_false(eddy_is_active(&peer.tcp.handle));
    net_close(net);
}

static void no_write_is_taken_after_it(void **state)
{
    struct net *net = *state;
    struct peer peer;
    struct ending ending = {.calls = 0};
    struct ending again = {.calls = 0};
    eddy_write_req write = {.nwritten = 0};
    eddy_buf buf = net_pattern(0, 10);

    net_connect_raw(net, &peer);
    assert_int_equal(end_writing(&peer, &ending), 0);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(eddy_write(&write, &peer.tcp.stream, &buf, 1, NULL),
                         EDDY_EPIPE);
        assert_int_equal(eddy_try_write(&peer.tcp.stream, &buf, 1), EDDY_EPIPE);
        assert_int_equal(end_writing(&peer, &again), EDDY_EPIPE);
        net_until(net, &ending.calls, 1);
    }
    assert_int_equal(net->os.calls[FAKE_SENDMSG], 0);
    net_close(net);
}

static void cancelled_the_side_is_open_again(void **state)
{
    struct net *net = *state;
    struct peer peer;
    struct writing w[2] = {{.calls = 0}};
    struct ending ending = {.calls = 0};
    int fd = net_connect_raw(net, &peer);
    size_t total = peer_fill(&peer, &w[0]);

    assert_int_equal(end_writing(&peer, &ending), 0);
    assert_int_equal(eddy_cancel(&ending.req.req), 0);
    peer_write(&peer, &w[1], total, 10);
    net_turns(net, 1);
    assert_int_equal(ending.status, EDDY_ECANCELED);
    for (size_t got = 0; got < total + 10; net_turns(net, 1))
        got += net_drain_raw(fd, got);
    net_until(net, &w[1].calls, 1);
    assert_int_equal(w[1].status, 0);
    assert_int_equal(end_writing(&peer, &ending), 0);
    assert_int_equal(eddy_cancel(&ending.req.req), EDDY_EBUSY);
    net_until(net, &ending.calls, 2);
    assert_int_equal(ending.status, 0);
    net_close(net);
}

/* The last write before it is taken back: it has nothing to wait for. */
static void cancelled_write_makes_way(void **state)
{
    struct net *net = *state;
    struct peer peer;
    struct writing w[2] = {{.calls = 0}};
    struct ending ending = {.calls = 0};

    net_connect_raw(net, &peer);
    fake_os_fail(&net->os, FAKE_SENDMSG, 1, 2, EDDY_EAGAIN);
    peer_write(&peer, &w[0], 0, 10);
    assert_int_equal(end_writing(&peer, &ending), 0);
    assert_int_equal(eddy_cancel(&w[0].req.req), 0);
    net_until(net, &ending.calls, 1);
    assert_int_equal(ending.status, 0);
    assert_int_equal(w[0].status, EDDY_ECANCELED);
    net_close(net);
}

static void failed_the_side_is_open_again(void **state)
{
    struct net *net = *state;
    struct peer peer;
    struct ending ending = {.calls = 0};
    struct writing writing = {.calls = 0};

    net_connect_raw(net, &peer);
    fake_os_fail(&net->os, FAKE_SHUTDOWN, 1, 1, EDDY_ENOBUFS);
    assert_int_equal(end_writing(&peer, &ending), 0);
    net_until(net, &ending.calls, 1);
    assert_int_equal(ending.status, EDDY_ENOBUFS);
    peer_write(&peer, &writing, 0, 10);
    net_until(net, &writing.calls, 1);
    assert_int_equal(writing.status, 0);
    fake_os_fail(&net->os, FAKE_SHUTDOWN, 1, 2, EDDY_EINTR);
    assert_int_equal(end_writing(&peer, &ending), 0);
    net_until(net, &ending.calls, 2);
    assert_int_equal(ending.status, 0);
    net_close(net);
}

static void fails_with_the_write_before_it(void **state)
{
    struct net *net = *state;
    struct peer peer;
    struct writing writing = {.calls = 0};
    struct ending ending = {.calls = 0};
    int fd = net_connect_raw(net, &peer);

    peer_fill(&peer, &writing);
    assert_int_equal(end_writing(&peer, &ending), 0);
    net_reset_raw(net, fd);
    net_until(net, &ending.calls, 1);
    assert_int_equal(writing.status, EDDY_ECONNRESET);
    assert_int_equal(ending.status, EDDY_ECANCELED);
    peer_write(&peer, &writing, 0, 10); /* not refused by us, at least */
    net_until(net, &writing.calls, 2);
    assert_int_equal(writing.status, EDDY_EPIPE);
    net_close(net);
}

static void closing_cancels_it(void **state)
{
    struct net *net = *state;
    struct peer peer;
    struct writing writing = {.calls = 0};
    struct ending ending = {.calls = 0};

    net_connect_raw(net, &peer);
    peer_fill(&peer, &writing);
    assert_int_equal(end_writing(&peer, &ending), 0);
    peer_close(&peer);
    net_until(net, &peer.closes, 1);
    assert_int_equal(ending.calls, 1);
    assert_int_equal(ending.status, EDDY_ECANCELED);
    net_close(net);
}

static void bad_arguments(void **state)
{
    struct net *net = *state;
    struct peer peer;
    struct ending ending = {.calls = 0};
    eddy_tcp tcp;

    net_connect_raw(net, &peer);
    assert_int_equal(eddy_tcp_init(&net->loop, &tcp), 0);
    assert_int_equal(eddy_shutdown(NULL, &peer.tcp.stream, on_shutdown),
                     EDDY_EINVAL);
    assert_int_equal(eddy_shutdown(&ending.req, NULL, on_shutdown),
                     EDDY_EINVAL);
    assert_int_equal(eddy_shutdown(&ending.req, &tcp.stream, on_shutdown),
                     EDDY_EBADF);
    assert_int_equal(eddy_shutdown(&ending.req, &peer.tcp.stream, NULL), 0);
    assert_int_equal(eddy_shutdown(&ending.req, &peer.tcp.stream, NULL),
                     EDDY_EBUSY);
    net_turns(net, 1);
    peer_close(&peer);
    assert_int_equal(end_writing(&peer, &ending), EDDY_EINVAL);
    net_close(net);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        NET_TEST(half_closed_in_both_directions),
        NET_TEST(comes_after_what_is_queued),
        NET_TEST(no_write_is_taken_after_it),
        NET_TEST(cancelled_the_side_is_open_again),
        NET_TEST(cancelled_write_makes_way),
        NET_TEST(failed_the_side_is_open_again),
        NET_TEST(fails_with_the_write_before_it),
        NET_TEST(closing_cancels_it),
        NET_TEST(bad_arguments),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
