/* SPDX-License-Identifier: MIT */
/*
 * Writes that fail, are cancelled, or are overtaken by the closing of their
 * stream: each calls back, with the truth.
 */
#include "support/net.h"

#include <signal.h>
#include <sys/socket.h>

static void an_error_fails_what_is_behind(void **state)
{
    struct net *net = *state;
    struct peer peer;
    struct writing w[3] = {{.calls = 0}};
    int fd = net_connect_raw(net, &peer);
    size_t total = peer_fill(&peer, &w[0]);

    peer_write(&peer, &w[1], total, 10);
    peer_write(&peer, &w[2], total, 10);
    fake_os_fail(&net->os, FAKE_SENDMSG, 1, 1, EDDY_ETIMEDOUT);
    net_drain_raw(fd, 0);
    net_until(net, &w[2].calls, 1);
    assert_int_equal(w[0].status, EDDY_ETIMEDOUT);
    assert_int_equal(w[1].status, EDDY_ECANCELED);
    assert_int_equal(w[2].status, EDDY_ECANCELED);
    assert_true(w[0].nwritten < 10000);
    assert_int_equal(w[1].nwritten, 0);
    for (int i = 0; i < 3; i++)
        assert_int_equal(w[i].number, i + 1);
    assert_int_equal(eddy_stream_queued(&peer.tcp.stream), 0);
    assert_false(eddy_is_active(&peer.tcp.handle));
    net_close(net);
}

/* The reader must not take the error for the end. */
static void a_reader_learns_the_writers_error(void **state)
{
    struct net *net = *state;
    struct peer peer;
    struct peer other;
    struct writing writing = {.calls = 0};
    int fd = net_connect_raw(net, &peer);
    eddy_buf buf = net_pattern(0, 10);

    fake_os_fail(&net->os, FAKE_SENDMSG, 1, 1, EDDY_ETIMEDOUT);
    peer_write(&peer, &writing, 0, 10);
    net_close_raw(net, fd);
    peer_read(&peer);
    net_until(net, &peer.ends, 1);
    assert_int_equal(peer.end, EDDY_ETIMEDOUT);
    fd = net_connect_raw(net, &other);
    fake_os_fail(&net->os, FAKE_SENDMSG, 1, 1, EDDY_EHOSTUNREACH);
    assert_int_equal(eddy_try_write(&other.tcp.stream, &buf, 1),
                     EDDY_EHOSTUNREACH);
    net_close_raw(net, fd);
    peer_read(&other);
    net_until(net, &other.ends, 1);
    assert_int_equal(other.end, EDDY_EHOSTUNREACH);
    net_close(net);
}

/* A failure that the connection survived is the writer's alone. */
static void a_reader_is_not_told_of_what_passed(void **state)
{
    static const int errors[] = {EDDY_ENOMEM, EDDY_EMSGSIZE, EDDY_EPERM,
                                 EDDY_EPIPE};
    struct net *net = *state;
    eddy_buf buf = net_pattern(0, 10);

    for (size_t i = 0; i < 2 * sizeof(errors) / sizeof(errors[0]); i++) {
        int error = errors[i / 2];
        struct writing writing = {.calls = 0};
        struct peer peer;
        int fd = net_connect_raw(net, &peer);

        fake_os_fail(&net->os, FAKE_SENDMSG, 1, 1, error);
        if (i % 2 == 0) {
            assert_int_equal(eddy_try_write(&peer.tcp.stream, &buf, 1), error);
        } else {
            peer_write(&peer, &writing, 0, 10);
            net_until(net, &writing.calls, 1);
            assert_int_equal(writing.status, error);
        }
        net_close_raw(net, fd);
        peer_read(&peer);
        net_until(net, &peer.ends, 1);
        assert_int_equal(peer.end, EDDY_EOF);
        peer_close(&peer);
        net_until(net, &peer.closes, 1);
    }
    net_close(net);
}

/* It cannot have been the end: the connection took data after it. */
static void a_later_success_takes_the_error_back(void **state)
{
    struct net *net = *state;
    eddy_buf buf = net_pattern(0, 10);

    for (int i = 0; i < 2; i++) {
        struct writing writing = {.calls = 0};
        struct peer peer;
        int fd = net_connect_raw(net, &peer);

        fake_os_fail(&net->os, FAKE_SENDMSG, 1, 1, EDDY_ENETDOWN);
        assert_int_equal(eddy_try_write(&peer.tcp.stream, &buf, 1),
                         EDDY_ENETDOWN);
        if (i == 0)
            assert_int_equal(eddy_try_write(&peer.tcp.stream, &buf, 1), 10);
        else
            peer_write(&peer, &writing, 0, 10);
        net_take_raw(fd, 0, 10);
        net_close_raw(net, fd);
        peer_read(&peer);
        net_until(net, &peer.ends, 1);
        assert_int_equal(peer.end, EDDY_EOF);
        peer_close(&peer);
        net_until(net, &peer.closes, 1);
    }
    net_close(net);
}

static volatile sig_atomic_t pipes;

static void on_pipe(int number)
{
    (void) number;
    pipes++;
}

static void no_signal_is_raised(void **state)
{
    struct net *net = *state;
    struct sigaction action = {.sa_handler = on_pipe};
    struct sigaction before;
    struct peer peer;
    struct writing w[3] = {{.calls = 0}};
    int fd = net_connect_raw(net, &peer);

    pipes = 0;
    assert_int_equal(sigaction(SIGPIPE, &action, &before), 0);
    net_reset_raw(net, fd);
    net_await(peer.tcp.stream.watcher.fd);
    for (int i = 0; i < 3; i++) {
        peer_write(&peer, &w[i], 0, 100);
        net_until(net, &w[i].calls, 1);
        assert_true(w[i].status < 0);
    }
    assert_int_equal(w[2].status, EDDY_EPIPE);
    assert_int_equal(pipes, 0);
    assert_int_equal(sigaction(SIGPIPE, &before, NULL), 0);
    net_close(net);
}

static void closing_cancels_before_the_close_callback(void **state)
{
    struct net *net = *state;
    struct peer peer;
    struct writing w[3] = {{.calls = 0}};
    size_t total;

    net_connect_raw(net, &peer);
    peer_write(&peer, &w[0], 0, 10); /* out already: its callback is due */
    total = peer_fill(&peer, &w[1]);
    peer_write(&peer, &w[2], total, 10);
    peer_close(&peer);
    net_until(net, &peer.closes, 1);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(w[i].calls, 1);
        assert_int_equal(w[i].number, i + 1);
    }
    assert_int_equal(w[0].status, 0);
    assert_int_equal(w[1].status, EDDY_ECANCELED);
    assert_int_equal(w[2].status, EDDY_ECANCELED);
    assert_true(w[1].nwritten < 10000);
    net_close(net);
}

static void close_stream(struct writing *writing)
{
    if (!eddy_is_closing(&writing->req.stream->handle))
        peer_close(writing->req.stream->data);
}

static void closed_in_the_callback(void **state)
{
    struct net *net = *state;
    struct peer peer;
    struct writing w[3] = {{.calls = 0}};

    net_connect_raw(net, &peer);
    for (int i = 0; i < 3; i++) {
        w[i].act = close_stream;
        peer_write(&peer, &w[i], 0, 10);
    }
    net_until(net, &peer.closes, 1);
    for (int i = 0; i < 3; i++)
        assert_int_equal(w[i].calls, 1);
    test_poison(&peer, sizeof(peer));
    test_poison(w, sizeof(w));
    net_turns(net, 2);
    assert_true(test_poisoned(&peer, sizeof(peer)));
    assert_true(test_poisoned(w, sizeof(w)));
    net_close(net);
}

static void close_itself(struct peer *peer)
{
    peer_close(peer);
}

static void on_other_closed(eddy_handle *handle)
{
    struct peer *peer = handle->data;
    const struct writing *writing = peer->arg;

    assert_int_equal(writing->calls, 1);
    peer->closes++;
}

static void close_with_check(struct writing *writing)
{
    struct peer *first = writing->req.stream->data;
    struct peer *second = first->arg;

    assert_int_equal(eddy_close(&second->tcp.handle, on_other_closed), 1);
}

/* The closing of the first calls back its requests, one of which closes the
 * second: that one's requests come before its close callback too. */
static void closed_by_a_cancelled_write(void **state)
{
    struct net *net = *state;
    struct peer first;
    struct peer second;
    struct writing w[2] = {{.act = close_with_check}};
    int fd;

    fd = net_connect_raw(net, &first);
    net_connect_raw(net, &second);
    peer_fill(&first, &w[0]);
    peer_fill(&second, &w[1]);
    first.arg = &second;
    second.arg = &w[1];
    peer_read(&first);
    first.act = close_itself;
    net_send_raw(fd, 0, 10);
    net_until(net, &second.closes, 1);
    net_close(net);
}

/* Requests that the close ended do not keep it for another iteration. */
static void closed_in_the_same_iteration(void **state)
{
    struct net *net = *state;
    struct peer peer;
    struct writing writing = {.calls = 0};
    int fd = net_connect_raw(net, &peer);

    peer_fill(&peer, &writing);
    peer_read(&peer);
    peer.act = close_itself;
    net_send_raw(fd, 0, 10);
    net_until(net, &peer.reads, 1);
    assert_int_equal(writing.calls, 1);
    assert_int_equal(peer.closes, 1);
    net_close(net);
}

static void cancel_takes_back_what_did_not_go_out(void **state)
{
    struct net *net = *state;
    struct peer peer;
    struct writing w[4] = {{.calls = 0}};
    int fd = net_connect_raw(net, &peer);
    size_t total = peer_fill(&peer, &w[0]);
    size_t queued = eddy_stream_queued(&peer.tcp.stream);
    eddy_stream *stream = &peer.tcp.stream;

    for (int i = 1; i < 4; i++) /* w[2] repeats what w[3] follows on */
        peer_write(&peer, &w[i], total + (i == 1 ? 0 : 100), 100);
    assert_int_equal(eddy_cancel(&w[2].req.req), 0);
    assert_int_equal(eddy_stream_queued(stream), queued + 200);
    assert_int_equal(eddy_cancel(&w[2].req.req), EDDY_EBUSY);
    assert_int_equal(w[2].calls, 0);
    net_turns(net, 1);
    assert_int_equal(w[2].status, EDDY_ECANCELED);
    assert_int_equal(w[2].nwritten, 0);
    assert_int_equal(eddy_cancel(&w[2].req.req), EDDY_EINVAL);
    assert_int_equal(eddy_cancel(&w[3].req.req), 0); /* the last one */
    peer_write(&peer, &w[2], total + 100, 100);
    for (size_t got = 0; got < total + 200; net_turns(net, 1))
        got += net_drain_raw(fd, got);
    net_until(net, &w[2].calls, 2);
    assert_int_equal(w[0].status, 0);
    assert_int_equal(w[3].status, EDDY_ECANCELED);
    assert_int_equal(w[2].status, 0);
    net_close(net);
}

static void cancel_leaves_alone_what_has_begun(void **state)
{
    struct net *net = *state;
    struct peer peer;
    struct writing writing = {.calls = 0};
    int small = 4096;
    int fd = net_connect_raw(net, &peer);

    setsockopt(peer.tcp.stream.watcher.fd, SOL_SOCKET, SO_SNDBUF, &small,
               sizeof(small));
    peer_write(&peer, &writing, 0, NET_PATTERN);
    assert_true(eddy_stream_queued(&peer.tcp.stream) > 0);
    assert_true(writing.req.nwritten > 0);
    assert_int_equal(eddy_cancel(&writing.req.req), EDDY_EBUSY);
    for (size_t got = 0; got < NET_PATTERN; net_turns(net, 1))
        got += net_drain_raw(fd, got);
    net_until(net, &writing.calls, 1);
    assert_int_equal(writing.status, 0);
    assert_int_equal(writing.nwritten, NET_PATTERN);
    net_close(net);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        NET_TEST(an_error_fails_what_is_behind),
        NET_TEST(a_reader_learns_the_writers_error),
        NET_TEST(a_reader_is_not_told_of_what_passed),
        NET_TEST(a_later_success_takes_the_error_back),
        NET_TEST(no_signal_is_raised),
        NET_TEST(closing_cancels_before_the_close_callback),
        NET_TEST(closed_in_the_callback),
        NET_TEST(closed_by_a_cancelled_write),
        NET_TEST(closed_in_the_same_iteration),
        NET_TEST(cancel_takes_back_what_did_not_go_out),
        NET_TEST(cancel_leaves_alone_what_has_begun),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
